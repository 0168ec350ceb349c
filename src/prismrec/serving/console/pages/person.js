/** For a person: their history, what is recommended and why, and what changes after an event. */

import * as api from "../api.js";
import { t } from "../i18n/words.js";
import { apart } from "../parts/aspects.js";
import { largest } from "../parts/bars.js";
import { card } from "../parts/card.js";
import { badges, sentence } from "../parts/changes.js";
import { become, chooser } from "../parts/chooser.js";
import { fill, h } from "../parts/dom.js";
import { openItem, slateFacts } from "../parts/drawer.js";
import { historyList } from "../parts/history.js";
import { icon } from "../parts/icons.js";
import { fading, moving } from "../parts/move.js";
import { complain, trouble } from "../parts/toast.js";
import { newId, onChange, state } from "../state.js";

const N = 9;

export async function show(main, { params, signal }) {
  const title = h("h1");
  const past = h("div.past");
  const news = h("p.news", { role: "status" });
  const grid = h("div.cards", { "aria-busy": "true" });
  const curious = h("details.curious");
  fill(
    main,
    h(
      "div.two.three",
      {},
      h("div.panel", {}, chooser(signal)),
      h("section", {}, title, h("p.lead", {}, t("slate.lead")), news, grid, curious),
      h("aside.panel", {}, h("h2", {}, t("person.history")), past),
    ),
  );
  const page = { past, news, grid, curious, title, signal, before: [], seed: undefined };
  await choose(params.get("user"));
  onChange((patch) => "user" in patch && renew(page), signal);
  await renew(page);
}

/** Somebody is always chosen: who the address names, who was chosen before, or the last active. */
async function choose(named) {
  if (named && named !== state.user) return become(named);
  if (state.user || state.session) return null;
  const people = await api.people("");
  return become(people[0]?.user_id ?? "");
}

/** Another person: a new slate, and nothing to compare it with. */
async function renew(page) {
  page.before = [];
  page.seed = undefined;
  fill(page.news);
  fill(page.title, state.user ? t("slate.for", { name: state.user }) : t("slate.for.new"));
  await load(page);
}

async function load(page) {
  const mine = (page.turn = (page.turn ?? 0) + 1);
  page.grid.setAttribute("aria-busy", "true");
  try {
    const [slate, events] = await Promise.all([
      api.recommend({ n: N, seed: page.seed }, page.signal),
      api.history(50, page.signal),
    ]);
    if (mine !== page.turn) return;
    // The next slate of this person is drawn with the same seed: what moves, moved by the event.
    page.seed = slate.seed;
    showSlate(page, slate);
    fill(
      page.past,
      historyList(events, (id) => openItem(id)),
    );
  } catch (error) {
    if (mine === page.turn && error.name !== "AbortError") fill(page.grid, trouble(error));
  }
  page.grid.setAttribute("aria-busy", "false");
}

function showSlate(page, slate) {
  const parts = apart(slate.items);
  const most = Math.max(...parts.map(largest), 0);
  const changed = badges(page.before, slate.items);
  const send = (kind, item) => act(page, slate, kind, item);
  moving(page.grid, () =>
    fill(
      page.grid,
      slate.items.length === 0 && h("p.muted", {}, t("slate.empty")),
      slate.items.map((item, i) =>
        card(item, {
          place: i + 1,
          parts: parts[i],
          most,
          badge: changed.get(item.item_id),
          onopen: () => openItem(item.item_id, { shown: { item, slate }, onact: send }),
          onact: (kind) => send(kind, item),
        }),
      ),
    ),
  );
  fill(page.curious, h("summary", {}, t("slate.curious")), slateFacts(slate), drawAgain(page));
  page.slate = slate;
}

function drawAgain(page) {
  const draw = () => {
    page.seed = undefined;
    page.before = page.slate.items;
    load(page);
  };
  return h("button", { type: "button", onclick: draw }, icon("again"), t("slate.again"));
}

/** Send an event about an item of a slate, then show the next slate and say what changed. */
async function act(page, slate, kind, item) {
  const cards = [...page.grid.children];
  const pressed = cards.find((one) => one.dataset.item === item.item_id);
  for (const button of page.grid.querySelectorAll("button.act")) button.disabled = true;
  try {
    await api.observe({
      item_id: item.item_id,
      event: kind,
      event_id: newId("console-"),
      exposure_id: slate.exposure_id,
      value: kind === "purchase" ? item.price : undefined,
    });
    if (kind === "dislike" || kind === "purchase") await fading(pressed);
    page.before = slate.items;
    await load(page);
    const done = t(`done.${kind}`, { title: item.title });
    const stays =
      kind === "purchase" && page.slate.items.some((one) => one.item_id === item.item_id);
    const after = [sentence(page.before, page.slate.items), stays && t("change.stays")];
    fill(page.news, h("strong", {}, done), ` ${after.filter(Boolean).join(" ")}`);
    keepFocus(page.grid, item.item_id, kind, cards.indexOf(pressed));
  } catch (error) {
    complain(error);
    for (const button of page.grid.querySelectorAll("button.act")) button.disabled = false;
  }
}

/** The keyboard stays where it was: on the same item, else on the same place. */
function keepFocus(grid, item_id, kind, place) {
  const cards = [...grid.children];
  const next = cards.find((one) => one.dataset.item === item_id) ?? cards[place] ?? cards[0];
  next?.querySelector(`[data-act="${kind}"]`)?.focus({ preventScroll: true });
}
