"""The zero-shot ranking of a search: parts sum, the order is right, nothing is added."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Candidates, QueryBatch
from prismrec.ranking.search import WEIGHTS, SearchRanker

MEANING_WEIGHT = WEIGHTS["meaning"]


class Told:
    """Evidence that says of item p what its row p holds."""

    def __init__(self, names: tuple[str, ...], rows: list[list[float]]) -> None:
        self.names = names
        self.rows = np.array(rows, np.float32)

    def evidence(self, queries: QueryBatch, positions: np.ndarray) -> np.ndarray:
        return np.where((positions >= 0)[:, :, None], self.rows[positions], 0.0)


WORDS = Told(("coverage", "words"), [[1, 0.2], [1, 0.9], [0, 0.0]])
MEANING = Told(("meaning",), [[0.8], [0.1], [0.9]])
FOUND = Candidates(np.array([[0, 1, 2, -1]], np.int32), np.array([[9, 8, 7, -np.inf]], np.float32))


def test_words_and_meaning_are_weighed_and_told_apart() -> None:
    ranked = SearchRanker((WORDS, MEANING)).rank(QueryBatch.of([[]]), FOUND)
    assert ranked.positions.tolist() == [[1, 0, 2, -1]]
    assert ranked.part_names == ("words", "meaning")
    assert ranked.scores[0, :3] == pytest.approx(
        [0.9 + 0.1 * MEANING_WEIGHT, 0.2 + 0.8 * MEANING_WEIGHT, 0.9 * MEANING_WEIGHT]
    )
    assert ranked.parts is not None
    np.testing.assert_allclose(ranked.parts.sum(axis=2)[0, :3], ranked.scores[0, :3], rtol=1e-6)
    assert ranked.scores[0, 3] == -np.inf
    assert not ranked.parts[0, 3].any()


def test_a_catalogue_without_vectors_is_ranked_by_words() -> None:
    ranked = SearchRanker((WORDS,)).rank(QueryBatch.of([[]]), FOUND)
    assert ranked.part_names == ("words",)
    assert ranked.positions[0, :2].tolist() == [1, 0]
