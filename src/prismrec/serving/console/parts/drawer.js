/** The panel about one item: why it is here, what caused it, what is like it. */

import * as api from "../api.js";
import { moment, money, number, signed, t } from "../i18n/words.js";
import { aspect, aspectColour, aspectName } from "./aspects.js";
import { bars, telling } from "./bars.js";
import { actButtons } from "./card.js";
import { openDialog } from "./dialog.js";
import { fill, h } from "./dom.js";
import { trouble } from "./toast.js";

/**
 * Open the panel on `item_id`.
 *
 * `shown` is {item, slate} where the item stood in a slate; `text` the search it came from;
 * `onact(kind, item)` sends an event, after which the panel closes; `more` is a further section.
 */
export function openItem(item_id, { shown, text = "", onact, more } = {}) {
  const leaving = new AbortController();
  const about = h("div");
  const why = h("section", {}, h("p.muted", {}, t("loading")));
  const like = h("section");
  const dialog = openDialog(
    shown?.item.title ?? item_id,
    [about, why, like, more, shown && curious(shown.item, shown.slate)],
    { kind: "drawer", onclose: () => leaving.abort() },
  );
  const act = onact && ((item) => (kind) => (dialog.close(), onact(kind, item)));
  const { signal } = leaving;
  const guarded = (work, place) =>
    work.catch((error) => signal.aborted || fill(place, told(error)));
  guarded(tellItem(item_id, about, dialog, act, signal), about);
  guarded(tellWhy(item_id, text, why, signal), why);
  guarded(
    tellSimilar(item_id, like, (next) => (dialog.close(), openItem(next, { onact })), signal),
    like,
  );
}

const told = (error) => (error.status === 404 ? h("p.muted", {}, t("why.gone")) : trouble(error));

async function tellItem(item_id, place, dialog, act, signal) {
  const item = await api.item(item_id, signal);
  dialog.querySelector("h2").textContent = item.title || item.item_id;
  fill(
    place,
    h(
      "p.facts",
      {},
      item.price !== null && h("span.price", {}, money(item.price)),
      item.brand && h("span.brand-of", {}, item.brand),
      item.categories.map((name) => h("span.tag", {}, name)),
      Object.entries(item.attributes).map(([name, value]) =>
        h("span.tag", {}, `${name}: ${[value].flat().join(", ")}`),
      ),
    ),
    item.description && h("p.description", {}, item.description),
    act && actButtons(item, act(item)),
  );
}

async function tellWhy(item_id, text, place, signal) {
  const why = await api.explain(item_id, text, signal);
  const shown = telling(byAspect(why.contributions), 10);
  fill(
    place,
    h("p.reason", {}, why.sentence),
    h("h3", {}, t("why.parts")),
    h("p.muted", {}, t("why.parts.note")),
    bars(shown),
    everyPart(why.contributions),
    h("h3", {}, t("why.influences")),
    why.influences.length
      ? [h("p.muted", {}, t("why.influences.note")), bars(why.influences.map(influence))]
      : h("p.muted", {}, t("why.influences.none")),
  );
}

/** One bar an aspect: what several models say about the same thing, together. */
function byAspect(contributions) {
  const sums = new Map();
  for (const { name, value } of contributions) {
    sums.set(aspect(name), (sums.get(aspect(name)) ?? 0) + value);
  }
  return [...sums]
    .map(([name, value]) => ({ label: aspectName(name), value, colour: aspectColour(name) }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

/** Model by model, for those who want to know. */
function everyPart(contributions) {
  const most = Math.max(0, ...contributions.map(({ value }) => Math.abs(value))) || 1;
  return h(
    "details.curious.every",
    {},
    h("summary", {}, t("why.every")),
    h(
      "dl.figures",
      {},
      contributions.map(({ name, value }) => [h("dt", {}, name), h("dd", {}, signed(value, most))]),
    ),
  );
}

const influence = ({ title, item_id, drop }) => ({
  label: title || item_id,
  value: drop,
  colour: "var(--accent)",
});

async function tellSimilar(item_id, place, open, signal) {
  const { items } = await api.similar(item_id, 6, signal);
  if (!items.length) return;
  fill(
    place,
    h("h3", {}, t("why.similar")),
    h(
      "ul.similar",
      {},
      items.map((item) =>
        h(
          "li",
          {},
          h("button.link", { type: "button", onclick: () => open(item.item_id) }, item.title),
          item.price !== null && h("span.price", {}, money(item.price)),
        ),
      ),
    ),
  );
}

/** Policy, release, propensity and seed, for those who want to know. */
function curious(item, slate) {
  return h(
    "details.curious",
    {},
    h("summary", {}, t("slate.curious")),
    facts([
      ["item.score", number(item.score, 4)],
      ["item.propensity", number(item.propensity, 4)],
      ["item.explored", t(item.explored ? "yes" : "no")],
      ["item.sources", item.sources.join(", ")],
    ]),
    slateFacts(slate),
  );
}

/** What is known of a whole slate. */
export function slateFacts(slate) {
  return facts([
    ["slate.policy", slate.policy],
    ["slate.release", slate.release],
    ["slate.seed", slate.seed],
    ["slate.exposure", slate.exposure_id || t("slate.none")],
    ["slate.at", moment(slate.at)],
    ["slate.notes", slate.notes.join(" ")],
  ]);
}

const facts = (rows) =>
  h(
    "dl.figures",
    {},
    rows
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [h("dt", {}, t(name)), h("dd", {}, value)]),
  );
