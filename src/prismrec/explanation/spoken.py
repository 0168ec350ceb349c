"""A sentence in the words of a language model, of which only what the numbers carry is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prismrec.core import ChatModel, ChatRefused
from prismrec.explanation.claims import LONGEST, carried
from prismrec.explanation.parts import Contribution
from prismrec.explanation.wording import FROM_HISTORY, clause, reasons_of, sentence, spoken_in
from prismrec.language.chat import prompt

__all__ = ["claims_of", "spoken"]

_TASK = {
    "en": "Say in warm, simple English why an item is recommended. For each reason write one "
    "clause of at most 15 words about that reason alone, beginning with 'it' or 'its'. Name no "
    "number, no price and nothing that the reason does not say.",
    "zh": "用亲切、简单的中文说明为什么推荐这件商品。每个理由写一个不超过二十字的分句，"
    "只说这个理由，不要提数字、价格或理由以外的任何内容。",
}


def spoken(
    chat: ChatModel,
    title: str,
    contributions: Sequence[Contribution],
    language: str,
    *,
    titles: Sequence[str] = (),
    reasons: int = 2,
    history: bool = True,
) -> str:
    """As `sentence`, each reason in the model's words where these pass `carried`, else in ours.

    `title` is the item's, `titles` are those of the past items that count. The model sees names
    only as data. Where it gives no answer, the sentence is ours throughout.
    """
    names = [n for n in reasons_of(contributions, reasons) if history or n not in FROM_HISTORY]
    said = claims_of(chat, title, names, language, titles=titles) if names else {}
    return sentence(
        contributions, language, titles=titles, reasons=reasons, history=history, said=said
    )


def claims_of(
    chat: ChatModel,
    title: str,
    names: Sequence[str],
    language: str,
    *,
    titles: Sequence[str] = (),
) -> dict[str, str]:
    """What the model says of each of the aspects `names`, as far as it is carried."""
    spoken_language = spoken_in(language)
    schema = _schema(names)
    data = {
        "item": title,
        "past": list(titles),
        "reasons": [{"about": name, "says": clause(name, spoken_language)} for name in names],
    }
    try:
        answer = chat.complete(prompt(_TASK[spoken_language], data, schema), schema)
    except ChatRefused:
        return {}
    known = [title, *titles]
    out: dict[str, str] = {}
    for claim in answer["claims"]:
        about, text = claim["about"], " ".join(claim["text"].split()).rstrip(" .。!！")
        fits = carried(text, about, spoken_language, titles=known)
        if about in names and about not in out and fits:
            out[about] = text
    return out


def _schema(names: Sequence[str]) -> dict[str, Any]:
    claim = {
        "type": "object",
        "properties": {
            "about": {"type": "string", "enum": list(names)},
            "text": {"type": "string", "maxLength": LONGEST},
        },
        "required": ["about", "text"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"claims": {"type": "array", "items": claim, "maxItems": len(names)}},
        "required": ["claims"],
        "additionalProperties": False,
    }
