/** Diverging bars: how far each part puts an item ahead of the others (right) or behind (left). */

import { signed, t } from "../i18n/words.js";
import { h } from "./dom.js";

/** A bar below this share of the longest one says nothing. */
const SMALLEST = 0.02;

/**
 * A list of bars.
 *
 * `rows` are {label, value, colour, note}; `most` is the value that fills half the track, so that
 * bars of several cards can share one scale.
 */
export function bars(rows, most = largest(rows)) {
  const scale = Math.max(most, 1e-9);
  return h(
    "ul.bars",
    { "aria-label": t("bars.label") },
    rows.map((row) => bar(row, scale)),
  );
}

/** The largest absolute value, for the scale. */
export const largest = (rows) => Math.max(0, ...rows.map((row) => Math.abs(row.value)));

/** Rows worth a bar on the scale `most`: at most `count`, and none too short to see. */
export const telling = (rows, count, most = largest(rows)) =>
  rows.filter((row) => row.value && Math.abs(row.value) >= SMALLEST * most).slice(0, count);

function bar(row, scale) {
  const share = Math.min(1, Math.abs(row.value) / scale);
  const side = row.value < 0 ? "behind" : "ahead";
  return h(
    "li.bar",
    {},
    h("span.bar-label", { title: row.note ?? row.label }, row.label),
    h(
      "span.bar-track",
      { "aria-hidden": "true" },
      h("span.bar-fill", {
        class: side,
        css: { "--share": `${(share * 50).toFixed(2)}%`, "--colour": row.colour },
      }),
    ),
    h("span.bar-value", {}, signed(row.value, scale)),
  );
}
