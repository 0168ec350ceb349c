"""Lexical search: what is found, in what order, and what can never be."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Item, QueryBatch
from prismrec.retrieval.lexical.words import Words

SHOP = [
    Item("jacket", title="Red waterproof jacket", brand="Acme", categories=("Outdoor",)),
    Item("shoe", title="Running shoes", description="Light shoes for wet weather, red or blue"),
    Item(
        "hat", title="Hat", attributes={"color": "red", "sizes": ("small", "large"), "wool": True}
    ),
    Item("monitor", title="Monitor", attributes={"inches": 27.0, "curved": False}),
    Item("film", title="科幻电影合集", description="星际旅行与未来世界"),
    Item("book", title="编程书籍", categories=("图书",), texts={"people": "Guido van Rossum"}),
]


def index_of(items: Sequence[Item]) -> Words:
    words = Words()
    words.upsert(np.arange(len(items), dtype=np.int32), items)
    return words


@pytest.fixture(scope="module")
def shop() -> Words:
    return index_of(SHOP)


def ids(words: Words, text: str, k: int = 10, **more) -> list[str]:
    found = words.find([text], k, **more)
    return [SHOP[p].item_id for p in found.positions[0] if p >= 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("waterproof", ["jacket"]),
        ("WATERPROOF Jackets!", ["jacket"]),
        ("shoe", ["shoe"]),
        ("acme", ["jacket"]),
        ("outdoor", ["jacket"]),
        ("wool", ["hat"]),
        ("large", ["hat"]),
        ("27", ["monitor"]),
        ("curved", []),
        ("rossum", ["book"]),
        ("电影", ["film"]),
        ("科幻", ["film"]),
        ("我想看科幻电影", ["film"]),
        ("编程的书籍", ["book"]),
        ("图书", ["book"]),
        ("umbrella stand", []),
        ("", []),
        ("   ...!?。", []),
    ],
)
def test_every_field_is_searched_in_both_languages(
    shop: Words, text: str, expected: list[str]
) -> None:
    assert ids(shop, text) == expected


def test_the_title_counts_most(shop: Words) -> None:
    assert ids(shop, "red")[0] == "jacket"
    assert set(ids(shop, "red")) == {"jacket", "shoe", "hat"}


def test_more_words_in_common_rank_higher(shop: Words) -> None:
    assert ids(shop, "red running shoes")[0] == "shoe"


@pytest.mark.parametrize(
    "text",
    [
        "title:(",
        "title:jacket AND",
        "jacket AND NOT red",
        '"red jacket',
        "jacket^",
        "jacket~9",
        "*",
        "brand:[a TO z]",
        "-red +jacket",
        "a\\",
        "IN [",
        "/.*/",
        "\x00jacket\x00",
        "(" * 5000,
        "jacket " * 20_000,
        "x" * 100_000,
        "<script>jacket</script>",
    ],
)
def test_no_text_is_read_as_query_syntax(shop: Words, text: str) -> None:
    found = ids(shop, text)
    assert ("jacket" in found) == ("jacket" in text)


def test_operators_are_only_words(shop: Words) -> None:
    """`NOT` would have to take the jacket away, and a field name to look elsewhere."""
    assert ids(shop, "jacket NOT waterproof") == ids(shop, "jacket not waterproof") == ["jacket"]
    assert ids(shop, "brand:waterproof") == ["jacket"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_any_text_gets_an_answer(text: str, typing: bool) -> None:
    found = SHARED.find([text], 3, typing=typing)
    assert found.positions.shape == (1, 3)


SHARED = index_of(SHOP)


def test_a_typing_error_is_forgiven_only_where_no_item_has_the_word(shop: Words) -> None:
    assert ids(shop, "watreproof") == ["jacket"]
    assert ids(shop, "mointor") == ["monitor"]
    assert ids(shop, "hut") == [], "too short to guess"
    assert ids(shop, "28") == [], "another number is another product"
    assert ids(shop, "watrepruf") == [], "two errors"


def test_the_last_word_may_be_a_beginning_while_typing(shop: Words) -> None:
    assert ids(shop, "wate", typing=True) == ["jacket"]
    assert ids(shop, "red runn", typing=True)[0] == "shoe"
    assert ids(shop, "wate") == []
    assert ids(shop, "wate zzzz", typing=True) == []
    assert ids(shop, "科", typing=True) == ["film"]


def test_additions_changes_and_removals_are_seen_by_the_next_search() -> None:
    words = index_of(SHOP[:2])
    assert ids(words, "hat") == []
    words.upsert(np.array([2], np.int32), [SHOP[2]])
    assert ids(words, "hat") == ["hat"]
    words.upsert(np.array([0], np.int32), [Item("jacket", title="Green coat")])
    assert ids(words, "waterproof") == []
    assert ids(words, "coat") == ["jacket"]
    words.remove(np.array([0, 2, 99], np.int32))
    assert ids(words, "coat hat red") == ["shoe"]
    assert len(words) == 1


def test_the_last_of_several_versions_in_one_call_wins() -> None:
    words = Words()
    words.upsert(np.array([0, 0], np.int32), [Item("a", title="old"), Item("a", title="new")])
    assert len(words) == 1
    assert words.find(["old", "new"], 1).positions.tolist() == [[-1], [0]]


def test_equal_scores_come_in_order_of_position_across_segments() -> None:
    words = Words()
    for position in [7, 3, 9, 1, 5, 0]:
        words.upsert(np.array([position], np.int32), [Item(str(position), title="same thing")])
    assert words.find(["thing"], 6).positions.tolist() == [[0, 1, 3, 5, 7, 9]]
    assert words.find(["thing"], 2).positions.tolist() == [[0, 1]]


def test_ties_at_the_edge_go_by_position_in_a_large_index() -> None:
    words = Words()
    order = np.random.default_rng(0).permutation(500).astype(np.int32)
    words.upsert(order, [Item(str(p), title="same thing") for p in order])
    assert words.find(["thing"], 5).positions.tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("every", [2, 3, 400])
def test_masks_reach_as_deep_as_they_must(every: int) -> None:
    """Whether the allowed are named in the query or sought by asking for more."""
    n = 4000
    words = Words()
    titles = ["common " * (1 + i % 5) + "filler" * (i % 3) for i in range(n)]
    items = [Item(str(i), title=title) for i, title in enumerate(titles)]
    words.upsert(np.arange(n, dtype=np.int32), items)
    allowed = np.arange(n) % every == 1
    free = words.find(["common"], n)
    masked = words.find(["common"], 10, allowed=allowed)
    expected = [p for p in free.positions[0].tolist() if allowed[p]][:10]
    assert masked.positions[0, : len(expected)].tolist() == expected
    assert np.all(masked.positions[0, len(expected) :] == -1)


def test_each_query_of_a_batch_may_have_its_own_mask(shop: Words) -> None:
    allowed = np.array([[True] * 6, [False] + [True] * 5])
    found = shop.find(["red", "red"], 1, allowed=allowed)
    assert found.positions[0, 0] == 0
    assert found.positions[1, 0] != 0


def test_searches_run_while_items_change() -> None:
    words = index_of(SHOP)
    done, failures = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            if ids(words, "waterproof") != ["jacket"]:
                failures.append(1)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(20):
        words.upsert(np.array([1, 2], np.int32), SHOP[1:3])
    done.set()
    for reader in readers:
        reader.join()
    assert not failures


def test_queries_without_text_find_nothing(shop: Words) -> None:
    found = shop.search(QueryBatch.of([[0], []]), 4)
    assert np.all(found.positions == -1)
