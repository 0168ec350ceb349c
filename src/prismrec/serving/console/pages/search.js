/** Search: results follow each keystroke, narrowed by facets, to a person's taste if wanted. */

import * as api from "../api.js";
import { t } from "../i18n/words.js";
import { apart } from "../parts/aspects.js";
import { largest } from "../parts/bars.js";
import { card } from "../parts/card.js";
import { personName } from "../parts/chooser.js";
import { debounced, fill, fresh, h } from "../parts/dom.js";
import { openItem } from "../parts/drawer.js";
import { filters } from "../parts/filters.js";
import { wordsOf } from "../parts/highlight.js";
import { icon } from "../parts/icons.js";
import { moving } from "../parts/move.js";
import { complain, tell, trouble } from "../parts/toast.js";
import { newId, state, who } from "../state.js";

const N = 18;
const PAUSE = 120;

export async function show(main, { params, signal }) {
  const input = h("input", {
    id: fresh("query"),
    type: "search",
    value: params.get("q") ?? "",
    placeholder: t("search.placeholder"),
    autocomplete: "off",
    enterkeyhint: "search",
  });
  const page = {
    input,
    signal,
    asked: 0,
    mine: h("input", { type: "checkbox", checked: true }),
    count: h("p.muted", { role: "status" }, t("search.start")),
    grid: h("div.cards", { "aria-live": "off" }),
  };
  page.filters = filters(() => ask(page, { typing: true }));
  const type = debounced(() => ask(page, { typing: true }), PAUSE);
  input.addEventListener("input", type);
  page.mine.addEventListener("change", () => ask(page, { typing: true }));
  fill(
    main,
    h("h1.hidden", {}, t("page.search")),
    bar(page),
    h(
      "div.two",
      {},
      h("aside.panel", {}, page.filters.element),
      h("section", {}, page.count, page.grid),
    ),
  );
  if (!matchMedia("(pointer: coarse)").matches) input.focus();
  if (input.value) await ask(page, { typing: true });
}

const named = () => Boolean(state.user || state.session);

function bar(page) {
  const submit = (event) => {
    event.preventDefault();
    ask(page, { typing: false });
  };
  return h(
    "form.searchbar",
    { role: "search", onsubmit: submit },
    h("label.hidden", { for: page.input.id }, t("search.label")),
    h("div.combo.big", {}, icon("search"), page.input),
    h("button.primary", {}, t("search.go")),
    named()
      ? h("label.check", {}, page.mine, t("search.mine", { name: personName() }))
      : h("a.check", { href: "#/person" }, t("search.mine.nobody")),
  );
}

/**
 * Ask for what is in the field. While `typing`, nothing is explored or logged, and the last word
 * may be a beginning; answers that a later question overtook are dropped.
 */
async function ask(page, { typing }) {
  const mine = ++page.asked;
  const text = page.input.value.trim();
  const query = text ? `?${new URLSearchParams({ q: text })}` : "";
  history.replaceState(null, "", `#/search${query}`);
  if (!text) return start(page);
  const person = page.mine.checked ? who() : {};
  const asked = {
    text,
    n: N,
    facets: true,
    typing,
    explore: !typing,
    filters: page.filters.chosen(),
    ...person,
  };
  page.grid.setAttribute("aria-busy", "true");
  try {
    const slate = await api.search(asked, page.signal);
    if (mine === page.asked) showSlate(page, slate, text);
  } catch (error) {
    if (mine === page.asked && error.name !== "AbortError") fill(page.grid, trouble(error));
  }
  if (mine === page.asked) page.grid.setAttribute("aria-busy", "false");
}

function start(page) {
  fill(page.count, t("search.start"));
  fill(page.grid);
  page.filters.offer(null);
}

function showSlate(page, slate, text) {
  const parts = apart(slate.items);
  const most = Math.max(...parts.map(largest), 0);
  const words = wordsOf(text);
  const onact = (kind, item) => act(slate, kind, item, text);
  fill(
    page.count,
    slate.items.length ? t("search.found", { n: slate.items.length }) : t("search.none"),
  );
  moving(page.grid, () =>
    fill(
      page.grid,
      slate.items.map((item, i) =>
        card(item, {
          place: i + 1,
          parts: parts[i],
          most,
          words,
          onopen: () => openItem(item.item_id, { shown: { item, slate }, text, onact }),
        }),
      ),
    ),
  );
  page.filters.offer(slate.facets);
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
