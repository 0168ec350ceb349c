"""Search in two steps finds what exact search finds, where vectors are as long as texts' are."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.vectors import projected
from prismrec.retrieval.vectors.coded import CodedVectors, quick
from prismrec.retrieval.vectors.exact import ExactVectors
from prismrec.retrieval.vectors.projected import ProjectedVectors, principal
from prismrec.retrieval.vectors.retrievers import vector_index

N, D = 3_000, 300


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Vectors whose directions matter less and less, as those of texts do."""
    rng = np.random.default_rng(0)
    out = (rng.normal(size=(N, D)) / np.sqrt(1 + np.arange(D))).astype(np.float32)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


@pytest.mark.parametrize("coded", [False, True])
def test_the_nearest_are_those_of_exact_search(
    vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch, *, coded: bool
) -> None:
    """With a first step in eight bits, where the processor is made for it, and without."""
    if coded and not quick():
        pytest.skip("this processor does not multiply in eight bits")
    monkeypatch.setattr(projected, "quick", lambda: coded)
    exact, index = ExactVectors(D), ProjectedVectors(vectors)
    for one in (exact, index):
        one.add(np.arange(N, dtype=np.int32), vectors)
    asked = vectors[:20] + 0.1 * vectors[20:40]
    right, best = exact.nearest(asked, 100)
    found, scores = index.nearest(asked, 100)
    assert (found == right).mean() > 0.99
    np.testing.assert_allclose(scores[found == right], best[found == right], rtol=1e-5)


def test_filters_changes_and_removals_hold(vectors: np.ndarray) -> None:
    index = ProjectedVectors(vectors)
    index.add(np.arange(N, dtype=np.int32), vectors)
    allowed = np.zeros(N, bool)
    allowed[[5, 7, 9]] = True
    found, _ = index.nearest(vectors[7:8], 10, allowed=allowed)
    assert found[0, 0] == 7
    assert set(found[0][found[0] >= 0]) == {5, 7, 9}
    index.remove(np.array([7], np.int32))
    assert 7 not in index.nearest(vectors[7:8], 10)[0]
    index.add(np.array([N], np.int32), vectors[7:8])
    assert index.nearest(vectors[7:8], 3)[0][0, 0] == N
    assert len(index) == N
    nothing, scores = index.nearest(np.zeros((1, D), np.float32), 4)
    assert (nothing == -1).all()
    assert np.isneginf(scores).all()


def test_the_directions_are_the_longest_and_always_the_same(vectors: np.ndarray) -> None:
    basis = principal(vectors, 10)
    np.testing.assert_allclose(basis.T @ basis, np.eye(10), atol=1e-5)
    kept = np.square(vectors @ basis).sum()
    assert kept > np.square(vectors @ np.eye(D, 10)).sum()
    np.testing.assert_array_equal(basis, principal(vectors.copy(), 10))


def test_the_settings_say_when(vectors: np.ndarray) -> None:
    def kind(**settings: int) -> type:
        return type(vector_index(vectors, RetrievalSettings(**settings)))

    assert kind(projected_from=N) is ProjectedVectors
    assert kind(projected_from=N + 1) is ExactVectors
    assert type(vector_index(vectors[:, :64], RetrievalSettings(projected_from=1))) is ExactVectors


def test_coded_vectors_order_by_the_products_of_whole_numbers(vectors: np.ndarray) -> None:
    """What comes late, in place of others or beyond the largest number, is coded as well."""
    index = CodedVectors(D, largest=float(np.abs(vectors).max()))
    index.add(np.arange(N, dtype=np.int32), vectors)
    index.add(np.array([3, N], np.int32), vectors[[4, 5]] * np.float32([[1], [2]]))
    now = np.concatenate([vectors, 2 * vectors[5:6]])
    now[3] = now[4]
    step = np.abs(vectors).max() / 127
    codes = np.clip(np.rint(now / step), -127, 127).astype(np.int64)
    asked = vectors[10:13]
    whole = np.rint(asked * (127 / np.abs(asked).max(axis=1, keepdims=True))).astype(np.int64)
    want = whole @ codes.T
    found, scores = index.nearest(asked, 20)
    np.testing.assert_array_equal(scores, np.take_along_axis(want, found.astype(np.int64), 1))
    np.testing.assert_array_equal(scores, -np.sort(-want, axis=1)[:, :20])
