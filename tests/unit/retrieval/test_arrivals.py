"""New items among the candidates."""

from __future__ import annotations

import numpy as np

from prismrec.retrieval.arrivals import best_with_arrivals, is_new

DAY = 86_400_000


def test_the_best_new_items_take_the_last_of_the_candidates() -> None:
    scores = np.arange(40.0, dtype=np.float32)[None, ::-1].copy()
    new = np.zeros((1, 40), bool)
    new[0, [1, 20, 30, 35]] = True
    found = best_with_arrivals(scores, new, 10)
    # 1 is among the best eight anyway; of the others the two that score best.
    assert found.positions[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 20, 30]
    assert found.scores[0].tolist() == [40.0 - 1 - p for p in found.positions[0]]


def test_what_may_not_come_out_does_not_come_as_new() -> None:
    scores = np.full((1, 6), -np.inf, np.float32)
    scores[0, 2] = 1.0
    found = best_with_arrivals(scores, np.ones((1, 6), bool), 5)
    assert found.positions[0].tolist() == [2, -1, -1, -1, -1]


def test_new_is_within_the_days_before_the_request() -> None:
    created = np.array([-1, 0, 5 * DAY, 9 * DAY, 11 * DAY])
    found = is_new(created, np.array([10 * DAY]), days=5)
    assert found[0].tolist() == [False, False, True, True, False]
