/** Sliders over the price of exploring, and what each setting would have bought. */

import * as api from "../api.js";
import { number, percent, t } from "../i18n/words.js";
import { debounced, fill, fresh, h } from "./dom.js";
import { spans } from "./spans.js";
import { table } from "./table.js";
import { trouble } from "./toast.js";

const POLICIES = ["greedy", "epsilon-greedy", "plackett-luce"];
const SLIDERS = {
  epsilon: { min: 0, max: 0.5, step: 0.01, shown: percent, only: "epsilon-greedy" },
  temperature: { min: 0.05, max: 3, step: 0.05, shown: (x) => number(x, 2), only: "plackett-luce" },
  share: { min: 0, max: 1, step: 0.05, shown: percent },
  first_place: { min: 1, max: 10, step: 1, shown: number },
  max_expected_loss: { min: 0, max: 0.5, step: 0.005, shown: (x) => percent(x) },
};

/** The form and its answer; `told` is what the API says of exploration now. */
export function budget({ settings, explored }, signal) {
  const chosen = { ...settings };
  if (!POLICIES.includes(chosen.policy) || chosen.policy === "greedy") {
    chosen.policy = "epsilon-greedy";
  }
  const answer = h("div.answer", { "aria-live": "polite" });
  const sliders = h("div.sliders");
  const ask = debounced(async () => {
    try {
      const asked = { policy: chosen.policy };
      for (const name of Object.keys(SLIDERS)) asked[name] = chosen[name];
      const then = await api.preview(asked, signal);
      fill(answer, comparison(explored, then.explored), worth(then.value));
    } catch (error) {
      if (!signal.aborted) fill(answer, trouble(error));
    }
  }, 150);
  const turn = (name, value) => {
    chosen[name] = value;
    ask();
  };
  const draw = () => {
    const used = Object.entries(SLIDERS).filter(([, { only }]) => !only || only === chosen.policy);
    fill(
      sliders,
      chosen.policy === "greedy" ? [] : used.map(([name, how]) => slider(name, how, chosen, turn)),
    );
    ask();
  };
  draw();
  return [
    h("h2", {}, t("explore.budget")),
    h("p.muted", {}, t("explore.budget.note")),
    h("div.two.even", {}, h("div", {}, policyChoice(chosen, draw), sliders), answer),
  ];
}

function policyChoice(chosen, draw) {
  const id = fresh("policy");
  const choose = (event) => {
    chosen.policy = event.target.value;
    draw();
  };
  return h(
    "div.field",
    {},
    h("label", { for: id }, t("explore.policy")),
    h(
      "select",
      { id, onchange: choose },
      POLICIES.map((name) => h("option", { value: name, selected: name === chosen.policy }, name)),
    ),
  );
}

function slider(name, { min, max, step, shown }, chosen, turn) {
  const id = fresh("slider");
  const value = Math.min(max, Math.max(min, chosen[name]));
  const output = h("output", { for: id }, shown(value));
  const move = (event) => {
    const moved = Number(event.target.value);
    fill(output, shown(moved));
    turn(name, moved);
  };
  chosen[name] = value;
  return h(
    "div.field.slider",
    {},
    h("label", { for: id }, t(`explore.set.${name}`)),
    h("div.row", {}, h("input", { id, type: "range", min, max, step, value, oninput: move }), output),
  );
}

function comparison(now, then) {
  const row = (name, value) => [t(name), value(now), value(then)];
  return table(
    ["", t("explore.now"), t("explore.then")],
    [
      row("explore.requests", ({ requests }) => percent(requests)),
      row("explore.places", ({ places }) => percent(places)),
      row("explore.cost", ({ expected_loss }) => percent(expected_loss)),
      row("explore.items", ({ items }) => number(items)),
    ],
    [1, 2],
  );
}

/** What the settings would have earned, from the log; or why it cannot tell. */
function worth({ refused, ...found }) {
  const head = h("h3", {}, t("explore.worth"));
  if (refused) return h("div.worth", {}, head, h("p.muted", {}, refused));
  const { value, interval, served, served_interval, difference } = found;
  const [low, high] = found.difference_interval;
  return h(
    "div.worth",
    {},
    head,
    spans([
      { name: t("explore.now"), value: served, interval: served_interval },
      { name: t("explore.then"), value, interval },
    ]),
    h(
      "p",
      {},
      t("explore.worth.difference", {
        by: signed(difference),
        low: signed(low),
        high: signed(high),
      }),
    ),
    h(
      "p.muted",
      {},
      t("explore.worth.note", { slates: number(found.slates), people: number(found.people) }),
    ),
  );
}

const signed = (x) => (x < 0 ? "−" : "+") + number(Math.abs(x), 2);
