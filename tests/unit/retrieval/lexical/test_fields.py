"""What words say of items: figures that can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Item, QueryBatch
from prismrec.retrieval.lexical.fields import COLUMNS, FieldIndex
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.settings import FIELDS

BOOSTS = dict.fromkeys(FIELDS, 1.0)


def item(title: str = "", description: str = "") -> list[list[str]]:
    texts = {"title": title, "description": description}
    return [texts.get(name, "").split() for name in FIELDS]


def index_of(*items: list[list[str]]) -> FieldIndex:
    index = FieldIndex(BOOSTS)
    index.upsert(np.arange(len(items), dtype=np.int32), items)
    return index


def told(
    index: FieldIndex, text: str, positions: Sequence[int], *, last_open: bool = False
) -> dict[str, list[float]]:
    found = index.evidence(text.split(), last_open, np.array(positions, np.int32))
    return {name: found[:, i].round(5).tolist() for i, name in enumerate(COLUMNS)}


TEA = index_of(
    item("green tea", "fresh green leaves"),
    item("tea green"),
    item("cup", "for green tea"),
    item("bowl"),
)


def test_bm25_of_a_field_is_as_the_formula_has_it() -> None:
    rarity = {w: math.log(1 + (4 - n + 0.5) / (n + 0.5)) for w, n in {"tea": 3, "bowl": 1}.items()}
    share = rarity["tea"] / sum(rarity.values())
    tf = 1 / (0.25 + 0.75 * 2 / 1.5)  # one "tea" in two words where titles have 1.5 in the mean
    assert told(TEA, "tea bowl", [0])["words.title"][0] == pytest.approx(
        share * tf / (tf + 1.2), abs=1e-4
    )


def test_coverage_is_the_share_of_what_the_query_tells() -> None:
    assert told(TEA, "green tea", [0, 1, 2, 3, -1])["coverage"] == [1, 1, 1, 0, 0]
    assert told(TEA, "green tea", [0, 2])["coverage.title"] == [1, 0]
    rare = told(TEA, "tea bowl", [0, 3])["coverage"]
    assert rare[0] < rare[1]
    assert sum(rare) == pytest.approx(1.0)


def test_a_phrase_needs_the_words_side_by_side_in_one_field() -> None:
    found = told(TEA, "green tea", [0, 1, 2, 3])
    assert found["phrase"] == [1, 0, 1, 0]
    assert found["phrase.title"] == [1, 0, 0, 0]
    across = index_of(item("green", "tea"))
    assert told(across, "green tea", [0])["phrase"] == [0]


def test_what_the_title_says_of_the_query() -> None:
    shop = index_of(item("red tea pot"), item("tea"), item("pot tea"))
    found = told(shop, "tea", [0, 1, 2])
    assert found["title.share"] == pytest.approx([1 / 3, 1, 1 / 2], abs=1e-4)
    assert found["title.start"] == pytest.approx([1 / 2, 1, 1 / 2])
    assert found["title.whole"] == [0, 1, 0]


def test_a_word_nobody_has_costs_everybody() -> None:
    known, half = told(TEA, "tea", [0]), told(TEA, "tea kettle", [0])
    assert half["words"][0] < known["words"][0] / 2
    assert half["query.known"] == [0.5]
    assert half["query.words"] == [2]


def test_a_typing_error_stands_for_what_the_candidates_have() -> None:
    shop = index_of(item("headphones"), item("speaker"), item("head rest"))
    assert told(shop, "headphnes", [0, 1])["coverage"] == [1, 0]
    assert told(shop, "heda", [2, 0])["coverage"] == [1, 0]
    assert told(shop, "x100", [0, 1, 2])["coverage"] == [0, 0, 0]


def test_an_open_last_word_is_also_a_beginning() -> None:
    shop = index_of(item("headphones"), item("head rest"), item("speaker"))
    assert told(shop, "head", [0, 1, 2])["coverage"] == [0, 1, 0]
    assert told(shop, "head", [0, 1, 2], last_open=True)["coverage"] == [1, 1, 0]


def test_words_are_put_in_place_of_what_stood_there() -> None:
    index = index_of(item("tea"), item("cup"))
    for round_ in range(40):  # more than the spare room holds
        index.upsert(np.array([0], np.int32), [item(f"kettle pot{round_}")])
    assert told(index, "tea", [0])["coverage"] == [0]
    assert told(index, "kettle pot39", [0, 1])["coverage"] == [1, 0]
    index.remove(np.array([0, 9], np.int32))
    assert told(index, "kettle", [0])["words"] == [0]


ITEMS = st.lists(
    st.tuples(st.integers(0, 6), st.lists(st.sampled_from("abcd"), max_size=5)), max_size=12
)


@settings(max_examples=80, deadline=None)
@given(ITEMS, st.lists(st.sampled_from("abcde"), min_size=1, max_size=4))
def test_growing_gives_what_building_at_once_gives(
    changes: list[tuple[int, list[str]]], query: list[str]
) -> None:
    grown = FieldIndex(BOOSTS)
    final: dict[int, list[list[str]]] = {p: item() for p in range(7)}
    grown.upsert(np.array([6], np.int32), [item()])
    for position, words in changes:
        final[position] = item(" ".join(words), "d")
        grown.upsert(np.array([position], np.int32), [final[position]])
    whole = FieldIndex(BOOSTS)
    whole.upsert(np.arange(7, dtype=np.int32), [final[p] for p in range(7)])
    everyone = np.arange(7, dtype=np.int32)
    np.testing.assert_allclose(
        grown.evidence(query, False, everyone), whole.evidence(query, False, everyone), atol=1e-6
    )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=5), min_size=1, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "abc"]), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_column_alone_says_what_it_says_among_all(
    titles: list[list[str]], query: list[str], last_open: bool
) -> None:
    index = index_of(*(item(" ".join(title), "b c") for title in titles))
    asked = np.arange(len(titles), dtype=np.int32)
    whole = index.evidence(query, last_open, asked)
    coverage = whole[:, COLUMNS.index("coverage")]
    with_padding = index.share(query, last_open, np.array([-1, *asked], np.int32))
    np.testing.assert_allclose(with_padding[1:], whole[:, COLUMNS.index("words")], atol=1e-6)
    assert with_padding[0] == 0
    np.testing.assert_allclose(index.coverage(query, last_open, asked), coverage, atol=1e-6)
    known = all(index.items_with(word) for word in query)
    for place in asked.tolist():
        right = known and bool(index.coverage(query, False, asked)[place] >= 0.6)
        assert index.covers(query, place, 0.6) == right


def test_the_lexical_index_gives_evidence_for_batches() -> None:
    words = Words()
    words.upsert(
        np.arange(2, dtype=np.int32),
        [Item("a", title="Running shoes"), Item("b", title="Hat", attributes={"color": "red"})],
    )
    queries = QueryBatch.of([[], []])
    queries = replace(queries, texts=("shoe", "red hat"))
    found = words.evidence(queries, np.array([[0, 1], [1, -1]], np.int32))
    coverage = found[:, :, COLUMNS.index("coverage")]
    assert coverage.tolist() == [[1, 0], [1, 0]]
