/** Rates by day as lines, what is usual as a dashed one, and the figures as a table. */

import { number, percent, t } from "../i18n/words.js";
import { h } from "./dom.js";
import { HEIGHT, colours, dayFormat, plotted } from "./plot.js";
import { table } from "./table.js";

const COLOURS = ["--blue", "--vermilion", "--green", "--violet", "--cyan", "--orange", "--grey"];

/**
 * The chart of the series `names` over `days`, {day, texts, rates} each in order; `usual` by series,
 * `called(name)` what it is called.
 */
export async function rateChart({ days, usual }, names, called, signal) {
  const dated = days.filter(({ day }) => day);
  if (!dated.length) return h("p.muted", {}, t("opinions.days.none"));
  const columns = names.map((name) => dated.map(({ rates }) => rates[name]));
  const level = usual[names[0]];
  const place = await plotted(t("opinions.days.label"), signal, (UPlot, width) => [
    options(dated, names.map(called), level, width),
    [dated.map((_, i) => i), ...columns, dated.map(() => level)],
  ]);
  return [place, figures(dated, names, called)];
}

function options(days, names, level, width) {
  const colour = colours();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--muted"), ticks: { show: false }, font };
  const tick = dayFormat({ day: "numeric", month: "short" });
  const full = dayFormat({ dateStyle: "medium" });
  const share = (_, value) => (value === null || value === undefined ? "–" : percent(value));
  return {
    width,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.3, Math.max(high, low + 1) + 0.3] },
      y: { range: (_, low, high) => [0, Math.max(0.05, high * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 60,
        incrs: [1, 2, 5, 7, 14, 30, 90],
        values: (_, at) => at.map((i) => tick(days[i]?.day)),
      },
      {
        ...axis,
        size: 52,
        grid: { stroke: colour("--line"), width: 1 },
        values: (_, at) => at.map((value) => percent(value, 0)),
      },
    ],
    series: [
      { label: t("quality.day"), value: (_, i) => full(days[i]?.day) || "–" },
      ...names.map((name, i) => ({
        label: name,
        stroke: colour(COLOURS[i % COLOURS.length]),
        width: i ? 1.5 : 2.5,
        points: { size: 6, fill: colour("--surface") },
        value: share,
      })),
      {
        label: t("opinions.usual.of", { series: names[0] }),
        stroke: colour("--muted"),
        width: 1,
        dash: [6, 4],
        points: { show: false },
        show: level !== undefined,
        value: share,
      },
    ],
  };
}

function figures(days, names, called) {
  const rows = days.map(({ day, texts, rates }) => [
    day,
    number(texts),
    ...names.map((name) => percent(rates[name])),
  ]);
  return h(
    "details",
    {},
    h("summary", {}, t("quality.days.table")),
    table(
      [t("quality.day"), t("opinions.texts"), ...names.map(called)],
      rows.reverse(),
      [1, ...names.map((_, i) => i + 2)],
    ),
  );
}
