/** Diverging bars: how far each part puts an item ahead of the others (right) or behind (left). */

import { signed, t } from "../i18n/words.js";
import { h } from "./dom.js";

const SMALLEST = 0.005;

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
    rows.map((row) => bar(row, Math.min(1, Math.abs(row.value) / scale))),
  );
}

/** The largest absolute value, for the scale. */
export const largest = (rows) => Math.max(0, ...rows.map((row) => Math.abs(row.value)));

/** Rows worth a bar: at most `most`, and none that rounds to nothing. */
export const telling = (rows, most) =>
  rows.filter((row) => Math.abs(row.value) >= SMALLEST).slice(0, most);

function bar(row, share) {
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
    h("span.bar-value", {}, signed(row.value)),
  );
}
