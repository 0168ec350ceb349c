/** Answers: a question, what goes out and how sure that is, and whether it solved it. */

import * as api from "../api.js";
import { percent, t } from "../i18n/words.js";
import { fill, h } from "../parts/dom.js";
import { openItem } from "../parts/drawer.js";
import { complain, tell } from "../parts/toast.js";
import { newId } from "../state.js";

export function show(main, { params, signal }) {
  const field = h("input", {
    type: "search",
    maxlength: 500,
    autocomplete: "off",
    "aria-label": t("answers.ask"),
    placeholder: t("answers.ask"),
    value: params.get("q") ?? "",
  });
  const place = h("div.reply", { "aria-live": "polite" });
  const submit = async (event) => {
    event?.preventDefault();
    const question = field.value.trim();
    if (!question) return;
    fill(place, h("p.muted", {}, t("loading")));
    try {
      fill(place, told(question, await api.answer(question, signal)));
    } catch (error) {
      fill(place);
      complain(error);
    }
  };
  fill(
    main,
    h("h1", {}, t("page.answers")),
    h("p.muted.lead", {}, t("answers.lead")),
    h(
      "form.panel.asking",
      { onsubmit: submit },
      h("div.row", {}, field, h("button.primary", { type: "submit" }, t("answers.go"))),
    ),
    place,
    learning(),
  );
  field.focus();
  if (field.value) submit();
}

/** What goes out: sentences with their sources, or that a person should answer. */
function told(question, reply) {
  const { kind, sentences, handed_over, confidence, item_id } = reply;
  const cited = sentences.map(({ text, source }) =>
    h("li", {}, h("p", {}, text), sourceLink(source)),
  );
  return h(
    "section.panel",
    { "data-kind": kind },
    h(
      "div.verdict-line",
      {},
      h("span.tag", { class: handed_over ? "handed" : "good" }, t(`answers.kind.${kind}`)),
      sure(confidence),
    ),
    handed_over
      ? h(
          "p",
          {},
          t(kind === "out_of_scope" ? "answers.foreign" : "answers.person"),
          " ",
          kind === "unsure" && item_id && [t("answers.nearest"), " ", sourceLink(item_id)],
        )
      : h("ol.cited", {}, cited),
    item_id && !(kind === "out_of_scope") && judging(question, reply),
  );
}

/** How likely the best stored answer is right, as a bar and in words. */
const sure = (confidence) =>
  h(
    "div.sure",
    {},
    h("span", {}, t("answers.sure", { p: percent(confidence, 0) })),
    h(
      "span.sure-track",
      { "aria-hidden": "true" },
      h("span.sure-bar", { css: { "--share": `${(100 * confidence).toFixed(1)}%` } }),
    ),
  );

const sourceLink = (item_id) =>
  h(
    "button.quiet.source",
    { type: "button", title: t("answers.source"), onclick: () => openItem(item_id) },
    item_id,
  );

/** Two buttons: did the best stored answer, or the first that is quoted, solve the question? */
function judging(question, { kind, item_id, sentences }) {
  const judged = kind === "composed" ? sentences[0].source : item_id;
  const id = newId("f-");
  const row = h("div.judging", {}, h("span", {}, t("answers.did", { id: judged })));
  const button = (solved) =>
    h(
      "button",
      {
        type: "button",
        onclick: async () => {
          try {
            await api.answerFeedback({ question, item_id: judged, solved, feedback_id: id });
            fill(row, h("span.muted", {}, t(solved ? "answers.noted.yes" : "answers.noted.no")));
          } catch (error) {
            complain(error);
          }
        },
      },
      t(solved ? "answers.solved" : "answers.unsolved"),
    );
  row.append(button(true), button(false));
  return row;
}

/** Learning anew from all verdicts, for whoever may. */
function learning() {
  const button = h("button", { type: "button" }, t("answers.learn"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { verdicts } = await api.answerLearn();
      tell(t("answers.learned", { n: verdicts }));
    } catch (error) {
      complain(error);
    } finally {
      button.disabled = false;
    }
  });
  return h(
    "section.panel.teaching",
    {},
    h("div", {}, h("h2", {}, t("answers.teach")), h("p.muted", {}, t("answers.teach.note"))),
    button,
  );
}
