/** Review: items that lists and classifier leave to a person, and what was decided. */

import * as api from "../api.js";
import { moment, percent, t } from "../i18n/words.js";
import { fill, h } from "../parts/dom.js";
import { table } from "../parts/table.js";
import { complain, tell } from "../parts/toast.js";

const LABELS = ["allowed", "adult", "blocked"];

export async function show(main, { signal }) {
  const waiting = h("section.panel.waiting");
  const decided = h("section.panel.decided");
  const again = async () => {
    const [queue, rulings] = await Promise.all([api.doubts(signal), api.rulings(signal)]);
    fill(
      waiting,
      h("h2", {}, t("review.waiting", { n: queue.length })),
      queue.length
        ? h("ul.doubts", {}, queue.map((doubt) => card(doubt, again)))
        : h("p.muted", {}, t("review.none")),
    );
    fill(decided, h("h2", {}, t("review.decided")), ...history(rulings, again));
  };
  await again();
  fill(
    main,
    h("h1", {}, t("page.review")),
    h("p.muted.lead", {}, t("review.lead")),
    waiting,
    decided,
  );
}

function card({ item_id, title, description, findings }, again) {
  const button = (label) =>
    h(
      "button",
      {
        type: "button",
        class: label === "blocked" ? "danger" : "",
        "aria-label": t("act.on", { act: t(`review.${label}`), title }),
        onclick: () => act(() => api.rule(item_id, label), `review.${label}.done`, title, again),
      },
      t(`review.${label}`),
    );
  return h(
    "li.doubt",
    {},
    h(
      "div",
      {},
      h("h3", {}, title || item_id),
      description && h("p.muted", {}, description),
      h("p.found", {}, findings.map(found)),
    ),
    h("div.acts", {}, LABELS.map(button)),
  );
}

/** Why a person is asked: the term, or what the classifier gives it. */
function found({ term, p }) {
  return h(
    "span.tag",
    {},
    term ? t("review.term", { term }) : t("review.classifier", { p: percent(p) }),
  );
}

function history(rulings, again) {
  if (!rulings.length) return [h("p.muted", {}, t("review.undecided"))];
  const back = (one) =>
    act(() => api.unrule(one.item_id), "review.back.done", one.title, again);
  const rows = rulings.map((one) => [
    one.title,
    t(`review.state.${one.label}`),
    moment(one.at),
    one.by,
    one.note,
    h(
      "button.quiet",
      {
        type: "button",
        "aria-label": t("act.on", { act: t("review.back"), title: one.title }),
        onclick: () => back(one),
      },
      t("review.back"),
    ),
  ]);
  const heads = ["item", "state", "at", "by", "note"].map((name) => t(`review.head.${name}`));
  return [table([...heads, ""], rows)];
}

async function act(work, done, title, again) {
  try {
    await work();
    tell(t(done, { title }));
    await again();
  } catch (error) {
    complain(error);
  }
}
