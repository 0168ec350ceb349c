/** Search: results follow each keystroke, narrowed by facets, to a person's taste if wanted. */

import * as api from "../api.js";
import { number, t } from "../i18n/words.js";
import { apart } from "../parts/aspects.js";
import { largest } from "../parts/bars.js";
import { card } from "../parts/card.js";
import { personName } from "../parts/chooser.js";
import { curating } from "../parts/curate.js";
import { debounced, fill, fresh, h } from "../parts/dom.js";
import { openItem } from "../parts/drawer.js";
import { filters } from "../parts/filters.js";
import { moving } from "../parts/move.js";
import { suggestField } from "../parts/suggest.js";
import { complain, tell, trouble } from "../parts/toast.js";
import { understood } from "../parts/understood.js";
import { newId, state, who } from "../state.js";

const N = 18;
const PAUSE = 120;
const SORTS = ["relevance", "price-asc", "price-desc", "newest", "popularity"];

export async function show(main, { params, signal }) {
  const page = {
    signal,
    asked: 0,
    slate: null,
    ignored: new Set(), // what was read in the text and taken back
    read: h("div"),
    mine: h("input", { type: "checkbox", checked: true }),
    count: h("p.found", { role: "status" }),
    grid: h("div.cards", { "aria-live": "off" }),
    more: h("div.more"),
  };
  const soon = () => ask(page, { typing: true });
  page.filters = filters(soon);
  page.filters.read(params);
  page.sort = sortField(params.get("sort"), soon);
  page.typed = debounced(() => (page.ignored.clear(), soon()), PAUSE);
  page.field = suggestField(params.get("q") ?? "", {
    typed: page.typed,
    chosen: (suggestion) => take(page, suggestion),
    signal,
  });
  page.mine.addEventListener("change", soon);
  fill(
    main,
    h("h1.hidden", {}, t("page.search")),
    bar(page),
    h(
      "div.two",
      {},
      h("aside.panel", {}, page.filters.element),
      h(
        "section",
        {},
        h("div.row.spread.found-row", {}, page.count, page.sort.element),
        page.filters.chips,
        page.read,
        page.grid,
        page.more,
      ),
    ),
  );
  if (!matchMedia("(pointer: coarse)").matches) page.field.input.focus();
  await ask(page, { typing: true });
}

const named = () => Boolean(state.user || state.session);

function bar(page) {
  const submit = (event) => {
    event.preventDefault();
    page.field.close();
    ask(page, { typing: false });
  };
  return h(
    "form.searchbar",
    { role: "search", onsubmit: submit },
    h("label.hidden", { for: page.field.input.id }, t("search.label")),
    page.field.element,
    h("button.primary", {}, t("search.go")),
    named()
      ? h("label.check", {}, page.mine, t("search.mine", { name: personName() }))
      : h("a.check", { href: "#/person" }, t("search.mine.nobody")),
  );
}

function sortField(value, onchange) {
  const select = h(
    "select",
    { id: fresh("sort"), onchange },
    SORTS.map((one) => h("option", { value: one }, t(`sort.${one}`))),
  );
  select.value = SORTS.includes(value) ? value : SORTS[0];
  const label = h("label.muted", { for: select.id }, t("search.sort"));
  return { select, element: h("div.row.sort", {}, label, select) };
}

/** A suggestion: a text is searched for, a category or brand is gone through. */
function take(page, { kind, text }) {
  const narrows = kind === "category" || kind === "brand";
  page.ignored.clear();
  page.field.input.value = narrows ? "" : text;
  if (narrows) page.filters.only(kind, text);
  else ask(page, { typing: false });
}

/**
 * Ask for what is in the field. While `typing`, nothing is explored or logged, and the last word
 * may be a beginning; answers that a later question overtook are dropped.
 */
async function ask(page, { typing }) {
  const mine = ++page.asked;
  page.typed.cancel(); // what was typed is asked for now
  const asked = question(page, typing);
  remember(page, asked);
  page.grid.setAttribute("aria-busy", "true");
  try {
    const slate = await api.search(asked, page.signal);
    if (mine === page.asked) showSlate(page, slate, asked);
  } catch (error) {
    if (mine === page.asked && error.name !== "AbortError") showTrouble(page, error);
  }
  if (mine === page.asked) page.grid.setAttribute("aria-busy", "false");
}

const question = (page, typing) => ({
  text: page.field.input.value.trim(),
  n: N,
  sort: page.sort.select.value,
  facets: true,
  snippets: true,
  typing,
  explore: !typing,
  ignore: [...page.ignored],
  filters: page.filters.chosen(),
  ...(page.mine.checked ? who() : {}),
});

/** The question in the address, so that it can be sent to somebody else. */
function remember(page, asked) {
  const params = new URLSearchParams();
  if (asked.text) params.set("q", asked.text);
  if (asked.sort !== SORTS[0]) params.set("sort", asked.sort);
  page.filters.write(params);
  const query = params.toString();
  history.replaceState(null, "", `#/search${query && `?${query}`}`);
}

function showTrouble(page, error) {
  fill(page.count);
  fill(page.more);
  fill(page.read);
  fill(page.grid, trouble(error));
}

function showSlate(page, slate, asked) {
  page.slate = slate;
  const { total, items } = slate;
  const found = asked.text ? "search.found" : "search.browse";
  fill(page.count, items.length ? t(found, { n: number(total), one: total === 1 }) : nothing(page));
  page.filters.offer(slate.facets, slate.price_ranges);
  fill(page.read, understood(slate, reading(page)));
  moving(page.grid, () => fill(page.grid, cards(page, slate, asked, 0)));
  offerMore(page, slate, asked);
}

/** What the lines about the text can do: leave a finding out, or search for what was meant. */
const reading = (page) => ({
  ignore: (key) => (page.ignored.add(key), ask(page, { typing: true })),
  mean: (text) => take(page, { kind: "query", text }),
});

const nothing = (page) =>
  page.filters.chips.children.length ? t("search.none.filters") : t("search.none");

function cards(page, slate, asked, before) {
  const parts = asked.sort === SORTS[0] ? apart(slate.items) : slate.items.map(() => []);
  const most = Math.max(...parts.map(largest), 0);
  const onact = (kind, item) => act(slate, kind, item, asked.text);
  return slate.items.map((item, i) =>
    card(item, {
      place: before + i + 1,
      parts: parts[i],
      most,
      onopen: () =>
        openItem(item.item_id, {
          shown: { item, slate },
          text: asked.text,
          onact,
          more: asked.text && curating(asked.text, item, () => ask(page, { typing: true })),
        }),
    }),
  );
}

/** The button for the next page: the same slate, continued, whatever came or went meanwhile. */
function offerMore(page, slate, asked) {
  const next = async () => {
    button.disabled = true;
    try {
      const more = await api.search({ ...asked, cursor: slate.cursor }, page.signal);
      if (page.slate !== slate) return; // another question was asked
      const before = page.grid.children.length;
      page.slate = more;
      page.grid.append(...cards(page, more, asked, before));
      page.grid.children[before]?.querySelector("button")?.focus();
      offerMore(page, more, asked);
    } catch (error) {
      button.disabled = false;
      complain(error);
    }
  };
  const button = h("button", { type: "button", onclick: next }, t("search.more"));
  fill(page.more, slate.cursor && button);
}

async function act(slate, kind, item, query) {
  try {
    await api.observe({
      item_id: item.item_id,
      event: kind,
      event_id: newId("console-"),
      exposure_id: slate.exposure_id,
      query,
      ...(named() ? {} : { session_id: newId("console-") }),
    });
    tell(t(`done.${kind}`, { title: item.title }));
  } catch (error) {
    complain(error);
  }
}
