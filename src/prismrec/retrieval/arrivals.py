"""New items join the candidates, where the shop gives them a place."""

from __future__ import annotations

import numpy as np

from prismrec.core import Candidates
from prismrec.core.arrays import Bools, Longs, Scores
from prismrec.retrieval.selection import best_first, top_k

__all__ = ["best_with_arrivals", "is_new"]

ARRIVALS = 10
"""So many of the candidates are new items, at most a fifth of them."""
DAY = 86_400_000


def best_with_arrivals(scores: Scores, new: Bools, k: int) -> Candidates:
    """The k best of each row of `scores` (b, n), among them the best that are `new` (b, n).

    A model that has seen nobody take an item scores it so low that it would never be chosen from.
    New items take the last of the k places, and are chosen by their scores: those that fit.
    """
    wanted = min(ARRIVALS, k // 5)
    best, worth = top_k(scores, k - wanted)
    rest = np.where(new, scores, -np.inf)
    rows, columns = np.nonzero(best >= 0)
    rest[rows, best[rows, columns]] = -np.inf
    fresh, fresh_worth = top_k(rest, wanted)
    both = np.concatenate([best, fresh], axis=1), np.concatenate([worth, fresh_worth], axis=1)
    return Candidates(*best_first(*both))


def is_new(created_at: Longs, at: Longs, days: float) -> Bools:
    """(b, n): created within `days` before each request `at` (b,); -1 is an unknown time."""
    age = at[:, None] - created_at
    return np.asarray((created_at >= 0) & (age >= 0) & (age <= days * DAY))
