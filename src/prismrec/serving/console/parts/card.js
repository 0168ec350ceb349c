/** An item as a card: what it is, why it is here, and what one can do with it. */

import { money, t } from "../i18n/words.js";
import { aspectColour, aspectName } from "./aspects.js";
import { bars, telling } from "./bars.js";
import { h } from "./dom.js";
import { spanned } from "./highlight.js";
import { icon } from "./icons.js";

/** The events a person at the console can send. */
export const ACTS = ["view", "cart", "purchase", "dislike"];

/**
 * A card.
 *
 * `item` is an item of a slate; `place` counts from 1; `parts` are its aspects against the slate's
 * mean, drawn on the scale `most`; `badge` says what changed; `onopen()` shows why, `onact(kind)`
 * sends an event (none: no buttons). What a search marked in title and snippet is highlighted.
 */
export function card(item, { place, parts = [], most, badge, onopen, onact }) {
  return h(
    "article.card",
    { "data-item": item.item_id, "aria-label": `${place}. ${item.title}` },
    h(
      "header.card-head",
      {},
      h("span.place", { "aria-hidden": "true" }, place),
      h(
        "h3",
        {},
        h(
          "button.link.card-title",
          { type: "button", onclick: onopen },
          spanned(item.title, item.marks),
        ),
      ),
      item.price !== null && item.price !== undefined && h("span.price", {}, money(item.price)),
    ),
    facts(item, badge),
    item.snippet && h("p.snippet", {}, spanned(item.snippet.text, item.snippet.marks)),
    item.reason && h("p.reason", {}, item.reason),
    bars(telling(parts, 4, most).map(barOf), most),
    h(
      "footer.card-foot",
      {},
      onact && ACTS.map((kind) => actButton(kind, item, onact)),
      h(
        "button.quiet.why",
        { type: "button", "aria-label": t("item.open", { title: item.title }), onclick: onopen },
        icon("why"),
        t("item.why"),
      ),
    ),
  );
}

/** The row of buttons that send events about an item. */
export const actButtons = (item, onact) =>
  h(
    "div.acts",
    {},
    ACTS.map((kind) => actButton(kind, item, onact)),
  );

const barOf = ({ name, value }) => ({ label: aspectName(name), value, colour: aspectColour(name) });

function facts(item, badge) {
  return h(
    "p.facts",
    {},
    item.brand && h("span.brand-of", {}, item.brand),
    item.pinned && h("span.tag.explored", { title: t("item.pinned.why") }, t("item.pinned")),
    item.categories.map((name) => h("span.tag", {}, name)),
    item.explored && h("span.tag.explored", { title: t("item.explored.why") }, t("item.explored")),
    badge && h("span.tag.badge", { class: badge.kind }, badge.text),
  );
}

function actButton(kind, item, onact) {
  const act = t(`act.${kind}`);
  return h(
    "button.act",
    {
      type: "button",
      class: kind,
      "data-act": kind,
      title: act,
      "aria-label": t("act.on", { act, title: item.title }),
      onclick: () => onact(kind),
    },
    icon(kind),
    h("span", {}, act),
  );
}
