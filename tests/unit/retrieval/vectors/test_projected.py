"""Search in two steps finds what exact search finds, where vectors are as long as texts' are."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.retrieval.settings import RetrievalSettings
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


@pytest.fixture(scope="module")
def both(vectors: np.ndarray) -> tuple[ExactVectors, ProjectedVectors]:
    exact, projected = ExactVectors(D), ProjectedVectors(vectors)
    for index in (exact, projected):
        index.add(np.arange(N, dtype=np.int32), vectors)
    return exact, projected


def test_the_nearest_are_those_of_exact_search(
    both: tuple[ExactVectors, ProjectedVectors], vectors: np.ndarray
) -> None:
    exact, projected = both
    asked = vectors[:20] + 0.1 * vectors[20:40]
    right, best = exact.nearest(asked, 100)
    found, scores = projected.nearest(asked, 100)
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
