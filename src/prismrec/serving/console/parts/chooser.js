/**
 * Choosing a person: a combobox over the users who were active last, any id one types, and
 * somebody new. Arrow keys move, Enter chooses, Escape closes.
 */

import * as api from "../api.js";
import { ago, t } from "../i18n/words.js";
import { change, newId, onChange, state } from "../state.js";
import { debounced, fill, fresh, h } from "./dom.js";
import { icon } from "./icons.js";
import { complain } from "./toast.js";

/** What the chosen person is called. */
export const personName = () =>
  state.user || (state.session ? t("person.new") : t("person.nobody"));

/** Become a user, or somebody new where `user` is empty. */
export const become = (user) =>
  change(user ? { user, session: "" } : { user: "", session: newId("console-") });

/** The combobox; it chooses into the state. */
export function chooser(signal) {
  const list = h("ul.options", { id: fresh("people"), role: "listbox", hidden: true });
  list.setAttribute("aria-label", t("person.suggestions"));
  const input = h("input", {
    id: fresh("person"),
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("person.placeholder"),
    value: state.user,
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  let asked = 0;
  let active = -1;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const pick = (user) => {
    input.value = user;
    asked++; // an answer still on its way is stale
    close();
    become(user);
  };
  const suggest = async (like) => {
    const mine = ++asked;
    try {
      const people = await api.people(like, signal);
      if (mine === asked) open(people, like);
    } catch (error) {
      complain(error);
    }
  };
  const open = (people, like) => {
    const known = people.some(({ user_id }) => user_id === like);
    const rows = people.map(({ user_id, last_at }) =>
      option(user_id, ago(last_at), () => pick(user_id)),
    );
    if (like && !known) rows.push(option(t("person.use", { name: like }), "", () => pick(like)));
    rows.push(option(t("person.new"), t("person.new.note"), () => pick("")));
    fill(list, rows);
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
  };
  const move = (step) => {
    const rows = [...list.children];
    active = (active + step + rows.length) % rows.length;
    rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === active)));
    rows[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", rows[active].id);
  };
  const keys = (event) => {
    const down = event.key === "ArrowDown";
    if ((down || event.key === "ArrowUp") && !list.hidden) move(down ? 1 : active < 0 ? 0 : -1);
    else if (down) suggest("");
    else if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Enter") {
      if (active >= 0) list.children[active].click();
      else if (input.value.trim()) pick(input.value.trim());
    } else return;
    event.preventDefault();
  };
  input.addEventListener(
    "input",
    debounced(() => suggest(input.value.trim()), 150),
  );
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => suggest(""));
  input.addEventListener("keydown", keys);
  input.addEventListener("blur", () => setTimeout(close, 150)); // after a click on an option
  onChange((patch) => "user" in patch && (input.value = patch.user), signal);
  return h(
    "div.field.chooser",
    {},
    h("label", { for: input.id }, t("person.who")),
    h("div.combo", {}, icon("person"), input, list),
    h("button.link", { type: "button", onclick: () => pick("") }, t("person.new")),
  );
}

function option(label, note, onclick) {
  return h(
    "li",
    { id: fresh("option"), role: "option", "aria-selected": "false", onclick, onmousedown: stay },
    h("span", {}, label),
    h("small", {}, note),
  );
}

const stay = (event) => event.preventDefault(); // the focus stays in the field
