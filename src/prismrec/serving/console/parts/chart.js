/** Events by day as stacked bars, with the figures as a table for those who cannot see them. */

import { eventName, number, t } from "../i18n/words.js";
import { h } from "./dom.js";
import { HEIGHT, colours, dayFormat, plotted } from "./plot.js";
import { table } from "./table.js";

const DAY = 86_400_000;
const COLOURS = {
  view: "--blue",
  click: "--cyan",
  cart: "--orange",
  purchase: "--green",
  rating: "--violet",
  dislike: "--vermilion",
};
const OTHERS = ["--indigo", "--yellow", "--grey"];

/** The chart of `rows`, {day, event, count} each. */
export async function dayChart(rows, signal) {
  if (!rows.length) return h("p.muted", {}, t("quality.days.none"));
  const found = byKind(rows);
  const place = await plotted(t("quality.days.label"), signal, (UPlot, width) => [
    options(UPlot, found, width),
    [found.days.map((_, i) => i), ...stacked(found.counts)],
  ]);
  return [place, figures(found)];
}

/** Days in order, a gap of days without events as one empty place; kinds, the commonest first. */
function byKind(rows) {
  const days = withGaps([...new Set(rows.map(({ day }) => day))].sort());
  const totals = new Map();
  for (const { event, count } of rows) totals.set(event, (totals.get(event) ?? 0) + count);
  const kinds = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a));
  const at = new Map(rows.map(({ day, event, count }) => [`${day} ${event}`, count]));
  const counts = kinds.map((kind) =>
    days.map((day) => (day ? (at.get(`${day} ${kind}`) ?? 0) : null)),
  );
  return { days, kinds, counts };
}

function withGaps(days) {
  return days.flatMap((day, i) =>
    i > 0 && Date.parse(day) - Date.parse(days[i - 1]) > DAY ? [null, day] : [day],
  );
}

/** Each kind on top of the rarer ones: drawn in order, every bar covers the foot of the one before. */
function stacked(counts) {
  return counts.map((_, from) =>
    counts[0].map((empty, day) =>
      empty === null ? null : counts.slice(from).reduce((sum, column) => sum + column[day], 0),
    ),
  );
}

function options(UPlot, { days, kinds, counts }, width) {
  const colour = colours();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--muted"), ticks: { show: false }, font };
  const tick = dayFormat({ day: "numeric", month: "short" });
  const full = dayFormat({ dateStyle: "medium" });
  const shown = (column) => (_, __, ___, i) =>
    i === null || i === undefined ? "–" : number(counts[column][i] ?? 0);
  return {
    width,
    height: HEIGHT,
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.6, high + 0.6] },
      y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 60,
        incrs: [1, 2, 5, 7, 14],
        values: (_, at) => at.map((i) => tick(days[i])),
      },
      {
        ...axis,
        size: 46,
        grid: { stroke: colour("--line"), width: 1 },
        values: (_, at) => at.map((count) => (Number.isInteger(count) ? number(count) : "")),
      },
    ],
    series: [
      { label: t("quality.day"), value: (_, i) => full(days[i]) || "–" },
      ...kinds.map((kind, i) => ({
        label: eventName(kind),
        fill: colour(COLOURS[kind] ?? OTHERS[i % OTHERS.length]),
        stroke: colour("--surface"),
        width: 1,
        points: { show: false },
        paths: UPlot.paths.bars({ size: [0.72, 44] }),
        value: shown(i),
      })),
    ],
  };
}

function figures({ days, kinds, counts }) {
  const rows = days
    .map((day, i) => day && [day, ...counts.map((column) => number(column[i]))])
    .filter(Boolean);
  return h(
    "details",
    {},
    h("summary", {}, t("quality.days.table")),
    table(
      [t("quality.day"), ...kinds.map(eventName)],
      rows.reverse(),
      kinds.map((_, i) => i + 1),
    ),
  );
}
