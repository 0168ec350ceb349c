/** The shop's own rules for a search: pin, bury and block from the panel of an item, and the table. */

import * as api from "../api.js";
import { moment, t } from "../i18n/words.js";
import { confirmed } from "./dialog.js";
import { fill, h } from "./dom.js";
import { table } from "./table.js";
import { complain, tell } from "./toast.js";

const ACTS = ["pin", "bury", "block"];
const MATCHES = ["exact", "contains"];

/** A section that curates the search for `text`; `changed()` is called after every change. */
export function curating(text, item, changed) {
  const match = h(
    "select",
    { name: "match" },
    MATCHES.map((name) => h("option", { value: name }, t(`rule.match.${name}`))),
  );
  const act = async (kind) => {
    try {
      await curate({ query: text, match: match.value }, kind, item.item_id);
      tell(t(`rule.done.${kind || "free"}`, { title: item.title, text }));
      changed();
    } catch (error) {
      complain(error);
    }
  };
  const button = (kind, label) =>
    h("button", { type: "button", "data-rule": kind, onclick: () => act(kind) }, label);
  return h(
    "section",
    {},
    h("h3", {}, t("rule.title", { text })),
    h("p.muted", {}, t("rule.note")),
    h("label", {}, t("rule.where"), " ", match),
    h(
      "div.acts",
      {},
      ACTS.map((kind) => button(kind, t(`rule.${kind}`))),
      button("", t("rule.free")),
    ),
  );
}

/** Let the rule of this query and match say `kind` of the item, and nothing else of it. */
async function curate(asked, kind, item_id) {
  const alike = (one) => one.match === asked.match && same(one.query, asked.query);
  const known = (await api.rules()).find(alike);
  const rule = known ?? asked;
  for (const name of ACTS) rule[name] = (rule[name] ?? []).filter((id) => id !== item_id);
  if (kind) rule[kind].push(item_id);
  if (ACTS.some((name) => rule[name].length)) await api.putRule(rule);
  else if (known) await api.removeRule(known.rule_id);
}

const plain = (text) => text.trim().toLowerCase().replace(/\s+/g, " ");
const same = (a, b) => plain(a) === plain(b);

/** The table of all rules in `place`; `changed()` is called when one was removed. */
export async function ruleTable(place, signal, changed) {
  const rules = await api.rules(signal);
  const remove = async (rule) => {
    const sure = t("rule.remove.sure", { text: rule.query });
    if (!(await confirmed(sure, t("rule.remove.note"), t("catalogue.remove"), "danger"))) return;
    try {
      await api.removeRule(rule.rule_id);
      await changed();
    } catch (error) {
      complain(error);
    }
  };
  const link = ({ query }) => h("a", { href: `#/search?${new URLSearchParams({ q: query })}` }, query);
  const heads = ["search", "match", ...ACTS, "ends"].map((name) => t(`rule.head.${name}`));
  const rows = rules.map((rule) => [
    link(rule),
    t(`rule.match.${rule.match}`),
    ...ACTS.map((name) => rule[name].join(", ")),
    rule.ends_at ? moment(rule.ends_at) : "",
    h(
      "button.quiet",
      {
        type: "button",
        onclick: () => remove(rule),
        "aria-label": t("act.on", { act: t("catalogue.remove"), title: rule.query }),
      },
      t("catalogue.remove"),
    ),
  ]);
  const empty = h("p.muted", {}, t("rule.none"));
  fill(place, h("h2", {}, t("rule.all")), rows.length ? table([...heads, ""], rows) : empty);
}
