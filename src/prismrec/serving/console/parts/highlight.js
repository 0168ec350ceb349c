/** Marking the words of a search in a text. */

import { h } from "./dom.js";

const HAN = /\p{Script=Han}/u;

/** The words of a search: as the browser's segmenter cuts them, in any language. */
export function wordsOf(text) {
  const cut = new Intl.Segmenter(undefined, { granularity: "word" }).segment(text.toLowerCase());
  return [...new Set([...cut].filter((piece) => piece.isWordLike).map((piece) => piece.segment))];
}

/** `text` as nodes, with what matches `words` in <mark>. */
export function marked(text, words) {
  if (!words.length || !text) return [text];
  const pieces = [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)];
  return pieces.map(({ segment, isWordLike }) =>
    isWordLike && words.some((word) => matches(segment.toLowerCase(), word))
      ? h("mark", {}, segment)
      : segment,
  );
}

/** The same word, the beginning of one (it is still being typed), or its plural. */
function matches(piece, word) {
  if (HAN.test(word)) return piece.includes(word) || word.includes(piece);
  if (piece.startsWith(word)) return word.length > 1 || piece === word;
  return piece.length > 3 && word.startsWith(piece) && word.length - piece.length <= 2;
}
