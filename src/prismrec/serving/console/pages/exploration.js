/** Exploration: what is tried, what it costs and brings, and what another budget would buy. */

import * as api from "../api.js";
import { eventName, number, percent, t } from "../i18n/words.js";
import { budget } from "../parts/budget.js";
import { fill, h } from "../parts/dom.js";
import { experiments } from "../parts/experiment.js";
import { between, spans } from "../parts/spans.js";
import { table } from "../parts/table.js";
import { tile } from "../parts/tile.js";

export async function show(main, { signal }) {
  const told = await api.exploration(signal);
  const trials = h("section.panel.trials");
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
    trials,
  );
  await experiments(trials, signal);
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

/** Each policy's estimate beside what was earned. */
function estimates({ estimates: rows, policies: served }) {
  if (!served.length) return h("p.muted", {}, t("explore.none"));
  const first = served.reduce((most, row) => (row.slates > most.slates ? row : most));
  const all = [
    { name: t("explore.serving"), value: first.reward, interval: first.interval },
    ...rows.map((row) => ({
      ...row,
      name: row.policy === "uniform" ? t("explore.uniform") : row.policy,
    })),
  ];
  return [h("p.muted", {}, t("explore.estimates.note")), spans(all)];
}
