/**
 * What a part of a score is about, and its colour of the spectrum.
 *
 * The colours follow Okabe and Ito's palette, which people with any colour vision can tell apart,
 * in the order of the rainbow; styles/base.css holds them. One aspect has one colour on every page,
 * and no bar goes without its name.
 */

import { t } from "../i18n/words.js";

const ASPECTS = {
  words: "words",
  lexical: "words",
  meaning: "meaning",
  shown: "shown",
  media: "shown",
  text_knn: "text",
  text: "text",
  description: "text",
  follows: "follows",
  transitions: "follows",
  similar: "together",
  item_knn: "together",
  ease: "together",
  text_ease: "goes",
  related: "together",
  likeness: "likeness",
  user_knn: "neighbours",
  als: "pattern",
  bpr: "pattern",
  matrix_factorisation: "pattern",
  prism: "order",
  two_tower: "pattern",
  "two_tower.identity": "pattern",
  identity: "order",
  attributes: "attributes",
  popularity: "popular",
  popular: "popular",
  "rule.popularity": "popular",
  personal: "taste",
  newcomer: "new",
  recent: "new",
  "rule.freshness": "new",
  repeat: "again",
  repeats: "again",
  "rule.boost": "featured",
  "rule.curated": "featured",
  profile: "profile",
};

const COLOURS = {
  popular: "vermilion",
  featured: "vermilion",
  again: "orange",
  new: "orange",
  attributes: "yellow",
  profile: "yellow",
  text: "green",
  meaning: "cyan",
  likeness: "cyan",
  shown: "cyan",
  together: "blue",
  goes: "blue",
  follows: "blue",
  neighbours: "blue",
  words: "indigo",
  pattern: "violet",
  order: "violet",
  taste: "violet",
};

/** The aspect of a part: its expert, or the view of an expert that has views. */
export function aspect(part) {
  const [expert, ...rest] = part.split(".");
  const view = rest.at(-1)?.split(":")[0]; // `media:image`
  return ASPECTS[part] ?? (view && ASPECTS[view]) ?? ASPECTS[expert.split(":")[0]] ?? part;
}

/** The name of an aspect for people. */
export const aspectName = (name) => (name in COLOURS ? t(`aspect.${name}`) : name);

/** The CSS colour of an aspect. */
export const aspectColour = (name) => `var(--${COLOURS[name] ?? "grey"})`;

/** What sets each item of a slate apart: its parts, summed by aspect, less the slate's mean. */
export function apart(items) {
  const sums = items.map((item) => byAspect(item.parts));
  const names = new Set(sums.flatMap((sum) => Object.keys(sum)));
  const means = Object.fromEntries(
    [...names].map((name) => [
      name,
      sums.reduce((total, sum) => total + (sum[name] ?? 0), 0) / Math.max(1, sums.length),
    ]),
  );
  return sums.map((sum) =>
    [...names]
      .map((name) => ({ name, value: (sum[name] ?? 0) - means[name] }))
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value)),
  );
}

function byAspect(parts) {
  const sums = {};
  for (const [part, value] of Object.entries(parts ?? {})) {
    const name = aspect(part);
    sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
