/** Marking what matches in a text, by the spans that the API found. */

import { h } from "./dom.js";

/**
 * `text` as nodes, with its `spans` [start, end) in <mark>.
 *
 * The API counts Unicode characters; a string of this language counts some of them twice.
 */
export function spanned(text, spans = []) {
  if (!spans?.length) return [text];
  const characters = [...text];
  const out = [];
  let at = 0;
  for (const [start, end] of spans) {
    if (start > at) out.push(characters.slice(at, start).join(""));
    out.push(h("mark", {}, characters.slice(start, end).join("")));
    at = end;
  }
  out.push(characters.slice(at).join(""));
  return out.filter((piece) => piece !== "");
}
