"""A turn read by a chat model, where the rules do not know its words.

The model only chooses among acts, items shown and words to search by; what is said to people is
worded by templates. Of its words only those stay that the person or the catalogue uses, so that
nothing else it has read can come through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prismrec.core import ChatModel, ChatRefused
from prismrec.dialogue.state import State
from prismrec.dialogue.turns import Turn
from prismrec.dialogue.wishes import content_of
from prismrec.language.chat import prompt
from prismrec.snapshot import Snapshot

__all__ = ["TASK", "read_by_model"]

TASK = (
    "You read one turn of a shopper in a conversation with a shop. The data hold the `turn`, what "
    "was looked for until now (`wish`), and the items `shown` by number. Say what the turn does: "
    "`act` (wish: looks for something or changes what is looked for; more: more of the same; "
    "others: none of those shown; restart; price or stock: asks it of an item; hello; thanks), "
    "`item`: the number it speaks of or none; `alike`: wants something like that item; `refuse`: "
    "refuses that item or its brand; `price`: wants cheaper or dearer ones; `words`: the few words "
    "a shop would be searched with for what is wanted now, in the shopper's language, may be empty."
)
_ACTS = ("wish", "more", "others", "restart", "price", "stock", "hello", "thanks")
_PRICES = {"same": 0, "cheaper": -1, "dearer": 1}
_LONGEST = 120


def read_by_model(chat: ChatModel, seen: Snapshot, state: State, text: str) -> Turn | None:
    """What `text` says; `None` where the model refuses, or says nothing that could be done."""
    numbers = [str(place + 1) for place in range(len(state.shown))]
    schema = _schema(numbers)
    shown = {str(n): seen.title_of(one)[:_LONGEST] for n, one in enumerate(state.shown, 1)}
    data = {"turn": text[:1_000], "wish": state.wish.text[:_LONGEST], "shown": shown}
    try:
        said = chat.complete(prompt(TASK, data, schema), schema)
    except ChatRefused:
        return None
    turn = Turn(
        act=said["act"],
        item=None if said["item"] == "none" else int(said["item"]) - 1,
        alike=said["alike"],
        refuse="" if said["refuse"] == "nothing" else said["refuse"],
        price=_PRICES[said["price"]],
        words=_known(said["words"], seen, text),
        understood=True,
    )
    steers = turn.words or turn.price or turn.refuse or turn.alike
    speaks_of_one = turn.alike or turn.refuse or turn.act in ("price", "stock")
    if (turn.act == "wish" and not steers) or (speaks_of_one and not state.shown):
        return None
    return turn


def _known(words: str, seen: Snapshot, text: str) -> str:
    """Those of `words` that the person said, or that items carry."""
    own = set(content_of(text, seen))
    used = seen.reader.words.fields.items_with
    kept = [
        word
        for word in words.split()
        if all(part in own or used(part) > 0 for part in seen.reader.words.analyzer.words(word))
    ]
    return " ".join(kept)


def _schema(numbers: Sequence[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "act": {"type": "string", "enum": list(_ACTS)},
        "item": {"type": "string", "enum": ["none", *numbers]},
        "alike": {"type": "boolean"},
        "refuse": {"type": "string", "enum": ["nothing", "item", "brand"]},
        "price": {"type": "string", "enum": list(_PRICES)},
        "words": {"type": "string", "maxLength": _LONGEST},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
