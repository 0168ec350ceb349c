/** What a person did, newest first. */

import { ago, eventName, moment, t } from "../i18n/words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const FIRST = 8;

/** The list; `open(item_id)` shows an item. */
export function historyList(events, open) {
  if (!events.length) return h("p.muted", {}, t("person.history.none"));
  const rows = events.map((event) => row(event, open));
  const list = h("ol.history", {}, rows.slice(0, FIRST));
  if (rows.length <= FIRST) return list;
  const more = h(
    "button.link",
    {
      type: "button",
      onclick: () => {
        list.append(...rows.slice(FIRST));
        more.remove();
        rows[FIRST].querySelector("button")?.focus();
      },
    },
    `${t("person.history.more")} (${rows.length - FIRST})`,
  );
  return h("div", {}, list, more);
}

function row(event, open) {
  const grade = event.event === "rating" && event.value !== null ? ` ${event.value}` : "";
  return h(
    "li",
    { class: `event-${event.event.replace(/\W+/g, "-")}` },
    h("span.event-icon", {}, icon(event.event)),
    h(
      "div",
      {},
      h(
        "button.link.event-title",
        { type: "button", onclick: () => open(event.item_id) },
        event.title || event.item_id,
      ),
      h(
        "small",
        {},
        eventName(event.event) + grade,
        event.query && ` ${t("history.query", { query: event.query })}`,
        h("time", { title: moment(event.timestamp) }, ` · ${ago(event.timestamp)}`),
      ),
    ),
  );
}
