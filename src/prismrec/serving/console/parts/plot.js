/** What every chart shares: a place that uPlot draws in, anew where its width or the theme changes. */

import { onChange } from "../state.js";
import { h } from "./dom.js";

export const HEIGHT = 260;

/** A place called `label` with the chart that `make(UPlot, width)` gives as [options, data]. */
export async function plotted(label, signal, make) {
  const { default: UPlot } = await import("../vendor/uplot/uPlot.esm.js");
  const place = h("div.chart", { role: "img", "aria-label": label });
  let plot;
  const draw = () => {
    plot?.destroy();
    plot = new UPlot(...make(UPlot, place.clientWidth || 600), place);
  };
  const watch = new ResizeObserver(() => {
    if (!plot) draw();
    else plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  watch.observe(place);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    plot?.destroy();
  });
  onChange((patch) => "theme" in patch && draw(), signal);
  return place;
}

/** The colours of the theme as a canvas needs them: computed, not by name. */
export function colours() {
  const probe = h("i", { hidden: true });
  document.body.append(probe);
  queueMicrotask(() => probe.remove());
  return (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
}

/** Writes days such as 2026-01-31 in the chosen language; "" for none. */
export function dayFormat(style) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    ...style,
    timeZone: "UTC",
  });
  return (day) => (day ? format.format(Date.parse(day)) : "");
}
