"""Full ranking: every item is scored for every case, and the target's rank is counted exactly.

No list is sorted. The rank of a target needs only how many items score above it and how many tie
with it; only the first few places are picked out, for coverage, novelty and diversity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from prismrec.core import Cases, QueryBatch, Scorer, Sequences, TrainingDiverged
from prismrec.core.arrays import Bools, Longs, Positions, Scores
from prismrec.core.metrics import NEVER, Ranks
from prismrec.threads import side_by_side

__all__ = ["HistoryFilter", "Ranked", "batches", "rank_all", "rank_batch", "top"]

_BLOCK = 64

Tick = Callable[[int], None]
"""Told after each batch how many cases are done."""


@dataclass(frozen=True)
class Ranked:
    """What came out for b cases: the ranks of their targets, and the first items of every list.

    `lists` (b, k) int32, best first, -1 where fewer items were eligible. `whole` is true where the
    whole catalogue was ranked, so that ranks beyond k are known (and AUC with them).
    """

    ranks: Ranks
    lists: Positions
    whole: bool = True

    def take(self, rows: np.ndarray) -> Ranked:
        """The cases at `rows`, in that order."""
        return Ranked(self.ranks.take(rows), self.lists[rows], self.whole)


@dataclass(frozen=True)
class HistoryFilter:
    """Which items of a history do not come back.

    Unless `repeats` are wanted these are the items of events whose kind is `consumed` (`None`: of
    any kind); refused items (events of negative weight) never come back.
    """

    repeats: bool = False
    consumed: frozenset[int] | None = None

    def removed(self, queries: QueryBatch) -> Sequences:
        """The events of the histories whose items must not come out."""
        histories = queries.histories
        refused = histories.weights < 0
        if self.repeats:
            return histories.where(refused)
        if self.consumed is None:
            return histories
        return histories.where(refused | np.isin(histories.kinds, sorted(self.consumed)))

    def missed(self, cases: Cases) -> Bools:
        """(b,) true where the target is among what must not come out."""
        removed = self.removed(cases.queries)
        rows = removed.rows
        out = np.zeros(len(cases), bool)
        out[rows[removed.items == cases.targets[rows]]] = True
        return out

    def allowed(self, queries: QueryBatch, n_items: int) -> Bools:
        """(b, n_items) true where an item may come out."""
        removed = self.removed(queries)
        known = (removed.items >= 0) & (removed.items < n_items)
        out = np.ones((len(queries), n_items), bool)
        out[removed.rows[known], removed.items[known]] = False
        return out


def rank_all(
    scorer: Scorer,
    cases: Cases,
    *,
    k: int,
    rule: HistoryFilter,
    batch: int,
    tick: Tick | None = None,
) -> Ranked:
    """Rank the targets of all `cases` among all the items that `scorer` knows.

    What `rule` removes is not eligible, the target included: a target that the user has had already
    is a miss. (Lifting the filter for the target alone would tell the model which item of the
    history is the answer.) A target that the scorer does not know is a miss as well.
    """

    def of(rows: np.ndarray) -> Ranked:
        part = cases.take(rows)
        scores = np.array(scorer.score(part.queries, None), np.float32)
        return rank_batch(scores, part, k=k, rule=rule)

    ranks, lists = [], []
    for ranked in side_by_side(of, batches(len(cases), batch)):
        ranks.append(ranked.ranks)
        lists.append(ranked.lists)
        if tick is not None:
            tick(len(ranked.lists))
    if not ranks:
        empty = np.zeros(0, np.int64)
        return Ranked(Ranks(empty, empty, empty), np.zeros((0, k), np.int32))
    return Ranked(Ranks.joined(ranks), np.concatenate(lists))


def rank_batch(scores: Scores, cases: Cases, *, k: int, rule: HistoryFilter) -> Ranked:
    """Rank one batch from its `scores` (b, n) float32, which are overwritten where filtered."""
    if not np.isfinite(scores.sum(dtype=np.float64)):
        raise TrainingDiverged(
            "The scorer gave a score that is not a finite number.",
            hint="Lower the learning rate of that model, or leave it out of the evaluation.",
        )
    b, n = scores.shape
    targets = cases.targets
    reachable = (targets >= 0) & (targets < n)
    rows = np.arange(b)
    target_scores = scores[rows, np.where(reachable, targets, 0)].copy()
    reachable &= ~rule.missed(cases)
    eligible = n - _mask(scores, rule.removed(cases.queries))
    greater = np.count_nonzero(scores > target_scores[:, None], axis=1)
    ties = np.count_nonzero(scores == target_scores[:, None], axis=1)
    ranks = Ranks(
        np.where(reachable, greater, NEVER).astype(np.int64),
        np.where(reachable, ties - 1, 0).astype(np.int64),
        np.where(reachable, eligible - 1, eligible).astype(np.int64),
    )
    return Ranked(ranks, top(scores, k))


def top(scores: Scores, k: int) -> Positions:
    """The k best items of every row (b, k), best first, equal scores in order of position.

    Items at -inf never come out; -1 fills rows that have fewer. The k-th best of the blocks' maxima
    is a level that at least k items reach, and only items of fewer than k blocks exceed it, so
    little is left to sort; where those are too few, items at the level fill up in order of
    position. Unlike a partition, this does not slow down where most scores are equal.
    """
    level = _level(scores, k)
    rows, items = np.nonzero(scores > level[:, None])
    starts = np.searchsorted(rows, np.arange(len(scores) + 1))
    out = np.full((len(scores), k), -1, np.int32)
    for row, of_row in enumerate(scores):
        above = items[starts[row] : starts[row + 1]]
        best = above[np.argsort(-of_row[above], kind="stable")[:k]]
        if len(best) < k and level[row] > -np.inf:
            tied = np.flatnonzero(of_row == level[row])
            best = np.concatenate([best, tied[: k - len(best)]])
        out[row, : len(best)] = best
    return out


def _level(scores: Scores, k: int) -> Scores:
    """A score that at least k items of each row reach, (b,); -inf where that is not sure."""
    b, n = scores.shape
    cut = n - n % _BLOCK
    best = scores[:, :cut].reshape(b, -1, _BLOCK).max(axis=2)
    if cut < n:
        best = np.column_stack([best, scores[:, cut:].max(axis=1)])
    blocks = best.shape[1]
    if blocks < k:
        return np.full(b, -np.inf, np.float32)
    return np.asarray(np.partition(best, blocks - k, axis=1)[:, blocks - k])


def batches(n: int, size: int) -> Iterator[np.ndarray]:
    """The rows 0 ... n - 1 in runs of `size`."""
    for start in range(0, n, size):
        yield np.arange(start, min(start + size, n))


def _mask(scores: Scores, removed: Sequences) -> Longs:
    """Set the scores of `removed` items to -inf; (b,) how many items that were."""
    n = scores.shape[1]
    known = (removed.items >= 0) & (removed.items < n)
    cells = np.unique(removed.rows[known].astype(np.int64) * n + removed.items[known])
    scores[cells // n, cells % n] = -np.inf
    return np.bincount(cells // n, minlength=len(scores))
