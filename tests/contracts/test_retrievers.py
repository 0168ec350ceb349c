"""What every retriever promises, whatever it searches by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from prismrec.core import ChatRefused, Item, QueryBatch, Retriever, Sequences
from prismrec.retrieval import (
    Everything,
    Popular,
    Recent,
    Repeat,
    RetrievalSettings,
    ScorerVectors,
    TextVectors,
)
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.spoken import LikeHistory, Wished

N_ITEMS = 40
WORDS = ("red", "blue", "green", "shoe", "hat", "衬衫", "电影")
ALWAYS_GRAPH = RetrievalSettings(exact_below=0, filtered_exact_below=0)
ALWAYS_GRAPH_OR_EXACT = RetrievalSettings(exact_below=0, filtered_exact_below=10**9)


class Doubled:
    """A scorer with vectors: items stand at fixed places, a query at its last item's."""

    def __init__(self, n: int) -> None:
        self.vectors = np.random.default_rng(3).normal(size=(n, 8)).astype(np.float32)

    def query_vectors(self, queries: QueryBatch) -> np.ndarray:
        last = queries.histories.padded(1)[:, 0]
        known = (last >= 0) & (last < len(self.vectors))
        out = np.zeros((len(queries), 8), np.float32)
        out[known] = self.vectors[last[known]]
        return out

    def item_vectors(self, items: np.ndarray | None = None) -> np.ndarray:
        return self.vectors if items is None else self.vectors[items]


def text_vectors(n: int, settings: RetrievalSettings | None = None) -> TextVectors:
    vectors = np.random.default_rng(5).normal(size=(n, 8)).astype(np.float32)
    return TextVectors(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), settings)


def words(n: int) -> Words:
    index = Words()
    titles = [f"{WORDS[i % 7]} {WORDS[i % 3]}" for i in range(n)]
    items = [Item(f"i{i}", title=title) for i, title in enumerate(titles)]
    index.upsert(np.arange(n, dtype=np.int32), items)
    return index


def popular(n: int) -> Popular:
    source = Popular(n, 30.0)
    items = (np.arange(3 * n) * 7 % max(n, 1)).astype(np.int32)
    source.observe(items, np.arange(3 * n), np.ones(3 * n, np.float32))
    return source


def item_vectors(n: int) -> np.ndarray:
    vectors = np.random.default_rng(5).normal(size=(n, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Scripted:
    """A chat model that always says the same, or nothing, and an encoder of eight numbers."""

    name, version, dimension = "scripted", "1", 8

    def __init__(self, refuses: bool) -> None:
        self.refuses = refuses

    def complete(self, messages: object, schema: object) -> dict[str, str]:
        if self.refuses:
            raise ChatRefused("resting", "It rests.")
        return {"text": "a red shoe"}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return item_vectors(9)[[len(text) % 9 for text in texts]]


def wished(n: int, refuses: bool = False) -> Wished:
    def item(i: int) -> Item:
        return Item(f"i{i}", title=f"thing {i}")

    model = Scripted(refuses)
    return Wished("ideal", model, model, item, LikeHistory(item_vectors(n)))


RETRIEVERS: dict[str, Callable[[int], Retriever]] = {
    "everything": lambda n: Everything(np.ones(n, bool)),
    "popular": popular,
    "recent": lambda n: Recent(np.arange(n, dtype=np.int64) * 50 % 1000, 14.0),
    "repeat": lambda n: Repeat(None),
    "repeat with a clock": lambda n: Repeat(30.0),
    "meaning": text_vectors,
    "meaning in a graph": lambda n: text_vectors(n, ALWAYS_GRAPH),
    "meaning in a filtered graph": lambda n: text_vectors(n, ALWAYS_GRAPH_OR_EXACT),
    "scorer": lambda n: ScorerVectors("doubled", Doubled(n)),
    "scorer in a graph": lambda n: ScorerVectors("doubled", Doubled(n), ALWAYS_GRAPH),
    "words": words,
    "like history": lambda n: LikeHistory(item_vectors(n)),
    "wished": wished,
    "wished of a model that refuses": lambda n: wished(n, refuses=True),
}


@pytest.fixture(params=sorted(RETRIEVERS))
def make(request: pytest.FixtureRequest) -> Callable[[int], Retriever]:
    return RETRIEVERS[request.param]


def some_queries(n_items: int) -> QueryBatch:
    """Four queries with a text each; the third has no history, the last a longer one."""
    last = max(n_items - 1, 0)
    rows = [[0, 1], [last], [], [2, 3, 2, last, 5, 2]] if n_items else [[], [], [], []]
    vectors = np.random.default_rng(9).normal(size=(4, 8)).astype(np.float32)
    return QueryBatch(
        histories=Sequences.of(rows),
        at=np.full(4, 10_000, np.int64),
        users=np.full(4, -1, np.int32),
        text_vectors=vectors,
        texts=("red shoe", "衬衫", "green hat", "blue 电影"),
    )


def check(found, b: int, k: int) -> None:
    """Shape, padding, order, ties by position, no duplicates, source."""
    assert found.positions.shape == found.scores.shape == found.sources.shape
    assert found.positions.shape[0] == b
    assert found.positions.shape[1] <= k
    assert found.positions.dtype == np.int32
    assert found.scores.dtype == np.float32
    assert found.sources.dtype == np.uint32
    assert len(found.source_names) == 1
    real = found.positions >= 0
    assert np.array_equal(found.sources, real.astype(np.uint32))
    assert np.all(np.isneginf(found.scores[~real]))
    assert np.all(np.isfinite(found.scores[real]))
    for positions, scores, is_real in zip(found.positions, found.scores, real, strict=True):
        kept = positions[is_real]
        assert np.all(is_real[: len(kept)]), "padding comes last"
        assert len(set(kept.tolist())) == len(kept)
        order = np.lexsort((kept, -scores[: len(kept)]))
        assert np.array_equal(order, np.arange(len(kept))), "best first, ties by position"


@pytest.mark.parametrize("k", [1, 7, N_ITEMS, 1000])
def test_shape_order_padding_and_source(make, k: int) -> None:
    check(make(N_ITEMS).search(some_queries(N_ITEMS), k), 4, k)


def test_finds_something_where_there_is_evidence(make) -> None:
    found = make(N_ITEMS).search(some_queries(N_ITEMS), 5)
    assert np.all(found.positions[3] >= 0) or found.source_names == ("repeat",)
    assert np.any(found.positions[3] >= 0)


def test_only_what_is_allowed_for_all_comes_out(make) -> None:
    allowed = np.arange(N_ITEMS) % 3 == 2
    found = make(N_ITEMS).search(some_queries(N_ITEMS), 30, allowed=allowed)
    check(found, 4, 30)
    assert np.all(allowed[found.positions[found.positions >= 0]])
    assert np.any(found.positions >= 0)


def test_only_what_is_allowed_for_each_comes_out(make) -> None:
    allowed = (np.arange(N_ITEMS)[None, :] + np.arange(4)[:, None]) % 2 == 0
    found = make(N_ITEMS).search(some_queries(N_ITEMS), 30, allowed=allowed)
    check(found, 4, 30)
    rows, columns = np.nonzero(found.positions >= 0)
    assert np.all(allowed[rows, found.positions[rows, columns]])
    assert len(rows)


def test_a_mask_only_takes_away(make) -> None:
    """What is found under a mask is what is found without it, less what the mask forbids."""
    retriever, queries = make(N_ITEMS), some_queries(N_ITEMS)
    allowed = np.random.default_rng(1).random((4, N_ITEMS)) < 0.5
    free = retriever.search(queries, N_ITEMS)
    masked = retriever.search(queries, N_ITEMS, allowed=allowed)
    for row in range(4):
        expected = [p for p in free.positions[row] if p >= 0 and allowed[row, p]]
        assert [p for p in masked.positions[row] if p >= 0] == expected


def test_nothing_allowed_gives_nothing(make) -> None:
    found = make(N_ITEMS).search(some_queries(N_ITEMS), 5, allowed=np.zeros(N_ITEMS, bool))
    check(found, 4, 5)
    assert np.all(found.positions < 0)


def test_items_newer_than_the_mask_do_not_come_out(make) -> None:
    found = make(N_ITEMS).search(some_queries(N_ITEMS), 50, allowed=np.ones(10, bool))
    check(found, 4, 50)
    assert found.positions.max() < 10


def test_a_mask_longer_than_the_index_is_fine(make) -> None:
    retriever, queries = make(N_ITEMS), some_queries(N_ITEMS)
    found = retriever.search(queries, 5, allowed=np.ones(N_ITEMS + 9, bool))
    assert np.array_equal(found.positions, retriever.search(queries, 5).positions)


def test_an_empty_catalogue_gives_no_candidates(make) -> None:
    found = make(0).search(some_queries(0), 5)
    check(found, 4, 5)
    assert np.all(found.positions < 0)


def test_a_batch_of_no_queries_gives_no_rows(make) -> None:
    queries = some_queries(N_ITEMS).take(np.zeros(0, np.int64))
    check(make(N_ITEMS).search(queries, 5), 0, 5)


def test_each_query_is_answered_on_its_own(make) -> None:
    retriever, queries = make(N_ITEMS), some_queries(N_ITEMS)
    together = retriever.search(queries, 6)
    for row in range(4):
        alone = retriever.search(queries.take(np.array([row])), 6).positions[0]
        expected = together.positions[row]
        assert [p for p in alone if p >= 0] == [p for p in expected if p >= 0]
