/** Opinions: how often each label is meant by day, and the alerts with the texts that caused them. */

import * as api from "../api.js";
import { moment, number, percent, t } from "../i18n/words.js";
import { confirmed } from "../parts/dialog.js";
import { fill, h } from "../parts/dom.js";
import { rateChart } from "../parts/rates.js";
import { tile } from "../parts/tile.js";
import { complain, tell } from "../parts/toast.js";

const LATELY = 7;
const EXAMPLE = `[monitor]
using = "sentiment.model"
watch = ["negative"]
topics = "topics.model"`;

export async function show(main, { signal }) {
  const told = await api.opinions(signal);
  const head = [h("h1", {}, t("page.opinions")), h("p.muted.lead", {}, t("opinions.lead"))];
  if (!told.watched.length) {
    fill(main, head, unwatched());
    return;
  }
  const page = {
    signal,
    told,
    labels: told.watched.filter(({ topic }) => !topic).map(({ label }) => label),
    name: namer(told.watched),
    tiles: h("div.figures-row"),
    alerts: h("section.panel.alerts"),
  };
  await drawAlerts(page);
  fill(main, head, page.tiles, await rates(page), page.alerts);
}

/** What a series is called: the label, with its topic where it has one. */
function namer(watched) {
  const known = new Map(watched.map((one) => [one.series, one]));
  return (series) => {
    const { label, topic } = known.get(series) ?? {};
    return topic ? t("opinions.within", { label, topic }) : (label ?? series);
  };
}

/** Nothing is watched: what to write to change that. */
const unwatched = () =>
  h(
    "section.panel.unwatched",
    {},
    h("h2", {}, t("opinions.unwatched")),
    h("p.muted", {}, t("opinions.unwatched.how")),
    h("pre", {}, EXAMPLE),
  );

function drawTiles({ told, labels, tiles }, open) {
  const ready = Object.keys(told.usual).length > 0;
  fill(
    tiles,
    tile(
      "opinions.read",
      number(told.texts),
      ready
        ? t("opinions.read.note", { n: number(told.baseline) })
        : t("opinions.baseline", { n: number(told.baseline) }),
    ),
    tile("opinions.open", number(open), t("opinions.open.note")),
    ready && labels.slice(0, 2).map((name) => lately(told, name)),
  );
}

/** A label over its last days, beside what is usual. */
function lately({ days, usual }, name) {
  const last = days.slice(-LATELY);
  const texts = last.reduce((sum, day) => sum + day.texts, 0);
  const rate = last.reduce((sum, day) => sum + day.texts * day.rates[name], 0) / texts;
  return h(
    "div.tile",
    {},
    h("h2", {}, name),
    h("p.value", {}, percent(rate)),
    h("p.muted", {}, t("opinions.lately", { n: last.length, usual: percent(usual[name]) })),
  );
}

async function rates({ told, labels, name, signal }) {
  const place = h("div");
  const draw = async (label) => {
    const some = told.watched.filter((one) => one.label === label).map(({ series }) => series);
    fill(place, await rateChart(told, some, name, signal));
  };
  await draw(labels[0]);
  const choose = h(
    "select",
    { "aria-label": t("opinions.label"), onchange: (event) => draw(event.target.value) },
    labels.map((label) => h("option", { value: label }, label)),
  );
  return h(
    "section.panel.rates",
    {},
    h("div.row.between", {}, h("h2", {}, t("opinions.days")), labels.length > 1 && choose),
    place,
  );
}

async function drawAlerts(page) {
  const found = await api.alerts(page.signal);
  const open = found.filter((alert) => alert.closed_at === null).length;
  drawTiles(page, open);
  fill(
    page.alerts,
    h("h2", {}, t("opinions.alerts")),
    found.length
      ? h("ul.alert-list", {}, found.map((alert) => card(page, alert)))
      : h("p.muted", {}, t("opinions.alerts.none")),
  );
}

function card(page, alert) {
  const name = page.name(alert.series);
  const closed = alert.closed_at !== null;
  return h(
    "li.alert",
    { class: closed ? "closed" : "" },
    h(
      "div.row.between",
      {},
      h(
        "h3",
        {},
        t("opinions.rose", { series: name, usual: percent(alert.usual), now: percent(alert.now) }),
      ),
      closed
        ? h("span.tag", {}, t("opinions.closed", { who: alert.closed_by }))
        : h(
            "button",
            {
              type: "button",
              "aria-label": t("act.on", { act: t("opinions.close"), title: name }),
              onclick: () => close(page, alert, name),
            },
            t("opinions.close"),
          ),
    ),
    h(
      "p.muted",
      {},
      moment(Date.parse(alert.at)),
      " · ",
      t("opinions.since", { since: number(alert.since), n: number(alert.text_number) }),
    ),
    h(
      "ul.causes",
      { "aria-label": t("opinions.causes") },
      alert.causes.map((cause) => quoted(page, alert, cause)),
    ),
  );
}

/** A text that spoke for an alert, and what erases it. */
function quoted(page, { alert }, { text, text_number, share }) {
  const told = text ? h("q", {}, text) : h("span.muted", {}, t("opinions.erased"));
  const erase = h(
    "button.quiet",
    {
      type: "button",
      "aria-label": t("act.on", { act: t("opinions.erase"), title: text }),
      onclick: () => eraseText(page, alert, text_number),
    },
    t("opinions.erase"),
  );
  return h("li", {}, told, h("span.muted", {}, percent(share, 0)), text && erase);
}

async function eraseText(page, alert, text) {
  const [sure, note] = [t("opinions.erase.sure"), t("opinions.erase.note")];
  if (!(await confirmed(sure, note, t("opinions.erase"), "danger"))) return;
  try {
    await api.eraseText(alert, text);
    tell(t("opinions.erase.done"));
    await drawAlerts(page);
  } catch (error) {
    complain(error);
  }
}

async function close(page, { alert }, name) {
  try {
    await api.closeAlert(alert);
    tell(t("opinions.closed.done", { series: name }));
    await drawAlerts(page);
  } catch (error) {
    complain(error);
  }
}
