/** What changed from one slate to the next. */

import { t } from "../i18n/words.js";

/** A badge for each item of `after` that came or moved, by item id. */
export function badges(before, after) {
  const was = new Map(before.map((item, place) => [item.item_id, place]));
  const found = new Map();
  if (!before.length) return found;
  after.forEach((item, place) => {
    const up = (was.get(item.item_id) ?? NaN) - place;
    if (Number.isNaN(up)) found.set(item.item_id, { kind: "came", text: t("badge.new") });
    else if (up > 0) found.set(item.item_id, { kind: "up", text: t("badge.up", { n: up }) });
    else if (up < 0) found.set(item.item_id, { kind: "down", text: t("badge.down", { n: -up }) });
  });
  return found;
}

/** A sentence: how many left, came and moved. */
export function sentence(before, after) {
  const ids = new Set(after.map((item) => item.item_id));
  const left = before.filter((item) => !ids.has(item.item_id)).length;
  const kinds = [...badges(before, after).values()].map((badge) => badge.kind);
  const came = kinds.filter((kind) => kind === "came").length;
  const moved = kinds.length - came;
  const parts = [
    left && t("change.left", { n: left }),
    came && t("change.came", { n: came }),
    moved && t("change.moved", { n: moved }),
  ].filter(Boolean);
  return parts.length ? t("change.list", { parts }) : t("change.none");
}
