"""The phrases of one language by which people steer a conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Phrases"]


@dataclass(frozen=True)
class Phrases:
    """Patterns of one language. Groups whose name begins with `place` say which item is meant: a
    number, or one of `ordinals` (from 0, -1 for the last); an empty one is "it".

    `acts` are patterns of whole turns by their act; `facets` maps words for an attribute to its
    name in a catalogue; `said_as` puts what people say into the words that a search understands.
    `joined` are words that only join, `edges` what is stripped off the ends.
    """

    acts: Mapping[str, re.Pattern[str]]
    free: re.Pattern[str]
    cheaper: re.Pattern[str]
    dearer: re.Pattern[str]
    cheapest: re.Pattern[str]
    dearest: re.Pattern[str]
    not_brand: re.Pattern[str]
    not_item: re.Pattern[str]
    alike: re.Pattern[str]
    ask_price: re.Pattern[str]
    ask_stock: re.Pattern[str]
    reference: re.Pattern[str]
    ordinals: Mapping[str, int]
    facets: Mapping[str, str]
    said_as: tuple[tuple[re.Pattern[str], str], ...]
    joined: re.Pattern[str]
    edges: str = " ,.;:!?，。；：！？、"
