"""The figure by which training stops: of the scorer as it is now, with or without repeats."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Cases, QueryBatch, generator
from prismrec.models.validation import validator


def asked(n: int) -> Cases:
    """Whoever had item 0 takes item 1 next."""
    none = np.zeros(n, bool)
    queries = QueryBatch.of([[0]] * n)
    return Cases(queries, np.ones(n, np.int32), np.arange(n, dtype=np.int32), none, none)


class Fixed:
    """Scores that are the same for everybody."""

    def __init__(self, scores: list[float]) -> None:
        self.scores, self.asked = np.array(scores, np.float32), 0

    def score(self, queries: QueryBatch, items: None = None) -> np.ndarray:
        self.asked += len(queries)
        return np.tile(self.scores, (len(queries), 1))


@pytest.mark.parametrize(("repeats", "expected"), [(False, 1.0), (True, 1 / np.log2(3))])
def test_what_was_had_counts_only_where_it_may_return(repeats, expected):
    figure = validator(lambda: Fixed([3, 2, 1]), asked(5), repeats, generator(0))
    assert figure() == pytest.approx(expected)


def test_it_asks_the_scorer_of_the_moment_on_a_few_cases():
    made = [Fixed([3, 2, 1]), Fixed([3, 1, 2])]
    figure = validator(lambda: made[0], asked(20), False, generator(0), most=7)
    assert figure() == 1
    made.pop(0)
    assert figure() == pytest.approx(1 / np.log2(3))
    assert made[0].asked == 7


def test_without_cases_there_is_none():
    scorer = Fixed([1])
    assert validator(lambda: scorer, None, False, generator(0)) is None
    assert validator(lambda: scorer, asked(0), False, generator(0)) is None
