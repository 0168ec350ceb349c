/** What a search is narrowed to: facets with counts, ranges of prices, what is in stock. */

import { money, number, t } from "../i18n/words.js";
import { fill, fresh, h } from "./dom.js";
import { icon } from "./icons.js";

const FIRST = 6;

/**
 * The filters, calling `changed()` whenever one is set.
 *
 * `chosen()` is what the API takes; `offer(facets, ranges)` shows what an answer counted;
 * `element` goes beside the results and `chips` above them. `read(params)` and `write(params)` keep
 * them in an address.
 */
export function filters(changed) {
  const picked = new Map(); // facet -> Set of values
  const place = h("div.facets");
  const prices = h("div.ranges");
  const chips = h("div.chips", { role: "group", "aria-label": t("search.filters.on") });
  const low = priceField("search.price.from", () => set());
  const high = priceField("search.price.to", () => set());
  const stock = h("input", { type: "checkbox", checked: true, onchange: () => set() });
  const open = new Set();

  const set = () => {
    showChips();
    changed();
  };
  const toggle = (name, value, on) => {
    const values = picked.get(name) ?? new Set();
    if (on) values.add(value);
    else values.delete(value);
    if (values.size) picked.set(name, values);
    else picked.delete(name);
    set();
  };
  const between = (from, to) => {
    low.value = from ?? "";
    high.value = to ?? "";
    set();
  };
  const clear = () => {
    picked.clear();
    low.value = high.value = "";
    stock.checked = true;
    set();
  };
  const offer = (facets, ranges) => {
    const focused = document.activeElement?.id;
    fill(
      place,
      Object.entries(facets ?? {}).map(([name, counts]) => facet(name, counts)),
    );
    fill(
      prices,
      (ranges ?? []).map((one) => range(one)),
    );
    if (focused) document.getElementById(focused)?.focus();
  };
  const facet = (name, counts) => {
    const values = Object.entries(counts);
    const ticked = (value) => picked.get(name)?.has(value) ?? false;
    values.sort(([a], [b]) => ticked(b) - ticked(a)); // stable: by count within each
    const rows = values.map(([value, count]) => tick(name, value, count, ticked(value)));
    const ontoggle = (event) => (event.target.open ? open.add(name) : open.delete(name));
    return h(
      "fieldset",
      {},
      h("legend", {}, facetName(name)),
      rows.slice(0, FIRST),
      rows.length > FIRST &&
        h(
          "details",
          { open: open.has(name), ontoggle },
          h("summary", {}, t("search.facet.more", { n: rows.length - FIRST })),
          rows.slice(FIRST),
        ),
    );
  };
  const tick = (name, value, count, checked) =>
    h(
      "label.check",
      { class: count ? "" : "none" },
      h("input", {
        id: `facet-${name}-${value}`,
        type: "checkbox",
        checked,
        onchange: (event) => toggle(name, value, event.target.checked),
      }),
      h("span.grow", {}, valueName(value)),
      h("span.count", {}, number(count)),
    );
  const range = ({ low: from, high: to, count }) => {
    const on = price(low) === from && price(high) === to;
    return h(
      "button.quiet.range",
      {
        id: `range-${from}`,
        type: "button",
        "aria-pressed": String(on),
        onclick: () => (on ? between() : between(from, to)),
      },
      h("span.grow", {}, `${money(from)} – ${money(to)}`),
      h("span.count", {}, number(count)),
    );
  };
  const showChips = () => {
    const rows = [...picked].flatMap(([name, values]) =>
      [...values].map((value) =>
        chip(`${facetName(name)}: ${valueName(value)}`, () => toggle(name, value, false)),
      ),
    );
    const [from, to] = [price(low), price(high)];
    if (from !== null || to !== null) rows.push(chip(priceName(from, to), () => between()));
    if (!stock.checked) {
      rows.push(chip(t("search.available.all"), () => ((stock.checked = true), set())));
    }
    const all = h("button.link", { type: "button", onclick: clear }, t("search.clear"));
    fill(chips, rows, rows.length > 1 && all);
  };
  const element = h(
    "details.filters",
    { open: !matchMedia("(max-width: 760px)").matches },
    h("summary", {}, h("h2", {}, t("search.filters"))),
    place,
    h(
      "fieldset",
      {},
      h("legend", {}, t("search.price")),
      prices,
      h("div.row", {}, low, "–", high),
    ),
    h("label.check", {}, stock, t("search.available")),
  );
  const chosen = () => {
    const attributes = Object.fromEntries([...picked].map(([name, values]) => [name, [...values]]));
    const categories = attributes.category ?? [];
    delete attributes.category;
    const [min_price, max_price] = [price(low), price(high)];
    return { attributes, categories, min_price, max_price, available: stock.checked };
  };
  const read = (params) => {
    for (const one of params.getAll("f")) {
      const [name, ...rest] = one.split(":");
      if (name && rest.length) {
        picked.set(name, (picked.get(name) ?? new Set()).add(rest.join(":")));
      }
    }
    low.value = params.get("from") ?? "";
    high.value = params.get("to") ?? "";
    stock.checked = params.get("stock") !== "all";
    showChips();
  };
  const write = (params) => {
    for (const [name, values] of picked) {
      for (const value of values) params.append("f", `${name}:${value}`);
    }
    if (low.value) params.set("from", low.value);
    if (high.value) params.set("to", high.value);
    if (!stock.checked) params.set("stock", "all");
  };
  const only = (name, value) => {
    picked.clear();
    toggle(name, value, true);
  };
  return { element, chips, chosen, offer, read, write, only };
}

const LABELS = { category: "facet.category", brand: "facet.brand" };

const facetName = (name) => (name in LABELS ? t(LABELS[name]) : name);

const valueName = (value) => (["yes", "no"].includes(value) ? t(value) : value);

function priceName(from, to) {
  if (from === null) return t("search.price.below", { to: money(to) });
  if (to === null) return t("search.price.above", { from: money(from) });
  return `${money(from)} – ${money(to)}`;
}

const chip = (label, onclick) =>
  h(
    "button.chip",
    { type: "button", onclick, "aria-label": t("search.chip.remove", { label }) },
    label,
    icon("close"),
  );

function priceField(label, onchange) {
  return h("input", {
    id: fresh("price"),
    type: "number",
    min: 0,
    step: "any",
    inputmode: "decimal",
    placeholder: t(label),
    "aria-label": `${t("search.price")} ${t(label)}`,
    onchange,
  });
}

const price = (field) => (field.value === "" ? null : Number(field.value));
