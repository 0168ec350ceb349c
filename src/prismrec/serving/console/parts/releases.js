/** The releases on disk: which is served, serve another, roll back. */

import * as api from "../api.js";
import { moment, number, t } from "../i18n/words.js";
import { confirmed } from "./dialog.js";
import { h } from "./dom.js";
import { table } from "./table.js";
import { complain, tell } from "./toast.js";

/** The table of `releases`; `changed()` is called once another is served. */
export function releaseTable(releases, changed) {
  const heads = [
    "quality.number",
    "quality.made",
    "quality.items",
    "quality.validation",
    "quality.verdict",
    "quality.seconds",
  ].map((name) => t(name));
  const back = async () => {
    if (
      await confirmed(t("quality.rollback.sure"), t("quality.promote.note"), t("quality.rollback"))
    ) {
      await serve(api.rollback, changed);
    }
  };
  const rows = releases.map((one) => [
    String(one.number),
    one.created_at ? moment(one.created_at) : "",
    number(one.n_items ?? 0),
    one.problem || quality(one.report),
    verdict(one.verdict),
    one.report.fit_seconds === undefined ? "" : number(one.report.fit_seconds, 1),
    one.serving
      ? h("span.tag.serving", {}, t("quality.serving"))
      : !one.problem && promoteButton(one.number, changed),
  ]);
  return [
    h(
      "div.row.spread",
      {},
      h("h2", {}, t("quality.releases")),
      releases.length > 1 && h("button", { type: "button", onclick: back }, t("quality.rollback")),
    ),
    table([...heads, ""], rows, [2, 5]),
  ];
}

function quality(report) {
  const { cases, ...metrics } = report.validation ?? {};
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${number(value, 4)}`)
    .join(", ");
}

/** What the log of exposures said of a release: its advantage a slate, with the interval. */
function verdict(found) {
  if (!found) return "";
  const [low, high] = found.interval.map((bound) => signed(bound));
  return h(
    "span",
    { title: found.why },
    h(`span.tag${found.promote ? ".serving" : ""}`, {}, t(found.promote ? "quality.passes" : "quality.kept")),
    " ",
    t("quality.advantage", {
      by: signed(found.difference),
      low,
      high,
      n: number(found.cases),
      against: found.against,
    }),
  );
}

const signed = (x) => (x < 0 ? "−" : "+") + number(Math.abs(x), 3);

function promoteButton(n, changed) {
  const go = async () => {
    if (
      await confirmed(
        t("quality.promote.sure", { n }),
        t("quality.promote.note"),
        t("quality.promote"),
      )
    ) {
      await serve(() => api.promote(n), changed);
    }
  };
  return h("button", { type: "button", onclick: go }, t("quality.promote"));
}

async function serve(move, changed) {
  try {
    const { release } = await move();
    tell(t("quality.promoted", { n: release }));
    await changed();
  } catch (error) {
    complain(error);
  }
}
