"""Words in quotes stand together: which text quotes, and which items say it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Item
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.shop.matching import Matching
from prismrec.retrieval.shop.quoted import saying
from prismrec.retrieval.understanding.quoted import quotes
from prismrec.retrieval.understanding.spans import tokens

ITEMS = [
    Item("a", title="Red jackets for rain"),
    Item("b", title="Jacket, red"),
    Item("c", title="Red", brand="Jacket"),
    Item("d", title="Coat", description="Goes with a red jacket."),
    Item("e", title="新款红色外套女"),
    Item("f", title="外套 红色"),
    Item("g", title="Laptop 14 inch red"),
]


def read(text: str) -> list[str]:
    found = list(quotes(text, tokens(text, str)))
    assert all(text[one.start + 1 : one.end - 1].strip() == one.said for one in found)
    return [one.said for one in found]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"red jacket"', ["red jacket"]),
        ('warm "red jacket" and “rain coat”', ["red jacket", "rain coat"]),
        ("我要“红色外套”", ["红色外套"]),
        ("我要「红色外套」『雨衣』", ["红色外套", "雨衣"]),
        ('我要"红色外套"', ["红色外套"]),
        ("«veste rouge» „rote Jacke“", ["veste rouge", "rote Jacke"]),
        ('"red jacket', []),
        ('red" jacket"', []),
        ('22" tv 24" wide', []),
        ('"" " " "?!"', []),
        ('not "red jacket" -"blue coat" without “wool”', []),
        ("不要“红色外套”", []),
        ('"a" "b" "c" "d" "e" "f" "g" "h" "i" "j"', list("abcdefgh")),
    ],
)
def test_what_is_a_quote(text: str, said: list[str]) -> None:
    assert read(text) == said


@pytest.mark.parametrize(
    "text", ['"' * 100_000, '"a' * 50_000, "“" * 100_000 + "a" + "”" * 100_000, '" a "' * 20_000]
)
def test_hostile_quotes_are_bounded(text: str) -> None:
    before = time.process_time()
    assert len(read(text)) <= 8
    assert time.process_time() - before < 5.0


@settings(deadline=None)
@given(st.text(alphabet='ab "“”「」«»-\n1红', max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert len(read(text)) <= 8


def shop() -> tuple[Words, Matching]:
    words = Words()
    words.upsert(np.arange(len(ITEMS), dtype=np.int32), ITEMS)
    return words, Matching.of(*words.fields.contents(), len(ITEMS))


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("red jacket", "ad"),
        ("jacket red", "b"),
        ("red", "abcdg"),
        ("jacket for", "a"),
        ("rain jacket", ""),
        ("red hovercraft", ""),
        ("红色外套", "e"),
        ("外套红色", "f"),
        ('14" red', "g"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_which_items_say_it(said: str, ids: str) -> None:
    found = saying(said, *shop(), ITEMS.__getitem__, len(ITEMS))
    assert "".join(item.item_id for item, says in zip(ITEMS, found, strict=True) if says) == ids


def test_changed_items_say_what_they_say_now() -> None:
    words, matching = shop()
    items = [*ITEMS, Item("h", title="A red jacket")]
    items[0] = Item("a", title="Rain hat")
    changed = np.array([0, 7], np.int32)
    words.upsert(changed, [items[0], items[7]])
    matching = matching.upserted(changed, [words.analyzer.words(items[p].title) for p in (0, 7)])
    found = saying("red jacket", words, matching, items.__getitem__, len(items))
    assert np.flatnonzero(found).tolist() == [3, 7]
