/** The shell: header, pages by hash route, settings, messages. */

import * as api from "./api.js";
import { speak, t } from "./i18n/words.js";
import { fill, h } from "./parts/dom.js";
import { icon } from "./parts/icons.js";
import { openSettings } from "./parts/settings.js";
import { toasts, trouble } from "./parts/toast.js";
import { change, onChange, state } from "./state.js";

const PAGES = [
  "person",
  "search",
  "chat",
  "answers",
  "catalogue",
  "exploration",
  "opinions",
  "review",
  "quality",
];
let leaving = new AbortController();

/** The page and its parameters in the address: #/search?q=boots */
function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: PAGES.includes(path) ? path : PAGES[0], params: new URLSearchParams(query) };
}

/** Draw everything anew: after a start, and after language, collection or key changed. */
function draw() {
  speak(state.language);
  document.documentElement.dataset.theme = state.theme || "auto";
  fill(
    document.body,
    h("a.skip", { href: "#main", onclick: toContent }, t("app.skip")),
    header(),
    h("main", { id: "main", tabindex: "-1" }),
    toasts(),
  );
  show();
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { name, params } = route();
  const main = document.getElementById("main");
  document.title = `${t(`page.${name}`)} · PrismRec`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const page = await import(`./pages/${name}.js`);
  if (signal.aborted) return;
  fill(main);
  main.dataset.page = name;
  try {
    await page.show(main, { params, signal });
  } catch (error) {
    if (error.name !== "AbortError" && !signal.aborted) main.append(trouble(error));
  }
}

function header() {
  return h(
    "header.top",
    {},
    h(
      "a.brand",
      { href: "#/person" },
      h("img", { src: "icon.svg", alt: "", width: 30, height: 30 }),
      h("span.brand-name", {}, "PrismRec"),
      h("span.brand-shop", {}, state.collection),
    ),
    h(
      "span.tag.synthetic",
      { title: t("app.synthetic.why"), hidden: !state.synthetic },
      t("app.synthetic"),
    ),
    h("nav", { "aria-label": t("app.nav") }, PAGES.map(tab)),
    h(
      "button.quiet.round.settings-open",
      { type: "button", "aria-label": t("settings"), title: t("settings"), onclick: openSettings },
      icon("settings"),
    ),
  );
}

function tab(name) {
  return h(
    "a",
    { href: `#/${name}`, "data-page": name },
    icon(name),
    h("span.long", {}, t(`page.${name}`)),
    h("span.short", {}, t(`page.${name}.short`)),
  );
}

function toContent(event) {
  event.preventDefault(); // the hash is the route
  document.getElementById("main").focus();
}

/** Which collections there are, and whether the one shown is synthetic. */
async function meet() {
  const names = await api.collections();
  const known = names.includes(state.collection);
  change({ collections: names, collection: known ? state.collection : (names[0] ?? "") });
  await askSynthetic();
}

async function askSynthetic() {
  try {
    const { report } = await api.stats();
    change({ synthetic: saysSynthetic(report) });
  } catch (error) {
    if (error.status !== 401) throw error; // without a key the pages say so themselves
  }
}

/** Whether a release's report calls its data synthetic. */
function saysSynthetic(report) {
  const notes = [...(report?.notes ?? []), ...(report?.reading?.notes ?? [])];
  return Boolean(report?.synthetic) || notes.some((note) => /synthetic/i.test(note));
}

async function start() {
  const drawn = state.collection;
  draw();
  try {
    await meet();
  } catch (error) {
    fill(document.getElementById("main"), trouble(error));
    return;
  }
  // Drawing again would take the focus from whoever already uses the page.
  if (state.collection === drawn) document.querySelector(".synthetic").hidden = !state.synthetic;
  else draw();
  window.addEventListener("hashchange", show);
  onChange(async (patch) => {
    if ("collection" in patch || "key" in patch) await askSynthetic().catch(() => {});
    if (["language", "collection", "key"].some((name) => name in patch)) draw();
    if ("theme" in patch) document.documentElement.dataset.theme = patch.theme || "auto";
  });
}

start();
