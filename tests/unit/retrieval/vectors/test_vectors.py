"""Vector indexes: exact ones against sorting everything, the graph against the exact one."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from prismrec.core import QueryBatch
from prismrec.retrieval import RetrievalSettings, ScorerVectors, TextVectors
from prismrec.retrieval.vectors.exact import ExactVectors, inner_products
from prismrec.retrieval.vectors.hnsw import HnswVectors
from prismrec.retrieval.vectors.retrievers import vector_index

GRAPH = RetrievalSettings(exact_below=0, filtered_exact_below=0)
GRAPH_WITH_FILTERS = RetrievalSettings(exact_below=0, filtered_exact_below=200)


def clustered(n: int, dimension: int = 32, seed: int = 0) -> np.ndarray:
    """Synthetic unit vectors around n / 50 centres, as texts of one subject lie together."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, n // 50), dimension))
    vectors = centres[rng.integers(0, len(centres), n)] + 0.5 * rng.normal(size=(n, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def everyone(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int32)


INDEXES = {
    "exact": ExactVectors,
    "graph": lambda d: HnswVectors(d, GRAPH),
    "graph searched exactly": lambda d: HnswVectors(d, RetrievalSettings()),
}


@pytest.fixture(params=sorted(INDEXES))
def make(request: pytest.FixtureRequest):
    return INDEXES[request.param]


@pytest.mark.parametrize("k", [1, 10, 64, 99])
def test_exact_search_is_sorting_everything(k: int) -> None:
    vectors, queries = clustered(64), clustered(5, seed=1)
    index = ExactVectors(32)
    index.add(everyone(64), vectors)
    positions, scores = index.nearest(queries, k)
    products = queries @ vectors.T
    order = np.argsort(-products, axis=1, kind="stable")[:, :k]
    assert np.array_equal(positions, order)
    assert np.allclose(scores, np.take_along_axis(products, order, axis=1))


def test_large_batches_are_cut_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, queries = clustered(64), clustered(50, seed=1)
    index = ExactVectors(32)
    index.add(everyone(64), vectors)
    whole = index.nearest(queries, 7)
    monkeypatch.setattr("prismrec.retrieval.vectors.exact._BLOCK", 64 * 3)
    for one, other in zip(whole, index.nearest(queries, 7), strict=True):
        assert np.allclose(one, other, atol=1e-6)


def test_a_strict_filter_gathers_and_finds_the_same() -> None:
    vectors, queries = clustered(64), clustered(5, seed=1)
    index = ExactVectors(32)
    index.add(everyone(64), vectors)
    allowed = everyone(64) % 16 == 3
    shared, _ = index.nearest(queries, 9, allowed=allowed)
    each, _ = index.nearest(queries, 9, allowed=np.broadcast_to(allowed, (5, 64)))
    assert shared.shape[1] == 4
    assert np.array_equal(shared, each[:, :4])
    assert np.all(each[:, 4:] == -1)


def test_equal_vectors_come_in_order_of_position(make) -> None:
    index = make(4)
    index.add(np.array([5, 2, 9], np.int32), np.ones((3, 4), np.float32))
    index.add(np.array([0], np.int32), np.ones((1, 4), np.float32))
    positions, _ = index.nearest(np.ones((1, 4), np.float32), 4)
    assert positions.tolist() == [[0, 2, 5, 9]]


def test_additions_are_found_at_once(make) -> None:
    vectors = clustered(300)
    index = make(32)
    index.add(everyone(200), vectors[:200])
    for position in range(200, 300):
        index.add(np.array([position], np.int32), vectors[position : position + 1])
        assert index.nearest(vectors[position : position + 1], 1)[0].tolist() == [[position]]
    assert len(index) == 300


def test_a_new_vector_replaces_the_old_one(make) -> None:
    vectors = clustered(100)
    index = make(32)
    index.add(everyone(100), vectors)
    moved = -vectors[7:8]
    index.add(np.array([7], np.int32), moved)
    assert index.nearest(moved, 1)[0].tolist() == [[7]]
    positions, scores = index.nearest(vectors[7:8], 100)
    assert positions[0].tolist().count(7) == 1
    assert positions[0, -1] == 7
    assert np.isclose(scores[0, -1], -1, atol=1e-5)
    assert len(index) == 100


def test_a_removed_item_never_comes_out_and_may_return(make) -> None:
    vectors = clustered(100)
    index = make(32)
    index.add(everyone(100), vectors)
    index.remove(np.array([3, 4, 12345], np.int32))
    assert not {3, 4} & set(index.nearest(vectors[3:5], 100)[0].ravel().tolist())
    assert len(index) == 98
    index.add(np.array([3], np.int32), vectors[3:4])
    assert index.nearest(vectors[3:4], 1)[0].tolist() == [[3]]


def test_zeros_are_no_vector(make) -> None:
    vectors = clustered(20)
    vectors[5] = 0
    index = make(32)
    index.add(everyone(20), vectors)
    queries = np.stack([vectors[1], vectors[5]])
    positions, scores = index.nearest(queries, 20)
    assert 5 not in positions[0]
    assert np.all(positions[1] == -1)
    assert np.all(np.isneginf(scores[1]))
    index.add(np.array([1], np.int32), np.zeros((1, 32), np.float32))
    assert 1 not in index.nearest(vectors[1:2], 20)[0]


def test_the_graph_finds_what_exact_search_finds() -> None:
    vectors, queries = clustered(3000), clustered(50, seed=1)
    exact, graph = ExactVectors(32), HnswVectors(32, GRAPH)
    for index in (exact, graph):
        index.add(everyone(3000), vectors)
    assert recall(exact, graph, queries) > 0.99


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_the_graph_keeps_its_recall_under_filters(share: float) -> None:
    """Few allowed are searched exactly, many inside the graph with a wider beam."""
    vectors, queries = clustered(3000), clustered(50, seed=1)
    exact, graph = ExactVectors(32), HnswVectors(32, GRAPH_WITH_FILTERS)
    for index in (exact, graph):
        index.add(everyone(3000), vectors)
    allowed = np.random.default_rng(2).random(3000) < share
    assert recall(exact, graph, queries, allowed) > 0.99


def recall(exact, graph, queries: np.ndarray, allowed: np.ndarray | None = None) -> float:
    truth, _ = exact.nearest(queries, 50, allowed=allowed)
    found, _ = graph.nearest(queries, 50, allowed=allowed)
    pairs = zip(found, truth, strict=True)
    return float(np.mean([np.isin(f, t).mean() for f, t in pairs]))


def test_the_graph_is_the_same_each_time() -> None:
    vectors, queries = clustered(2000), clustered(20, seed=1)
    graphs = [HnswVectors(32, GRAPH), HnswVectors(32, GRAPH)]
    for graph in graphs:
        graph.add(everyone(2000), vectors)
    one, other = (graph.nearest(queries, 100) for graph in graphs)
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_searches_run_while_items_arrive(make) -> None:
    """A reader sees old or new vectors, never a mixture, and never fails."""
    vectors = clustered(400)
    index = make(32)
    index.add(everyone(100), vectors[:100])
    done, failures = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            positions, scores = index.nearest(vectors[:4], 5)
            truth = np.take_along_axis(vectors[:4] @ vectors.T, positions, axis=1)
            if not np.allclose(scores, truth, atol=1e-5):
                failures.append((positions, scores))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(100, 400, 10):
        index.add(np.arange(start, start + 10, dtype=np.int32), vectors[start : start + 10])
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert index.nearest(vectors[399:], 1)[0].tolist() == [[399]]


def test_size_chooses_the_index() -> None:
    settings = RetrievalSettings(exact_below=100)
    assert isinstance(vector_index(clustered(99), settings), ExactVectors)
    assert isinstance(vector_index(clustered(100), settings), HnswVectors)


def test_texts_without_vectors_find_nothing() -> None:
    found = TextVectors(clustered(10)).search(QueryBatch.of([[], [1]]), 5)
    assert found.positions.shape == (2, 0)


class Fixed:
    """A scorer whose queries all point along the first axis."""

    def __init__(self, values: list[float]) -> None:
        self.vectors = np.array([[v, 1] for v in values], np.float32)

    def query_vectors(self, queries: QueryBatch) -> np.ndarray:
        return np.tile(np.array([1, 0], np.float32), (len(queries), 1))

    def item_vectors(self, items: np.ndarray | None = None) -> np.ndarray:
        return self.vectors if items is None else self.vectors[items]


def test_a_scorer_is_extended_with_new_and_changed_items() -> None:
    before = ScorerVectors("two-tower", Fixed([3, 1, 2]))
    assert before.search(QueryBatch.of([[]]), 3).positions.tolist() == [[0, 2, 1]]
    after = before.extended(Fixed([3, 9, 2, 5]), np.array([1, 3], np.int32))
    found = after.search(QueryBatch.of([[]]), 4)
    assert found.positions.tolist() == [[1, 3, 0, 2]]
    assert found.scores.tolist() == [[9, 5, 3, 2]]
    assert found.source_names == ("two-tower",)
    after.remove(np.array([3], np.int32))
    assert after.search(QueryBatch.of([[]]), 4).positions[0, :3].tolist() == [1, 0, 2]


def test_many_replacements_leave_what_a_new_index_would_hold() -> None:
    """Through the spare rows, out of them, and past gaps that have no vector."""
    rng = np.random.default_rng(4)
    index = ExactVectors(8)
    latest: dict[int, np.ndarray] = {}
    for _ in range(60):
        positions = rng.choice(90, size=20, replace=False).astype(np.int32)
        vectors = clustered(20, 8, seed=int(rng.integers(1000)))
        index.add(positions, vectors)
        latest |= dict(zip(positions.tolist(), vectors, strict=True))
        gone = rng.choice(90, size=2, replace=False).astype(np.int32)
        index.remove(gone)
        for position in gone.tolist():
            latest.pop(position, None)
    fresh = ExactVectors(8)
    order = sorted(latest)
    fresh.add(np.array(order, np.int32), np.stack([latest[p] for p in order]))
    queries = clustered(5, 8, seed=1)
    assert len(index) == len(fresh) == len(latest)
    assert np.array_equal(index.nearest(queries, 40)[0], fresh.nearest(queries, 40)[0])
    allowed = np.arange(90) % 10 == 0
    one, other = (i.nearest(queries, 5, allowed=allowed)[0] for i in (index, fresh))
    assert np.array_equal(one, other)


def test_inner_products_are_those_of_the_rows_named() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((9, 5)).astype(np.float32)
    asked = rng.standard_normal((2, 5)).astype(np.float32)
    rows = np.array([[8, -1, 0], [3, 3, -1]])
    found = inner_products(asked, matrix, rows)
    right = np.where(rows < 0, -np.inf, np.einsum("bd,bmd->bm", asked, matrix[rows]))
    np.testing.assert_allclose(found, right, rtol=1e-5)
    assert inner_products(asked, matrix, np.zeros((2, 0), np.int64)).shape == (2, 0)
    with pytest.raises(AssertionError):
        inner_products(asked, matrix.astype(np.float64), rows)
