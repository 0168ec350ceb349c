/**
 * What the person at the console chose, and the page that shows it.
 *
 * Language, theme and collection are kept in the browser; the API key and the chosen person only
 * for this tab.
 */

const LASTING = ["language", "theme", "collection"];
const PASSING = ["key", "user", "session"];
const PREFIX = "prismrec.";
const listeners = new Set();

export const state = {
  collections: [],
  collection: "",
  language: "",
  theme: "",
  key: "",
  user: "",
  session: "",
  synthetic: false,
  ...recall(localStore(), LASTING),
  ...recall(sessionStore(), PASSING),
};

/** Change some of it, keep it, and tell whoever listens. */
export function change(patch) {
  Object.assign(state, patch);
  keep(localStore(), LASTING);
  keep(sessionStore(), PASSING);
  for (const listener of [...listeners]) listener(patch);
}

/** Call `listener(patch)` after every change until `signal` aborts. */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

/** The chosen person as the API names them: a user, or an anonymous session. */
export function who() {
  if (state.user) return { user_id: state.user };
  return state.session ? { session_id: state.session } : {};
}

/** An id that nothing else has, for a new visitor or an event. */
export function newId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return prefix + [...bytes].map((byte) => byte.toString(36).padStart(2, "0")).join("");
}

function recall(store, names) {
  const found = names.map((name) => [name, store?.getItem(PREFIX + name) ?? ""]);
  return Object.fromEntries(found);
}

function keep(store, names) {
  for (const name of names) {
    if (state[name]) store?.setItem(PREFIX + name, state[name]);
    else store?.removeItem(PREFIX + name);
  }
}

// A browser that keeps nothing (private windows, blocked cookies) throws on access.
function localStore() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function sessionStore() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
