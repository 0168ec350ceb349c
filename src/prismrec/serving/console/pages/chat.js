/** Conversation: wishes and critiques, answered with items of the catalogue and a question back. */

import * as api from "../api.js";
import { t } from "../i18n/words.js";
import { card } from "../parts/card.js";
import { fill, h } from "../parts/dom.js";
import { openItem } from "../parts/drawer.js";
import { complain, tell } from "../parts/toast.js";
import { newId, who } from "../state.js";

const N = 4;

export function show(main, { signal }) {
  const page = {
    signal,
    conversation: "",
    log: h("ol.talk", { role: "log", "aria-live": "polite", "aria-label": t("chat.log") }),
    field: h("input", {
      type: "text",
      autocomplete: "off",
      maxlength: 500,
      "aria-label": t("chat.say"),
      placeholder: t("chat.say"),
    }),
    hints: h("div.hints"),
  };
  const submit = (event) => {
    event.preventDefault();
    say(page, page.field.value);
  };
  fill(
    main,
    h("h1.hidden", {}, t("page.chat")),
    page.log,
    h(
      "form.compose",
      { onsubmit: submit },
      page.hints,
      h(
        "div.row",
        {},
        page.field,
        h("button.primary", { type: "submit" }, t("chat.send")),
        h("button.quiet", { type: "button", onclick: () => restart(page) }, t("chat.new")),
      ),
    ),
  );
  begin(page);
}

/** A new conversation, with what one might say first. */
function begin(page) {
  page.conversation = "";
  fill(page.log, h("li.theirs.hello", {}, h("p", {}, t("chat.hello"))));
  offer(page, [1, 2, 3].map((i) => t(`chat.hint.${i}`)));
}

function restart(page) {
  begin(page);
  page.field.focus();
}

async function say(page, text) {
  if (!text.trim() || page.waiting) return;
  page.waiting = true;
  page.field.value = "";
  const waiting = h("li.theirs.waiting", {}, h("p.muted", {}, t("loading")));
  page.log.append(h("li.mine", {}, h("p", {}, text)), waiting);
  waiting.scrollIntoView({ block: "end" });
  try {
    const asked = { text, conversation_id: page.conversation, n: N, ...who() };
    const answer = await api.chat(asked, page.signal);
    page.conversation = answer.conversation_id;
    waiting.replaceWith(told(page, answer));
  } catch (error) {
    waiting.remove();
    if (!page.signal.aborted) complain(error);
  } finally {
    page.waiting = false;
  }
  page.log.lastElementChild.scrollIntoView({ block: "start", behavior: "smooth" });
  page.field.focus();
}

/** An answer: what is said, the items as cards instead of lines, and what may be said next. */
function told(page, answer) {
  const said = answer.text.split("\n").filter((line) => line && !/^\d+[.、]/.test(line));
  const onact = (kind, item) => act(answer, kind, item);
  offer(
    page,
    answer.question
      ? answer.question.options.map(({ value }) => value)
      : [t("chat.cheaper"), t("chat.others")],
  );
  const cards = answer.items.map((item, i) =>
    card(item, {
      place: i + 1,
      onopen: () => openItem(item.item_id, { onact }),
      onact: (kind) => onact(kind, item),
    }),
  );
  return h(
    "li.theirs",
    {},
    said.map((line) => h("p", {}, line)),
    cards.length > 0 && h("div.cards", {}, cards),
  );
}

/** Buttons that say something for the person. */
function offer(page, texts) {
  fill(
    page.hints,
    texts.map((text) =>
      h("button.chip", { type: "button", onclick: () => say(page, text) }, text),
    ),
  );
}

async function act({ exposure_id }, kind, item) {
  try {
    await api.observe({ event: kind, item_id: item.item_id, exposure_id, event_id: newId("e-") });
    tell(t("chat.noted", { title: item.title }));
  } catch (error) {
    complain(error);
  }
}
