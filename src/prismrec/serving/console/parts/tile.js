/** One figure with its name and what it is of. */

import { t } from "../i18n/words.js";
import { h } from "./dom.js";

/** `name` is a key of the dictionary; `value` and `note` are texts. */
export const tile = (name, value, note) =>
  h("div.tile", {}, h("h2", {}, t(name)), h("p.value", {}, value), h("p.muted", {}, note));
