/** Dialogs over the page. The browser keeps the focus inside, and Escape closes them. */

import { t } from "../i18n/words.js";
import { fresh, h } from "./dom.js";
import { icon } from "./icons.js";

/** Open a dialog with a title; `body` are its children. Returns the element; close() closes it. */
export function openDialog(title, body, { kind = "box", onclose } = {}) {
  const id = fresh("title");
  const dialog = h(
    "dialog",
    { class: kind, "aria-labelledby": id },
    h(
      "header",
      {},
      h("h2", { id }, title),
      h(
        "button.quiet.round",
        { type: "button", "aria-label": t("close"), onclick: () => dialog.close() },
        icon("close"),
      ),
    ),
    h("div.dialog-body", {}, body),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask before something that matters. Resolves to true or false. */
export function confirmed(question, note, action, kind = "primary") {
  return new Promise((resolve) => {
    let answer = false;
    const end = (yes) => () => {
      answer = yes;
      dialog.close();
    };
    const dialog = openDialog(
      question,
      [
        h("p", {}, note),
        h(
          "div.actions",
          {},
          h("button", { type: "button", onclick: end(false) }, t("cancel")),
          h("button", { type: "button", class: kind, onclick: end(true) }, action),
        ),
      ],
      { onclose: () => resolve(answer) },
    );
  });
}
