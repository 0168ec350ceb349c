/** How long requests take: quantiles from the histograms of /metrics. */

import { number, t } from "../i18n/words.js";
import { state } from "../state.js";
import { h } from "./dom.js";
import { table } from "./table.js";

const LINE = /^prismrec_request_seconds_bucket\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const SHOWN = 8;

/** A table of the busiest routes of the chosen collection. */
export function latencies(text) {
  const rows = [...histograms(text)]
    .map(([route, buckets]) => ({
      route: short(route),
      buckets,
      count: buckets.at(-1)?.count ?? 0,
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, SHOWN)
    .map(({ route, buckets, count }) => [
      route,
      number(count),
      milliseconds(quantile(buckets, 0.5)),
      milliseconds(quantile(buckets, 0.99)),
    ]);
  const heads = ["quality.route", "quality.count", "quality.median", "quality.p99"].map((name) =>
    t(name),
  );
  return [h("p.muted", {}, t("quality.latency.note")), table(heads, rows, [1, 2, 3])];
}

/** route -> [{le, count}], counts cumulative. */
export function histograms(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const [, labels, count] = line.match(LINE) ?? [];
    if (!labels) continue;
    const given = Object.fromEntries(
      [...labels.matchAll(LABEL)].map(([, name, value]) => [name, value]),
    );
    if (given.collection !== state.collection) continue;
    const le = given.le === "+Inf" ? Infinity : Number(given.le);
    found.set(given.route, [...(found.get(given.route) ?? []), { le, count: Number(count) }]);
  }
  return found;
}

/** Linear within the bucket, as Prometheus does; the last finite bound beyond it. */
export function quantile(buckets, q) {
  const wanted = q * (buckets.at(-1)?.count ?? 0);
  let low = 0;
  let below = 0;
  for (const { le, count } of buckets) {
    if (count >= wanted)
      return le === Infinity
        ? low
        : low + ((le - low) * (wanted - below)) / Math.max(1, count - below);
    low = le;
    below = count;
  }
  return low;
}

const short = (route) => route.replace("/v1/{collection}/", "").replace(":path", "");

const milliseconds = (seconds) => t("quality.ms", { n: number(seconds * 1000, 1) });
