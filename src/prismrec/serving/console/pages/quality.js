/** Quality and traffic: how good the release was measured, what is going on, and who changed what. */

import * as api from "../api.js";
import { moment, number, percent, t } from "../i18n/words.js";
import { dayChart } from "../parts/chart.js";
import { ruleTable } from "../parts/curate.js";
import { fill, h } from "../parts/dom.js";
import { latencies } from "../parts/latency.js";
import { releaseTable } from "../parts/releases.js";
import { table } from "../parts/table.js";
import { tile } from "../parts/tile.js";
import { trouble } from "../parts/toast.js";

export async function show(main, { signal }) {
  const place = (name) => h("section.panel", { class: name });
  const [figures, days, report, timing, made, rules, trail] = [
    "figures-row",
    "days",
    "report",
    "timing",
    "made",
    "rules",
    "trail",
  ].map(place);
  figures.classList.remove("panel");
  fill(
    main,
    h("h1", {}, t("page.quality")),
    figures,
    days,
    h("div.two.even", {}, report, timing),
    made,
    rules,
    trail,
  );
  const tellStats = async () => {
    const stats = await api.stats(signal);
    fill(figures, tiles(stats));
    fill(report, h("h2", {}, t("quality.report")), reportList(stats));
    fill(days, h("h2", {}, t("quality.days")), await dayChart(stats.events.by_day, signal));
  };
  const tellTiming = async () =>
    fill(timing, h("h2", {}, t("quality.latency")), latencies(await api.metrics(signal)));
  const tellTrail = async () =>
    fill(trail, h("h2", {}, t("quality.audit")), auditTable(await api.audit(signal)));
  const tellMade = async () => fill(made, releaseTable(await api.releases(signal), tellReleases));
  const tellRules = () =>
    ruleTable(rules, signal, () =>
      Promise.all([guarded(tellRules, rules), guarded(tellTrail, trail)]),
    );
  const tellReleases = () =>
    Promise.all([guarded(tellStats, figures), guarded(tellMade, made), guarded(tellTrail, trail)]);
  const guarded = async (work, where) => {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      const denied = where === trail || where === rules;
      const title = where === rules ? "rule.all" : "quality.audit";
      fill(
        where,
        denied && [401, 403].includes(error.status)
          ? [h("h2", {}, t(title)), h("p.muted", {}, t("quality.audit.key"))]
          : trouble(error),
      );
    }
  };
  await Promise.all([tellReleases(), guarded(tellTiming, timing), guarded(tellRules, rules)]);
}

/** The figures a shop owner asks for first. */
function tiles({ report, rates, explored_share, policy, exposures }) {
  const validation = report.validation ?? {};
  const [metric] = Object.keys(validation).filter((name) => name !== "cases");
  return [
    metric &&
      tile(
        "quality.validation",
        number(validation[metric], 3),
        t("quality.validation.note", { metric, cases: number(validation.cases) }),
      ),
    tile(
      "quality.data",
      number(report.events ?? 0),
      t("quality.data.note", {
        users: number(report.users ?? 0),
        items: number(report.items ?? 0),
      }),
    ),
    rateTile("quality.clicks", rates.click),
    rateTile("quality.conversions", rates.conversion),
    tile("quality.explored", percent(explored_share), t("quality.explored.note", { policy })),
    tile(
      "quality.exposures",
      number(exposures.total),
      t("quality.dropped", { n: number(exposures.dropped) }),
    ),
  ];
}

function rateTile(name, rate) {
  if (!rate?.trials) return tile(name, "–", t("quality.notyet"));
  const ends = { low: percent(rate.low), high: percent(rate.high), n: number(rate.trials) };
  return tile(name, percent(rate.value), t("quality.interval", ends));
}

function reportList({ release, report, items, events }) {
  const encoder = report.encoder ?? {};
  const flag = (value) => t(value ? "yes" : "no");
  const rows = [
    ["slate.release", release],
    ["quality.encoder", encoder.encoder ?? t("quality.encoder.none")],
    ["quality.why", encoder.why],
    ["quality.seconds", report.fit_seconds && number(report.fit_seconds, 1)],
    ["quality.types", report.event_types?.join(", ")],
    ["quality.repeats", report.repeats !== undefined && flag(report.repeats)],
    ["quality.clock", report.has_clock !== undefined && flag(report.has_clock)],
    ["quality.quarantined", report.reading && number(report.reading.quarantined ?? 0)],
    ["quality.items.now", number(items)],
    ["quality.events.now", number(events.total)],
    ["slate.notes", [...(report.notes ?? []), ...(report.reading?.notes ?? [])].join(" ")],
  ];
  return h(
    "dl.figures",
    {},
    rows
      .filter(([, value]) => value)
      .map(([name, value]) => [h("dt", {}, t(name)), h("dd", {}, value)]),
  );
}

function auditTable(lines) {
  if (!lines.length) return h("p.muted", {}, t("quality.audit.none"));
  const details = (given) =>
    Object.entries(given)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      .join(", ");
  return table(
    ["quality.when", "quality.who", "quality.what", "quality.details"].map((name) => t(name)),
    lines
      .slice(0, 50)
      .map((line) => [moment(line.at), line.who, line.action, details(line.details)]),
  );
}
