/** Language, collection, theme and API key. */

import { LANGUAGES, t } from "../i18n/words.js";
import { change, state } from "../state.js";
import { openDialog } from "./dialog.js";
import { fresh, h } from "./dom.js";

/** Open the settings; what is chosen holds at once. */
export function openSettings() {
  const key = h("input", {
    id: fresh("key"),
    type: "password",
    value: state.key,
    autocomplete: "off",
  });
  const save = (event) => {
    event.preventDefault();
    dialog.close();
    change({ key: key.value.trim() });
  };
  const choose = (name) => (event) => {
    if (name !== "theme") dialog.close(); // the page behind is drawn anew
    change({ [name]: event.target.value });
  };
  const spoken = document.documentElement.lang.split("-")[0];
  const dialog = openDialog(t("settings"), [
    select(t("settings.language"), LANGUAGES, spoken, choose("language")),
    state.collections.length > 1 &&
      select(
        t("settings.collection"),
        named(state.collections),
        state.collection,
        chosenShop(choose),
      ),
    select(t("settings.theme"), themes(), state.theme, choose("theme")),
    h(
      "form.field",
      { onsubmit: save },
      h("label", { for: key.id }, t("settings.key")),
      h("div.row", {}, key, h("button.primary", {}, t("settings.save"))),
      h("small", {}, t("settings.key.note")),
    ),
    h("p", {}, h("a", { href: "docs" }, t("settings.docs"))),
  ]);
}

const themes = () => ({ "": t("theme.auto"), light: t("theme.light"), dark: t("theme.dark") });

const named = (names) => Object.fromEntries(names.map((name) => [name, name]));

// A person of one collection is nobody in another.
function chosenShop(choose) {
  return (event) => {
    Object.assign(state, { user: "", session: "" });
    choose("collection")(event);
  };
}

function select(label, options, chosen, onchange) {
  const id = fresh("choice");
  return h(
    "div.field",
    {},
    h("label", { for: id }, label),
    h(
      "select",
      { id, onchange },
      Object.entries(options).map(([value, text]) =>
        h("option", { value, selected: value === chosen }, text),
      ),
    ),
  );
}
