/** Values with their intervals on one scale, so that they can be compared by eye. */

import { number, t } from "../i18n/words.js";
import { h } from "./dom.js";

/** "low and high" in words. */
export const between = ([low, high]) =>
  t("explore.between", { low: number(low, 2), high: number(high, 2) });

/** A list of rows {name, value, interval, refused?}; one without an interval says why. */
export function spans(rows) {
  const most = Math.max(1e-9, ...rows.flatMap((row) => row.interval ?? []));
  return h(
    "ul.spans",
    {},
    rows.map((row) => span(row, most)),
  );
}

function span({ name, value, interval, refused }, most) {
  if (!interval) {
    return h("li", {}, h("strong", {}, name), h("p.muted", {}, refused ?? t("explore.one")));
  }
  const share = (x) => `${(100 * Math.min(1, Math.max(0, x / most))).toFixed(2)}%`;
  const [low, high] = interval;
  return h(
    "li",
    {},
    h("strong", {}, name),
    h("span.span-value", {}, `${number(value, 2)} (${between(interval)})`),
    h(
      "span.span-track",
      { "aria-hidden": "true" },
      h("span.span-reach", { css: { "--from": share(low), "--to": share(high) } }),
      h("span.span-point", { css: { "--at": share(value) } }),
    ),
  );
}
