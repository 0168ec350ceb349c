/** Exploration: what is tried, what it costs and brings, and what another budget would buy. */

import * as api from "../api.js";
import { eventName, number, percent, t } from "../i18n/words.js";
import { budget } from "../parts/budget.js";
import { fill, h } from "../parts/dom.js";
import { table } from "../parts/table.js";
import { tile } from "../parts/tile.js";

export async function show(main, { signal }) {
  const told = await api.exploration(signal);
  fill(
    main,
    h("h1", {}, t("page.exploration")),
    h("p.muted.lead", {}, t("explore.lead")),
    h("div.figures-row", {}, tiles(told)),
    h("section.panel.budget", {}, budget(told, signal)),
    h(
      "div.two.even",
      {},
      h("section.panel.policies", {}, h("h2", {}, t("explore.policies")), policies(told)),
      h("section.panel.estimates", {}, h("h2", {}, t("explore.estimates")), estimates(told)),
    ),
  );
}

/** What a shop owner asks first: how much, at what cost, and for whom. */
function tiles({ explored, settings, new_items }) {
  return [
    tile(
      "explore.requests",
      percent(explored.requests),
      t("explore.requests.note", { n: number(explored.slates) }),
    ),
    tile(
      "explore.places",
      percent(explored.places),
      t("explore.places.note", { policy: settings.policy }),
    ),
    tile("explore.cost", percent(explored.expected_loss), t("explore.cost.note")),
    tile(
      "explore.new",
      percent(new_items.places),
      t("explore.new.note", {
        shown: number(new_items.shown),
        items: number(new_items.items),
        days: number(settings.new_days),
        reward: percent(new_items.reward),
      }),
    ),
  ];
}

function policies({ policies: rows, rewards }) {
  if (!rows.length) return h("p.muted", {}, t("explore.none"));
  const counted = Object.entries(rewards)
    .map(([name, worth]) => `${eventName(name)} ${number(worth)}`)
    .join(", ");
  return [
    h("p.muted", {}, t("explore.policies.note", { rewards: counted })),
    table(
      [
        "explore.policy",
        "slate.release",
        "explore.slates",
        "explore.people",
        "explore.reward",
        "explore.interval",
      ].map((name) => t(name)),
      rows.map((row) => [
        h("span", { title: `${t("explore.version")}: ${row.version}` }, row.policy),
        number(row.release),
        number(row.slates),
        number(row.people),
        number(row.reward, 2),
        row.interval ? between(row.interval) : t("explore.one"),
      ]),
      [1, 2, 3, 4, 5],
    ),
  ];
}

/** Each policy's estimate on one scale, so that they can be compared by eye. */
function estimates({ estimates: rows, policies: served }) {
  if (!served.length) return h("p.muted", {}, t("explore.none"));
  const [first] = served;
  const all = [
    { policy: t("explore.serving"), value: first.reward, interval: first.interval },
    ...rows.map((row) => ({
      ...row,
      policy: row.policy === "uniform" ? t("explore.uniform") : row.policy,
    })),
  ];
  const most = Math.max(1e-9, ...all.flatMap((row) => row.interval ?? []));
  return [
    h("p.muted", {}, t("explore.estimates.note")),
    h(
      "ul.spans",
      {},
      all.map((row) => span(row, most)),
    ),
  ];
}

function span({ policy, value, interval, refused }, most) {
  if (!interval) {
    return h("li", {}, h("strong", {}, policy), h("p.muted", {}, refused ?? t("explore.one")));
  }
  const share = (x) => `${(100 * Math.min(1, Math.max(0, x / most))).toFixed(2)}%`;
  const [low, high] = interval;
  return h(
    "li",
    {},
    h("strong", {}, policy),
    h("span.span-value", {}, `${number(value, 2)} (${between(interval)})`),
    h(
      "span.span-track",
      { "aria-hidden": "true" },
      h("span.span-reach", { css: { "--from": share(low), "--to": share(high) } }),
      h("span.span-point", { css: { "--at": share(value) } }),
    ),
  );
}

const between = ([low, high]) =>
  t("explore.between", { low: number(low, 2), high: number(high, 2) });
