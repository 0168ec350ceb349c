/** The catalogue: add a product and prove that it is found; edit it; remove it. */

import * as api from "../api.js";
import { money, t } from "../i18n/words.js";
import { confirmed } from "../parts/dialog.js";
import { debounced, fill, fresh, h } from "../parts/dom.js";
import { icon } from "../parts/icons.js";
import { productForm } from "../parts/product.js";
import { complain, tell } from "../parts/toast.js";

const SHOWN = 12;
const LOOKED = 50;

export async function show(main, { params, signal }) {
  const page = {
    form: h("section"),
    list: h("ul.products"),
    proof: h("div", { role: "status" }),
    signal,
    asked: 0,
  };
  const input = h("input", {
    id: fresh("find"),
    type: "search",
    autocomplete: "off",
    placeholder: t("catalogue.find.placeholder"),
    oninput: debounced(() => find(page, input.value.trim()), 150),
  });
  page.input = input;
  fill(
    main,
    h("h1", {}, t("page.catalogue")),
    h(
      "div.two.wide",
      {},
      h("div", {}, page.form, page.proof),
      h(
        "section.panel",
        {},
        h("h2", {}, h("label", { for: input.id }, t("catalogue.find"))),
        h("div.combo", {}, icon("search"), input),
        h("small", {}, t("catalogue.find.note")),
        page.list,
      ),
    ),
  );
  await edit(page, params.get("item"));
  await find(page, "");
}

/** The form, empty or with the product `item_id`. */
async function edit(page, item_id) {
  try {
    const product = item_id ? await api.item(item_id, page.signal) : null;
    fill(
      page.form,
      productForm(
        product,
        (sent) => save(page, sent),
        () => edit(page, ""),
      ),
    );
    if (product) page.form.querySelector("h2").scrollIntoView({ block: "nearest" });
  } catch (error) {
    complain(error);
  }
}

async function save(page, product) {
  await api.upsert(product); // a problem goes back to the form, which shows it beside the fields
  const query = product.title || product.item_id;
  const found = h("p", {});
  const look = h(
    "button.primary",
    { type: "button", onclick: () => prove(found, product, query) },
    icon("search"),
    t("catalogue.findit"),
  );
  fill(
    page.proof,
    h(
      "div.good",
      {},
      h("p", {}, h("strong", {}, t("catalogue.saved", { title: query }))),
      look,
      found,
    ),
  );
  await edit(page, "");
  look.focus();
  await find(page, page.input.value.trim());
}

/** Search for the product as anybody would, and say at which place it comes. */
async function prove(place, product, query) {
  fill(place, t("catalogue.finding"));
  try {
    const filters = { available: false };
    const { items } = await api.search({ text: query, n: LOOKED, explore: false, filters });
    const at = items.findIndex((item) => item.item_id === product.item_id);
    fill(
      place,
      at < 0 ? t("catalogue.notfound", { query }) : t("catalogue.found", { place: at + 1, query }),
      " ",
      h("a", { href: `#/search?${new URLSearchParams({ q: query })}` }, t("catalogue.see")),
    );
  } catch (error) {
    fill(place);
    complain(error);
  }
}

/** Products for a text; without one, what an anonymous visitor would be shown. */
async function find(page, text) {
  const mine = ++page.asked;
  const asked = { n: SHOWN, explore: false, filters: { available: false } };
  try {
    const { items } = text
      ? await api.search({ text, typing: true, ...asked }, page.signal)
      : await api.recommend({ ...asked, user_id: "", session_id: "" }, page.signal);
    if (mine === page.asked)
      fill(
        page.list,
        items.map((item) => row(page, item)),
      );
  } catch (error) {
    complain(error);
  }
}

function row(page, item) {
  return h(
    "li",
    { "data-item": item.item_id },
    h(
      "div.grow",
      {},
      h("button.link", { type: "button", onclick: () => edit(page, item.item_id) }, item.title),
      h("small", {}, [item.brand, ...item.categories].filter(Boolean).join(" · ")),
    ),
    item.price !== null && h("span.price", {}, money(item.price)),
    h(
      "button.quiet",
      {
        type: "button",
        "aria-label": t("act.on", { act: t("catalogue.remove"), title: item.title }),
        onclick: () => remove(page, item),
      },
      t("catalogue.remove"),
    ),
  );
}

async function remove(page, item) {
  const { title } = item;
  const sure = await confirmed(
    t("catalogue.remove.sure", { title }),
    t("catalogue.remove.note"),
    t("catalogue.remove"),
    "danger",
  );
  if (!sure) return;
  try {
    await api.remove(item.item_id);
    tell(t("catalogue.removed", { title }));
    await find(page, page.input.value.trim());
    page.input.focus();
  } catch (error) {
    complain(error);
  }
}
