/** Events by day, one line a kind of event, with the figures as a table for those who cannot see it. */

import { eventName, number, t } from "../i18n/words.js";
import { onChange } from "../state.js";
import { h } from "./dom.js";
import { table } from "./table.js";

const HEIGHT = 260;
const COLOURS = {
  view: "--blue", click: "--cyan", cart: "--orange", purchase: "--green", rating: "--violet", dislike: "--vermilion",
};

/** The chart of `rows`, {day, event, count} each. */
export async function dayChart(rows, signal) {
  if (!rows.length) return h("p.muted", {}, t("quality.days.none"));
  const { default: UPlot } = await import("../vendor/uplot/uPlot.esm.js");
  const { days, kinds, counts } = byKind(rows);
  const place = h("div.chart", { role: "img", "aria-label": t("quality.days.label") });
  let plot;
  const draw = () => {
    plot?.destroy();
    const data = [days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000), ...counts];
    plot = new UPlot(options(UPlot, kinds, place.clientWidth || 600), data, place);
  };
  const watch = new ResizeObserver(() => {
    if (!plot) draw();
    else plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  watch.observe(place);
  signal.addEventListener("abort", () => (watch.disconnect(), plot?.destroy()));
  onChange((patch) => "theme" in patch && draw(), signal);
  return [place, figures(days, kinds, counts)];
}

function byKind(rows) {
  const days = [...new Set(rows.map(({ day }) => day))].sort();
  const totals = new Map();
  for (const { event, count } of rows) totals.set(event, (totals.get(event) ?? 0) + count);
  const kinds = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a));
  const at = new Map(rows.map(({ day, event, count }) => [`${day} ${event}`, count]));
  return { days, kinds, counts: kinds.map((kind) => days.map((day) => at.get(`${day} ${kind}`) ?? 0)) };
}

function options(UPlot, kinds, width) {
  const style = getComputedStyle(document.documentElement);
  const probe = document.body.appendChild(h("i", { hidden: true }));
  const colour = (name) => {
    probe.style.color = `var(${name})`; // a canvas needs the colour itself
    return getComputedStyle(probe).color;
  };
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${style.fontFamily}` };
  const lang = document.documentElement.lang;
  const dayName = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone: "UTC" });
  const tick = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", timeZone: "UTC" });
  const made = {
    width,
    height: HEIGHT,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { points: { size: 7 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.08)] } },
    axes: [
      { ...axis, grid: { show: false }, values: (_, splits) => splits.map((s) => (s % 86400 ? "" : tick.format(s * 1000))) },
      { ...axis, size: 46, values: (_, splits) => splits.map((s) => (Number.isInteger(s) ? number(s) : "")) },
    ],
    series: [
      { label: t("quality.day"), value: (_, s) => (s === null || s === undefined ? "–" : dayName.format(s * 1000)) },
      ...kinds.map((kind, i) => ({
        label: eventName(kind),
        stroke: colour(COLOURS[kind] ?? ["--indigo", "--yellow", "--grey"][i % 3]),
        width: 2,
        points: { show: false },
        value: (_, count) => (count === null || count === undefined ? "–" : number(count)),
      })),
    ],
  };
  probe.remove();
  return made;
}

function figures(days, kinds, counts) {
  const rows = days.map((day, i) => [day, ...counts.map((column) => number(column[i]))]);
  return h(
    "details",
    {},
    h("summary", {}, t("quality.days.table")),
    table([t("quality.day"), ...kinds.map(eventName)], rows.reverse(), kinds.map((_, i) => i + 1)),
  );
}
