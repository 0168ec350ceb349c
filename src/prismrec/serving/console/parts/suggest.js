/**
 * The field of a search, with what may be meant below it: searches of others, categories, brands,
 * products. Arrow keys move, Enter takes what is marked or searches for the text, Escape closes.
 */

import * as api from "../api.js";
import { t } from "../i18n/words.js";
import { debounced, fill, fresh, h } from "./dom.js";
import { spanned } from "./highlight.js";
import { icon } from "./icons.js";

const MOST = 6;
const PAUSE = 60;
const ICONS = { query: "search", category: "catalogue", brand: "brand", title: "view" };

/**
 * The combobox around `value`. `typed()` is called on every keystroke, `chosen(suggestion)` when a
 * suggestion is taken; `element` goes into the page, `input` is the field.
 */
export function suggestField(value, { typed, chosen, signal }) {
  const list = h("ul.options.suggestions", { id: fresh("suggestions"), role: "listbox" });
  list.hidden = true;
  list.setAttribute("aria-label", t("search.suggestions"));
  const input = h("input", {
    id: fresh("query"),
    type: "search",
    role: "combobox",
    value,
    placeholder: t("search.placeholder"),
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "search",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  let asked = 0;
  let active = -1;
  let shown = [];

  const later = debounced(() => suggest(), PAUSE);
  const close = () => {
    later.cancel();
    asked++; // an answer still on its way comes too late
    active = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const pick = (suggestion) => {
    close();
    chosen(suggestion);
  };
  const suggest = async () => {
    const mine = ++asked;
    const text = input.value.trim();
    if (!text) return close();
    const found = await api.complete(text, MOST, signal).catch(() => []); // the search says what is wrong
    if (mine !== asked || document.activeElement !== input) return;
    if (!found.length) return close();
    shown = found;
    active = -1;
    fill(
      list,
      found.map((one) => option(one, () => pick(one))),
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  };
  const move = (step) => {
    const rows = [...list.children];
    // One step past either end is the field itself.
    active = ((active + 1 + step + rows.length + 1) % (rows.length + 1)) - 1;
    rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === active)));
    rows[active]?.scrollIntoView({ block: "nearest" });
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", rows[active].id);
  };
  const keys = (event) => {
    if (event.isComposing) return; // Chinese is still being typed
    if (event.key === "ArrowDown" && list.hidden) suggest();
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp" && !list.hidden) move(-1);
    else if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Enter" && active >= 0) pick(shown[active]);
    else return;
    event.preventDefault();
  };
  input.addEventListener("input", () => (typed(), later()));
  input.addEventListener("keydown", keys);
  input.addEventListener("blur", () => setTimeout(close, 150)); // after a click on an option
  return { element: h("div.combo.big", {}, icon("search"), input, list), input, close };
}

function option(one, onclick) {
  return h(
    "li",
    {
      id: fresh("suggestion"),
      role: "option",
      "aria-selected": "false",
      "data-kind": one.kind,
      onclick,
      onmousedown: (event) => event.preventDefault(), // the focus stays in the field
    },
    icon(ICONS[one.kind] ?? "search"),
    h("span.grow", {}, spanned(one.text, one.marks)),
    one.kind !== "query" && h("small", {}, t(`suggest.${one.kind}`)),
  );
}
