"""Titles, descriptions and tags written for items that lack them, from what their fields say.

What is written is marked (`written:template`, `written:chat`) and stands in a table of its own; it
never enters an item's text. A chat model's sentence stays only where the fields carry it: every
number in it, and every brand of the catalogue that it names, must be the item's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prismrec.core import ChatModel, ChatRefused, Item
from prismrec.core.catalogue import AttributeValue
from prismrec.language.chat.prompts import prompt
from prismrec.language.knowledge.facts import Fact
from prismrec.language.knowledge.lexicon import Lexicon
from prismrec.language.segmentation import segment

__all__ = ["DESCRIPTION", "TAG", "TITLE", "write"]

TITLE, DESCRIPTION, TAG = "title", "description", "tag"
TEMPLATE, CHAT = "written:template", "written:chat"
MOST_TAGS = 8
MOST_ATTRIBUTES = 6
LONGEST_TAG = 30
TASK = (
    "Describe the item for customers of a shop in one to three plain sentences, in the language of "
    "its data. Say only what the data say; no prices, no praise."
)
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"description": {"type": "string", "maxLength": 600}},
    "required": ["description"],
    "additionalProperties": False,
}
_STOP = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_NUMBER = re.compile(r"\d[\d.]*")
_MEASURE = re.compile(r"\d[\d.]*[a-z]+")
_ADDRESS = re.compile(r"://|www\.|\S@\S", re.IGNORECASE)


def write(items: Sequence[Item], chat: ChatModel | None = None) -> list[Fact]:
    """Titles and descriptions of items without any, and tags of all, from brand, categories and
    attributes; nothing for an item that has none of these. Confidence is 0: nothing was measured.

    `chat` writes descriptions; where it refuses, or nothing it says is carried, the template does.
    """
    brands = sorted({item.brand for item in items if item.brand})
    lexicon = Lexicon(brands)
    facts: list[Fact] = []
    for item in items:
        title = _title(item)
        if title and not item.title.strip():
            facts.append(Fact(item.item_id, TITLE, title, 0.0, TEMPLATE))
        if title and not item.description.strip():
            said = _described(item, chat, lexicon, brands) if chat else ""
            text, source = (said, CHAT) if said else (_description(item, title), TEMPLATE)
            facts.append(Fact(item.item_id, DESCRIPTION, text, 0.0, source))
        facts += [Fact(item.item_id, TAG, tag, 0.0, TEMPLATE) for tag in _tags(item)]
    return facts


def _title(item: Item) -> str:
    """`Acme Lamp`, or the title that the item has; empty where no field says anything."""
    kind = item.categories[-1] if item.categories else ""
    named = " ".join(part.strip() for part in (item.brand, kind) if part.strip())
    return (item.title.strip() or named) if named or item.attributes else ""


def _description(item: Item, title: str) -> str:
    """`Acme Lamp. colour: red; size: 3.`: words of the item alone, in its language."""
    facts = [f"{name}: {value}" for name, value in _spelled(item.attributes)][:MOST_ATTRIBUTES]
    path = " > ".join(item.categories)
    return ". ".join(part for part in (title, path, "; ".join(facts)) if part) + "."


def _tags(item: Item) -> list[str]:
    """Brand, categories and short values in words, each once."""
    values = [item.brand, *item.categories, *(value for _, value in _spelled(item.attributes))]
    short = (v.strip().lower() for v in values if len(v) <= LONGEST_TAG)
    return list(dict.fromkeys(v for v in short if any(map(str.isalpha, v))))[:MOST_TAGS]


def _spelled(attributes: Mapping[str, AttributeValue]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if isinstance(value, bool):
            yield name, "yes" if value else "no"
        elif isinstance(value, tuple):
            yield name, ", ".join(value)
        else:
            yield name, f"{value:g}" if isinstance(value, float) else value


def _described(item: Item, chat: ChatModel, lexicon: Lexicon, brands: Sequence[str]) -> str:
    """What of the model's description the item's own data carry."""
    data = {
        "title": item.title,
        "brand": item.brand,
        "categories": list(item.categories),
        "attributes": dict(_spelled(item.attributes)),
    }
    try:
        said = chat.complete(prompt(TASK, {"item": data}, SCHEMA), SCHEMA).get(DESCRIPTION)
    except ChatRefused:
        return ""
    own = set(segment(" ".join([item.title, item.brand, *item.categories])))
    own |= {word for pair in _spelled(item.attributes) for word in segment(" ".join(pair))}
    sentences = _STOP.split(said) if isinstance(said, str) else []
    return " ".join(s for s in sentences if _carried(s, own, lexicon, brands)).strip()


def _carried(sentence: str, own: set[str], lexicon: Lexicon, brands: Sequence[str]) -> bool:
    """Whether the numbers and brands of a sentence are the item's, and it speaks of the item and
    of no address."""
    words = segment(sentence)
    numbers = {
        word
        for before, word in zip(["", *words], words, strict=False)
        if any(map(str.isdigit, word))
        # A measure comes behind its number, which is looked at itself.
        and not (_MEASURE.fullmatch(word) and _NUMBER.fullmatch(before))
    }
    named = {word for m in lexicon.mentions(words) for word in segment(brands[m.value])}
    about = any(len(word) > 2 or not word.isascii() for word in own & set(words))
    return about and not _ADDRESS.search(sentence) and (numbers | named) <= own
