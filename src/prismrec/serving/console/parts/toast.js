/** Short messages at the edge of the page: what was done, and what went wrong with what to do. */

import { Problem } from "../api.js";
import { t } from "../i18n/words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN = 7000;
let place;

/** Where messages appear; called once by the shell. */
export function toasts() {
  place = h("div.toasts", { role: "region", "aria-label": t("toast.label") });
  return place;
}

/** Say that something was done. */
export function tell(text) {
  show(h("div.toast", { role: "status" }, h("p", {}, text)));
}

/** Say what went wrong: an error of the API with its hint, or any other. */
export function complain(error) {
  if (error?.name === "AbortError") return;
  const { title, detail, hint } = told(error);
  show(
    h(
      "div.toast.bad",
      { role: "alert" },
      h("strong", {}, title),
      h("p", {}, detail),
      hint && h("p.hint", {}, hint),
    ),
  );
}

/** The same, to stand where the content would have been. */
export function trouble(error) {
  const { title, detail, hint } = told(error);
  return h(
    "div.trouble",
    { role: "alert" },
    h("strong", {}, title),
    h("p", {}, detail),
    hint && h("p.hint", {}, hint),
  );
}

function told(error) {
  if (error instanceof Problem) {
    const hint = error.status === 401 ? t("error.key") : error.hint;
    return { title: error.title, detail: error.detail, hint };
  }
  if (!(error instanceof TypeError)) console.error(error);
  return { title: t("error.title"), detail: t("error.unexpected"), hint: error?.message ?? "" };
}

function show(toast) {
  const away = () => toast.remove();
  toast.append(
    h(
      "button.quiet.round",
      { type: "button", "aria-label": t("close"), onclick: away },
      icon("close"),
    ),
  );
  place.append(toast);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(away, SHOWN);
}
