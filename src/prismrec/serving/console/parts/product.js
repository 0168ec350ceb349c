/** The form of a product. What the API refuses is shown beside the field it names. */

import { t } from "../i18n/words.js";
import { newId } from "../state.js";
import { Problem } from "../api.js";
import { fill, fresh, h } from "./dom.js";
import { trouble } from "./toast.js";

/**
 * The form with the values of `product` (none: a new one). `save(product)` may throw a `Problem`;
 * `reset()` starts over.
 */
export function productForm(product, save, reset) {
  const fields = {
    item_id: text(
      "item_id",
      {
        value: product?.item_id ?? newId("item-").slice(0, 12),
        required: true,
        readonly: Boolean(product),
      },
      "catalogue.id.note",
    ),
    title: text("title", { value: product?.title ?? "", required: true }),
    description: text(
      "description",
      { value: product?.description ?? "", rows: 4 },
      "",
      "textarea",
    ),
    brand: text("brand", { value: product?.brand ?? "" }),
    price: text("price", { value: product?.price ?? "", inputmode: "decimal" }),
    categories: text(
      "categories",
      { value: (product?.categories ?? []).join(", ") },
      "catalogue.categories.note",
    ),
    attributes: text(
      "attributes",
      { value: lines(product?.attributes), rows: 3 },
      "catalogue.attributes.note",
      "textarea",
    ),
  };
  const available = h("input", { type: "checkbox", checked: product?.available ?? true });
  const general = h("div");
  const submit = async (event) => {
    event.preventDefault();
    fill(general);
    for (const field of Object.values(fields)) field.complain("");
    const read = checked(fields, available);
    if (!read) return;
    try {
      await save({ ...kept(product), ...read });
    } catch (error) {
      if (!assigned(error, fields)) fill(general, trouble(error));
    }
  };
  return h(
    "form.panel.product",
    { novalidate: true, onsubmit: submit },
    h("h2", {}, product ? t("catalogue.edit", { title: product.title }) : t("catalogue.add")),
    general,
    Object.values(fields).map((field) => field.element),
    h("label.check", {}, available, t("catalogue.available")),
    h(
      "div.actions",
      {},
      product && h("button", { type: "button", onclick: reset }, t("catalogue.new")),
      h("button.primary", {}, t("catalogue.save")),
    ),
  );
}

/** One labelled field with room for what is wrong with it. */
function text(name, props, note = "", tag = "input") {
  const id = fresh(name);
  const input = h(tag, { id, name, "aria-describedby": `${id}-note ${id}-error`, ...props });
  const wrong = h("p.wrong", { id: `${id}-error`, role: "alert" });
  const label = name === "item_id" ? "catalogue.id" : `catalogue.${name}`;
  const element = h(
    "div.field",
    { class: `field-${name}` },
    h("label", { for: id }, t(label), props.required && h("span.muted", {}, " *")),
    input,
    note && h("small", { id: `${id}-note` }, t(note)),
    wrong,
  );
  const complain = (message) => {
    fill(wrong, message);
    input.setAttribute("aria-invalid", String(Boolean(message)));
    if (message) input.focus();
  };
  return {
    element,
    complain,
    get value() {
      return input.value.trim();
    },
  };
}

/** The product in the fields, or null where one of them is wrong. */
function checked(fields, available) {
  const price = fields.price.value === "" ? null : Number(fields.price.value.replace(",", "."));
  const attributes = pairs(fields.attributes.value);
  const wrong = [
    !fields.item_id.value && ["item_id", t("catalogue.required")],
    !fields.title.value && ["title", t("catalogue.required")],
    price !== null && !(price >= 0 && price < Infinity) && ["price", t("catalogue.price.bad")],
    attributes.bad && ["attributes", t("catalogue.attributes.bad", { line: attributes.bad })],
  ].filter(Boolean);
  for (const [name, message] of wrong.reverse()) fields[name].complain(message);
  if (wrong.length) return null;
  return {
    item_id: fields.item_id.value,
    title: fields.title.value,
    description: fields.description.value,
    brand: fields.brand.value,
    categories: fields.categories.value
      .split(/[,，、]/)
      .map((one) => one.trim())
      .filter(Boolean),
    attributes: attributes.found,
    price,
    available: available.checked,
  };
}

/** What the form does not show but an edit must not lose. */
const kept = (product) =>
  product ? { created_at: product.created_at, texts: product.texts } : { created_at: Date.now() };

function pairs(text) {
  const found = {};
  for (const line of text
    .split("\n")
    .map((one) => one.trim())
    .filter(Boolean)) {
    const [, name, value] = line.match(/^([^:：]+)[:：]\s*(.+)$/) ?? [];
    if (!name) return { found, bad: line };
    const values = value
      .split(/[,，、]/)
      .map((one) => one.trim())
      .filter(Boolean);
    found[name.trim()] = values.length > 1 ? values : values[0];
  }
  return { found };
}

const lines = (attributes) =>
  Object.entries(attributes ?? {})
    .map(([name, value]) => `${name}: ${[value].flat().join(", ")}`)
    .join("\n");

/** Put the API's complaints beside their fields (`body.items.0.price`); false where one has none. */
function assigned(error, fields) {
  if (!(error instanceof Problem) || !error.errors.length) return false;
  const rows = error.errors.map(({ where, what }) => [
    where.split(".").find((name) => name in fields),
    what,
  ]);
  if (rows.some(([name]) => !name)) return false;
  for (const [name, what] of rows) fields[name].complain(what);
  return true;
}
