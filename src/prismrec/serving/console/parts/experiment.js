/** The experiment under way with its running verdict, or the form that starts one; and past ones. */

import * as api from "../api.js";
import { moment, number, percent, t } from "../i18n/words.js";
import { confirmed, openDialog } from "./dialog.js";
import { fill, fresh, h } from "./dom.js";
import { between, spans } from "./spans.js";
import { table } from "./table.js";
import { complain, tell, trouble } from "./toast.js";

const EVERY = 10_000;

/** Keeps `place` up to date until `signal` aborts. */
export async function experiments(place, signal) {
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const draw = async () => {
    clearTimeout(timer);
    try {
      const known = await api.experiments(signal);
      const running = known.find((one) => one.under_way);
      const now = running ? await underWay(running, signal, draw) : await form(signal, draw);
      const past = known.filter((one) => !one.under_way);
      fill(place, h("h2", {}, t("trial.title")), now, past.length ? history(past, signal) : null);
      if (running) timer = setTimeout(again, EVERY);
    } catch (error) {
      if (!signal.aborted) fill(place, h("h2", {}, t("trial.title")), trouble(error));
    }
  };
  const again = () => {
    // Whoever is on a button here keeps it.
    if (place.contains(document.activeElement)) timer = setTimeout(again, EVERY);
    else draw();
  };
  await draw();
}

async function underWay(one, signal, changed) {
  const told = await api.experiment(one.name, signal);
  const stop = async () => {
    const sure = t("trial.stop.sure", { name: one.name });
    if (!(await confirmed(sure, t("trial.stop.note"), t("trial.stop"), "danger"))) return;
    await doing(() => api.stopExperiment(one.name), t("trial.stopped", one), changed);
  };
  return [
    h(
      "div.row.spread",
      {},
      h("p", {}, h("strong", {}, one.name), ": ", t("trial.what", what(one))),
      one.by_settings
        ? h("span.muted", {}, t("trial.settings"))
        : h("button", { type: "button", onclick: stop }, t("trial.stop")),
    ),
    verdict(told),
  ];
}

const what = ({ release, share, started_at }) => ({
  release,
  share: percent(share),
  since: started_at ? moment(started_at) : "",
});

/** What is known of both arms; `refused` where an arm met nobody yet. */
function verdict({ verdict: found, refused, complete }) {
  if (!found) return h("p.muted", {}, refused);
  const rows = found.arms.map((arm) => ({
    name: t(`trial.${arm.name}`, { people: number(arm.people), requests: number(arm.requests) }),
    value: arm.mean,
    interval: arm.interval,
  }));
  const sure = found.finding !== "open";
  return [
    h("p.muted", {}, t("trial.verdict.note")),
    spans(rows),
    h(
      "p.finding",
      {},
      h(`span.tag${sure ? ".serving" : ""}`, {}, t(`trial.finding.${found.finding}`)),
      " ",
      t("trial.difference", {
        by: `${found.difference < 0 ? "−" : "+"}${number(Math.abs(found.difference), 2)}`,
        between: between(found.interval),
      }),
    ),
    complete ? null : h("p.muted", {}, t("trial.part")),
  ];
}

async function form(signal, changed) {
  const releases = (await api.releases(signal)).filter((one) => !one.serving && !one.problem);
  if (!releases.length) return h("p.muted", {}, t("trial.none"));
  const asked = { release: releases[0].number, share: 0.1, name: "" };
  const start = async (event) => {
    event.preventDefault();
    const sure = t("trial.start.sure", { ...asked, share: percent(asked.share) });
    if (!(await confirmed(sure, t("trial.start.note"), t("trial.start")))) return;
    await doing(() => api.startExperiment(asked), t("trial.started", asked), changed);
  };
  return [
    h("p.muted", {}, t("trial.note")),
    h(
      "form.trial",
      { onsubmit: start },
      challenger(releases, asked),
      shareOf(asked),
      named(asked),
      h("button.primary", { type: "submit" }, t("trial.start")),
    ),
  ];
}

function challenger(releases, asked) {
  const id = fresh("challenger");
  const choose = (event) => {
    asked.release = Number(event.target.value);
  };
  const label = ({ number: n, created_at }) =>
    `${n}${created_at ? ` · ${moment(created_at)}` : ""}`;
  return h(
    "div.field",
    {},
    h("label", { for: id }, t("trial.release")),
    h(
      "select",
      { id, onchange: choose },
      releases.map((one) => h("option", { value: one.number }, label(one))),
    ),
  );
}

function shareOf(asked) {
  const id = fresh("share");
  const output = h("output", { for: id }, percent(asked.share));
  const move = (event) => {
    asked.share = Number(event.target.value);
    fill(output, percent(asked.share));
  };
  const range = { id, type: "range", min: 0.01, max: 0.5, step: 0.01, value: 0.1, oninput: move };
  return h(
    "div.field.slider",
    {},
    h("label", { for: id }, t("trial.share")),
    h("div.row", {}, h("input", range), output),
  );
}

function named(asked) {
  const id = fresh("name");
  const type = (event) => {
    asked.name = event.target.value.trim();
  };
  return h(
    "div.field",
    {},
    h("label", { for: id }, t("trial.name")),
    h("input", { id, type: "text", maxlength: 80, pattern: "[^:\\/]*", oninput: type }),
  );
}

function history(past, signal) {
  const result = async (one) => {
    try {
      const told = await api.experiment(one.name, signal);
      openDialog(one.name, [h("p", {}, t("trial.what", what(one))), verdict(told)]);
    } catch (error) {
      complain(error);
    }
  };
  const button = (one) =>
    h("button.quiet", { type: "button", onclick: () => result(one) }, t("trial.result"));
  return [
    h("h3", {}, t("trial.past")),
    table(
      ["trial.name.head", "slate.release", "trial.share", "trial.from", "trial.to"]
        .map((name) => t(name))
        .concat(""),
      past.map((one) => [
        one.name,
        number(one.release),
        percent(one.share),
        moment(one.started_at),
        moment(one.stopped_at),
        button(one),
      ]),
      [1, 2],
    ),
  ];
}

async function doing(act, said, changed) {
  try {
    await act();
    tell(said);
    await changed();
  } catch (error) {
    complain(error);
  }
}
