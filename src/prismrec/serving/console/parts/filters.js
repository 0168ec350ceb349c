/** What a search is narrowed to: facets with counts, a range of prices, what is in stock. */

import { number, t } from "../i18n/words.js";
import { fill, fresh, h } from "./dom.js";

const FIRST = 6;
const ORDER = ["category", "brand"];

/**
 * The filters, calling `changed()` whenever one is set.
 *
 * `chosen()` is what the API takes; `offer(facets)` shows the values an answer has. Choosing one
 * brand leaves no other brand in the answer, so a facet keeps the values that were there before
 * something in it was chosen.
 */
export function filters(changed) {
  const picked = new Map(); // facet -> Set of values
  const known = new Map(); // facet -> {value: count} from before something in it was picked
  const place = h("div.facets");
  const low = priceField("search.price.from", changed);
  const high = priceField("search.price.to", changed);
  const stock = h("input", { type: "checkbox", checked: true, onchange: changed });
  let last = null;

  const toggle = (name, value, on) => {
    const values = picked.get(name) ?? new Set();
    if (on) values.add(value);
    else values.delete(value);
    if (values.size) picked.set(name, values);
    else picked.delete(name);
    changed();
  };
  const offer = (facets) => {
    last = facets;
    for (const [name, counts] of Object.entries(facets ?? {})) {
      if (!picked.has(name)) known.set(name, counts);
    }
    const names = facets ? [...new Set([...Object.keys(facets), ...picked.keys()])] : [];
    const open = new Set(
      [...place.querySelectorAll("details[open]")].map((one) => one.dataset.facet),
    );
    const focused = document.activeElement?.id;
    fill(
      place,
      sorted(names).map((name) => facet(name, facets[name] ?? {}, open.has(name))),
    );
    document.getElementById(focused)?.focus();
  };
  const facet = (name, counts, open) => {
    const values = Object.keys({ ...(known.get(name) ?? {}), ...counts });
    const rows = values.map((value) => tick(name, value, counts[value] ?? 0));
    return h(
      "fieldset",
      {},
      h("legend", {}, name in LABELS ? t(LABELS[name]) : name),
      rows.slice(0, FIRST),
      rows.length > FIRST &&
        h(
          "details",
          { "data-facet": name, open },
          h("summary", {}, t("search.facet.more")),
          rows.slice(FIRST),
        ),
    );
  };
  const tick = (name, value, count) => {
    const checked = picked.get(name)?.has(value) ?? false;
    const onchange = (event) => toggle(name, value, event.target.checked);
    return h(
      "label.check",
      {},
      h("input", { id: `facet-${name}-${value}`, type: "checkbox", checked, onchange }),
      h("span.grow", {}, value),
      h("span.count", {}, number(count)),
    );
  };
  const clear = () => {
    picked.clear();
    low.value = high.value = "";
    stock.checked = true;
    offer(last);
    changed();
  };
  const element = h(
    "details.filters",
    { open: !matchMedia("(max-width: 760px)").matches },
    h("summary", {}, h("h2", {}, t("search.filters"))),
    h("fieldset", {}, h("legend", {}, t("search.price")), h("div.row", {}, low, "–", high)),
    h("label.check", {}, stock, t("search.available")),
    place,
    h("button.link", { type: "button", onclick: clear }, t("search.clear")),
  );
  const chosen = () => {
    const attributes = Object.fromEntries([...picked].map(([name, values]) => [name, [...values]]));
    const categories = attributes.category ?? [];
    delete attributes.category;
    return {
      attributes,
      categories,
      min_price: price(low),
      max_price: price(high),
      available: stock.checked,
    };
  };
  return { element, chosen, offer };
}

const LABELS = { category: "facet.category", brand: "facet.brand" };

function sorted(names) {
  const rank = (name) => ORDER.indexOf(name) + 1 || ORDER.length + 1;
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

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
