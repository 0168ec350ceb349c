"""What is read of an item: a fact with its confidence and its source, apart from what is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prismrec.core import Item
from prismrec.core.catalogue import AttributeValue

__all__ = ["BRAND", "CATEGORY", "Fact", "given", "own_text", "with_extracted"]

BRAND, CATEGORY = "brand", "category"


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one field of an item, read and not given.

    `confidence` is how often such a reading was right on items that have the field (on items of the
    catalogue, each read as if it had none), or 0 where nothing could be measured. `source` says how
    it was found:

    - `text`: the value stands in the item's text;
    - `measure`: a number with a unit stands there;
    - `similar`: items of the catalogue with similar words and meaning have it;
    - `name`: the name of the value is near the text, no labelled item needed;
    - `chat`: a language model chose it among the best few (`asked`);
    - `written:template`, `written:chat`: made of what is given, not read (`written`).
    """

    item_id: str
    field: str
    value: str
    confidence: float
    source: str


def own_text(item: Item) -> str:
    """What of an item may be read: its texts alone, never the fields that are to be found."""
    parts = [item.title, item.description, *item.texts.values()]
    return ". ".join(part.strip() for part in parts if part and part.strip())


def given(item: Item) -> dict[str, tuple[str, ...]]:
    """The values in words that an item has, by field; numbers and flags are left out. Of categories
    it is the last, to which the others lead."""
    found = {name: _words(value) for name, value in item.attributes.items()}
    found[BRAND] = _words(item.brand)
    found[CATEGORY] = item.categories[-1:]
    return {name: values for name, values in found.items() if values}


def with_extracted(items: Iterable[Item], facts: Iterable[Fact]) -> list[Item]:
    """The items with what was read of each in `extracted`, in the place of what was before."""
    read: dict[str, dict[str, tuple[str, ...]]] = {}
    for fact in facts:
        fields = read.setdefault(fact.item_id, {})
        fields[fact.field] = (*fields.get(fact.field, ()), fact.value)
    return [
        replace(
            item,
            extracted={
                name: values if name == CATEGORY or len(values) > 1 else values[0]
                for name, values in read.get(item.item_id, {}).items()
            },
        )
        for item in items
    ]


def _words(value: AttributeValue) -> tuple[str, ...]:
    several = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    return tuple(text for part in several if (text := part.strip()))
