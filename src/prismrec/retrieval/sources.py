"""Candidates from behaviour and time: what is popular, what is new, what one comes back to."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from prismrec.core import Candidates, Interactions, QueryBatch
from prismrec.core.arrays import Bools, Floats, Longs, Positions, Scores
from prismrec.retrieval.selection import best_first, brought, fitted, ragged_best, top_k

__all__ = ["DAY", "Popular", "Recent", "Repeat"]

DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True)
class _Counts:
    """What each item had earned at time `at`."""

    weights: Floats
    at: int


class Popular:
    """Items by time-decayed weight of their events: `sum_i w_i 2^-((at - t_i) / half_life)`.

    The decay is exponential, so the order is the same at every later time and one list serves all
    queries. Scores are the weights at the time of the latest event; items without any are not
    candidates. Without a clock (`half_life_days` None) nothing decays. Searches use an immutable
    snapshot; `observe` swaps it.
    """

    name = "popular"

    def __init__(self, n_items: int, half_life_days: float | None) -> None:
        self._half_life = None if half_life_days is None else half_life_days * DAY
        self._write = threading.Lock()
        self._now = _Counts(np.zeros(n_items), 0)

    @staticmethod
    def of(train: Interactions, half_life_days: float) -> Popular:
        """Popularity in `train`, without decay where it has no clock."""
        popular = Popular(train.n_items, half_life_days if train.has_clock else None)
        events = train.sequences
        popular.observe(events.items, events.times, events.weights)
        return popular

    def observe(self, items: Positions, times: Longs, weights: Scores) -> None:
        """Count events, also of items that are new; late ones count for what they still weigh."""
        if len(items) == 0:
            return
        with self._write:
            old = self._now
            at = max(old.at, int(times.max()))
            size = max(len(old.weights), int(items.max()) + 1)
            after = np.zeros(size)
            after[: len(old.weights)] = old.weights * self._decay(np.array(at - old.at))
            after += np.bincount(items, weights * self._decay(at - times), minlength=size)
            self._now = _Counts(after, at)

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """The k most popular; see `core.Retriever`."""
        weights = self._now.weights
        scores = np.where(weights > 0, weights, -np.inf).astype(np.float32)
        return _same_for_all(self.name, scores, len(queries), k, allowed)

    def _decay(self, age: Longs) -> Floats:
        if self._half_life is None:
            return np.ones(np.shape(age))
        decay: Floats = np.exp2(-age / self._half_life)
        return decay


class Recent:
    """New arrivals: items by `created_at`, those created after the query is asked left out.

    The score is minus the age in half-lives, log2 of the item's freshness. Items of unknown age are
    not candidates. Immutable: a changed catalogue makes a new one.
    """

    name = "recent"

    def __init__(self, created_at: Longs, half_life_days: float) -> None:
        known = np.flatnonzero(created_at >= 0)
        self._order = known[np.lexsort((known, -created_at[known]))].astype(np.int32)
        self._created = created_at
        self._newest_first = -created_at[self._order]
        self._half_life = half_life_days * DAY

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """The k newest at the time of each query; see `core.Retriever`."""
        allowed = fitted(allowed, len(self._created))
        order, b = self._order, len(queries)
        positions = np.full((b, min(k, len(order))), -1, np.int32)
        shared = order if allowed is None or allowed.ndim == 2 else order[allowed[order]]
        born = -self._created[shared]
        starts = np.searchsorted(born, -queries.at, side="left")
        for row, start in enumerate(starts):
            found = shared[start:]
            if allowed is not None and allowed.ndim == 2:
                found = found[allowed[row, found]]
            found = found[:k]
            positions[row, : len(found)] = found
        return brought(self.name, *best_first(positions, self._scores(queries, positions)))

    def _scores(self, queries: QueryBatch, positions: Positions) -> Scores:
        if len(self._order) == 0:
            return np.zeros(positions.shape, np.float32)
        ages = queries.at[:, None] - self._created[positions]
        return np.where(positions >= 0, -ages / self._half_life, -np.inf).astype(np.float32)


class Repeat:
    """Items of the person's own history, by how often and how lately: for what is bought again.

    The score is `sum_i w_i 2^-(age_i / half_life)` over the events of an item. Without a clock
    (`half_life_days` None) the age of an event is its place from the end of the history, and
    half-life is 10 events. Items of no positive weight are not candidates. Holds no state.
    """

    name = "repeat"

    def __init__(self, half_life_days: float | None) -> None:
        self._half_life = None if half_life_days is None else half_life_days * DAY

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items of each history; see `core.Retriever`."""
        events = queries.histories
        rows = events.rows.astype(np.int64)
        weights = events.weights * np.exp2(-self._ages(queries))
        width = int(events.items.max(initial=-1)) + 1
        pairs, inverse = np.unique(rows * width + events.items, return_inverse=True)
        scores = np.bincount(inverse, weights, minlength=len(pairs))
        owner, items = (pairs // max(width, 1), (pairs % max(width, 1)).astype(np.int32))
        keep = scores > 0
        keep &= _may(allowed, owner, items, width)
        shape = len(queries), min(k, int(events.lengths.max(initial=0)))
        positions, best, _ = ragged_best(owner[keep], items[keep], scores[keep], shape)
        return brought(self.name, positions, best)

    def _ages(self, queries: QueryBatch) -> Floats:
        events = queries.histories
        if self._half_life is None:
            ends = np.repeat(events.indptr[1:], events.lengths)
            return (ends - 1 - np.arange(len(events.items))) / 10.0
        ages = np.repeat(queries.at, events.lengths) - events.times
        halves: Floats = np.maximum(ages, 0) / self._half_life
        return halves


def _may(allowed: Bools | None, rows: np.ndarray, items: Positions, width: int) -> Bools:
    """Whether each (row, item) is allowed."""
    if allowed is None:
        return np.ones(len(items), bool)
    if allowed.shape[-1] < width:
        padded = fitted(allowed, width)
        assert padded is not None
        allowed = padded
    return allowed[items] if allowed.ndim == 1 else allowed[rows, items]


def _same_for_all(name: str, scores: Scores, b: int, k: int, allowed: Bools | None) -> Candidates:
    """The k best of `scores` (n,) for each of b queries."""
    allowed = fitted(allowed, len(scores))
    if allowed is not None and allowed.ndim == 2:
        return brought(name, *top_k(np.where(allowed, scores, np.float32(-np.inf)), k))
    if allowed is not None:
        scores = np.where(allowed, scores, np.float32(-np.inf))
    positions, best = top_k(scores[None, :], k)
    return brought(name, np.repeat(positions, b, axis=0), np.repeat(best, b, axis=0))
