"""The validation figure by which models stop early and mixtures choose: nDCG@10, full ranking."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prismrec.core import Cases, QueryBatch, Scorer
from prismrec.core.arrays import Floats, Scores
from prismrec.core.metrics import NEVER, Ranks, ndcg
from prismrec.threads import side_by_side

__all__ = ["mask_history", "ndcg_of", "ranks_of", "sampled", "validator"]

CUTOFF = 10
CHUNK = 64


def sampled(cases: Cases, most: int, rng: np.random.Generator) -> Cases:
    """At most `most` of the cases, drawn at random, in order."""
    if len(cases) <= most:
        return cases
    return cases.take(np.sort(rng.choice(len(cases), most, replace=False)))


def validator(
    made: Callable[[], Scorer],
    cases: Cases | None,
    repeats: bool,
    rng: np.random.Generator,
    most: int = 3000,
) -> Callable[[], float] | None:
    """The mean nDCG@10 of the scorer that `made` gives at the time, on `most` of `cases`; `None`
    where there are none."""
    if cases is None or not len(cases):
        return None
    some = sampled(cases, most, rng)
    return lambda: float(ndcg_of(made(), some, repeats).mean())


def mask_history(scores: Scores, queries: QueryBatch) -> None:
    """Put the items of each history out of reach in `scores` (b, n), in place."""
    histories = queries.histories
    known = histories.items < scores.shape[1]
    scores[histories.rows[known], histories.items[known]] = -np.inf


def ranks_of(scores: Scores, cases: Cases, repeats: bool) -> Ranks:
    """Where the targets stand in `scores` (b, n), which are overwritten where filtered."""
    rows = np.arange(len(cases))
    there = cases.targets < scores.shape[1]
    target = scores[rows, np.where(there, cases.targets, 0)].copy()
    if not repeats:
        mask_history(scores, cases.queries)
        there &= np.isfinite(scores[rows, np.where(there, cases.targets, 0)])
    greater = np.count_nonzero(scores > target[:, None], axis=1)
    equal = np.count_nonzero(scores == target[:, None], axis=1) - 1
    others = np.full(len(cases), scores.shape[1] - 1, np.int64)
    return Ranks(np.where(there, greater, NEVER), np.where(there, equal, 0), others)


def ndcg_of(scorer: Scorer, cases: Cases, repeats: bool) -> Floats:
    """nDCG@10 of each case, over the whole catalogue, (b,)."""

    def figures(start: int) -> Floats:
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        return ndcg(ranks_of(np.array(scorer.score(part.queries)), part, repeats), CUTOFF)

    parts = side_by_side(figures, range(0, len(cases), CHUNK))
    return np.concatenate([np.zeros(0), *parts])
