"""The ways to say a query, and that the index finds items by each of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Item, QueryBatch
from prismrec.language.synonyms import Synonyms
from prismrec.retrieval.lexical.analysis import Analyzer
from prismrec.retrieval.lexical.words import Words, WordShare

SHOP = [
    Item("spider", title="Spider-Man 2"),
    Item("phone", title="iPhone13 case"),
    Item("card", title="RTX 3080 graphics card"),
    Item("tv", title="Television stand", description="with a drawer"),
    Item("head", title="Wireless headphones"),
    Item("ssd", title="Disk 1 TB", attributes={"screen": '14"'}),
    Item("mobile", title="Mobile phone holder"),
    Item("usb", title="USB-C cable"),
    Item("usbc", title="USBC hub"),
]


@pytest.fixture(scope="module")
def words() -> Words:
    lines = ["tv, television", "cellular => mobile phone"]
    index = Words(synonyms=Synonyms.of(lines, Analyzer("english").words))
    index.upsert(np.arange(len(SHOP), dtype=np.int32), SHOP)
    return index


def ids(words: Words, text: str, **more) -> list[str]:
    return [SHOP[p].item_id for p in words.find([text], 5, **more).positions[0] if p >= 0]


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("headphones", ["headphon"]),
        ("spiderman 2", ["spiderman 2", "spider man 2"]),
        ("iphone 13", ["iphon 13", "iphone13"]),
        ("rtx3080", ["rtx3080", "rtx 3080"]),
        ("big tv", ["big tv", "big televis"]),
        ("cellular", ["cellular", "mobil phone"]),
        ("mobile phone", ["mobil phone"]),
        ("wireles headphonse", ["wirel headphons", "wireless headphon"]),
        ("usb-c", ["usb c", "usbc"]),
        ("zzz", ["zzz"]),
        ("", []),
    ],
)
def test_ways(words: Words, text: str, ways: list[str]) -> None:
    assert [" ".join(way) for way in words.ways.of(text)] == ways


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spiderman", "spider"),
        ("iphone 13", "phone"),
        ("RTX-3080", "card"),
        ("rtx3080", "card"),
        ("tv stand", "tv"),
        ("wirless hedphones", "head"),
        ("1000GB", "ssd"),
        ("14英寸", "ssd"),
        ("cellular", "mobile"),
    ],
)
def test_each_way_finds(words: Words, text: str, found: str) -> None:
    assert ids(words, text)[0] == found


def test_the_words_as_said_come_before_other_ways(words: Words) -> None:
    assert ids(words, "usb-c")[:2] == ["usb", "usbc"]
    assert ids(words, "usbc")[0] == "usbc"


def test_the_first_letter_and_the_digits_stand(words: Words) -> None:
    assert words.ways.of("xireless") == [("xireless",)]
    assert words.ways.of("rtx3081") == [("rtx3081",)]


def test_a_word_still_being_typed_is_not_taken_for_another(words: Words) -> None:
    assert words.ways.of("wireles", typing=True) == [("wirel",)]
    assert ids(words, "wirel", typing=True) == ["head"]


def test_the_ways_are_few_and_a_long_text_is_cut(words: Words) -> None:
    ways = words.ways.of("spiderman tv usb-c wirless iphone 13 " * 1000)
    assert 1 < len(ways) <= 6
    assert all(len(way) <= 60 for way in ways)


def test_evidence_is_of_the_best_way(words: Words) -> None:
    def told(text: str) -> np.ndarray:
        asked = replace(QueryBatch.of([[]]), texts=(text,))
        return words.evidence(asked, np.array([[3, 4]], np.int32))[0, :, words.names.index("words")]

    assert told("tv")[0] == pytest.approx(0.8 * told("television")[0])
    assert told("tv")[1] == 0.0


def test_the_share_alone_is_of_the_best_way_too(words: Words) -> None:
    asked = replace(QueryBatch.of([[], []]), texts=("tv", "wireles spiderman"))
    positions = np.array([[0, 1, 2, 3, -1], [4, 3, 2, 1, 0]], np.int32)
    whole = words.evidence(asked, positions)[:, :, words.names.index("words")]
    assert whole.any(axis=1).all()
    np.testing.assert_allclose(words.share(asked, positions), whole, atol=1e-6)
    assert WordShare(words).evidence(asked, positions).shape == (2, 5, 1)


def test_a_new_word_is_no_misspelling_any_more() -> None:
    index = Words()
    index.upsert(np.array([0], np.int32), [Item("a", title="Wireless headphones")])
    assert index.ways.of("wirelesx") == [("wirelesx",), ("wireless",)]
    index.upsert(np.array([1], np.int32), [Item("b", title="Wirelesx")])
    assert index.ways.of("wirelesx") == [("wirelesx",)]
    index.remove(np.array([1], np.int32))
    assert index.ways.of("wirelesx") == [("wirelesx",), ("wireless",)]
