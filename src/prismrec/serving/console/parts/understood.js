/** What was read in the text of a search: each finding can be taken back; did you mean? */

import { money, t } from "../i18n/words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const NOTES = ["phrase-not-found", "fewer-words", "no-item-has-these-words", "corrected-words"];

/**
 * The lines about `slate`. `ignore(key)` searches without a finding, `mean(text)` for another text.
 */
export function understood(slate, { ignore, mean }) {
  const { findings = [], correction = "" } = slate.understood ?? {};
  const notes = NOTES.filter((note) => slate.notes.includes(note));
  const chips = findings.map((one) => chip(one, () => ignore(one.key)));
  return [
    chips.length > 0 &&
      h(
        "div.chips.read",
        { role: "group", "aria-label": t("read.title") },
        h("span.muted", {}, t("read.title")),
        chips,
      ),
    (correction || notes.length > 0) &&
      h(
        "p.muted.read",
        {},
        notes.map((note) => `${t(`note.${note}`)} `),
        correction && [
          t("read.mean"),
          " ",
          h("button.link", { type: "button", onclick: () => mean(correction) }, correction),
          "?",
        ],
      ),
  ];
}

function chip(one, onclick) {
  const label = named(one);
  return h(
    "button.chip",
    {
      type: "button",
      class: one.filter ? "" : "boost",
      title: t(one.filter ? "read.filter" : "read.boost", { words: one.words }),
      "aria-label": t("read.ignore", { label }),
      onclick,
    },
    label,
    icon("close"),
  );
}

function named({ kind, name, value, low, high }) {
  if (kind === "without") return t("read.without", { value });
  if (kind !== "price") return `${kind === "attribute" ? name : t(`facet.${kind}`)}: ${value}`;
  if (low === null) return t("search.price.below", { to: money(high) });
  if (high === null) return t("search.price.above", { from: money(low) });
  return `${money(low)} – ${money(high)}`;
}
