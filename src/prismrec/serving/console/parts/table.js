/** A table that scrolls sideways by itself where it is wider than the page. */

import { h } from "./dom.js";

/** `heads` are texts, `rows` lists of texts or elements; `numeric` are the columns set right. */
export function table(heads, rows, numeric = []) {
  const right = (column) => ({ class: numeric.includes(column) ? "numeric" : "" });
  return h(
    "div.scroll",
    {
      tabindex: 0,
      role: "region",
      "aria-label": heads.filter((head) => typeof head === "string").join(", "),
    },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head, i) => h("th", { scope: "col", ...right(i) }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, i) => h("td", right(i), cell)),
          ),
        ),
      ),
    ),
  );
}
