"""Metrics of one ranked list against judgments: several relevant items, with grades, with ties.

All take the `scores` (m,) of the items of one query and their `gains` or `relevant` flags (m,), and
give the expectation over random orders of tied items (McSherry and Najork, ECIR 2008). Judged items
that were not retrieved belong in the arrays too, with a score of -inf, so that the ideal list is
the ideal of the query; unjudged items have gain 0.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs

__all__ = [
    "judged_average_precision",
    "judged_f1",
    "judged_hit_rate",
    "judged_ndcg",
    "judged_precision",
    "judged_recall",
    "judged_reciprocal_rank",
]


def judged_ndcg(scores: Floats, gains: Floats, k: int) -> float:
    """Normalised discounted cumulated gain of the first `k`; 0 where no item has a gain.

    `gains` are the grades themselves (Jarvelin and Kekalainen 2002, as trec_eval has it), or
    `2 ** grades - 1` for the exponential form (Burges et al., "Learning to rank using gradient
    descent", ICML 2005).
    """
    discounts = 1.0 / np.log2(np.arange(2, min(k, len(gains)) + 2))
    ideal = float(np.sort(gains)[::-1][:k] @ discounts)
    return float(_expected(scores, gains)[:k] @ discounts) / ideal if ideal > 0 else 0.0


def judged_precision(scores: Floats, relevant: Bools, k: int) -> float:
    """Relevant share of the first `k` places, empty places counted as irrelevant."""
    return _hits(scores, relevant, k) / k


def judged_recall(scores: Floats, relevant: Bools, k: int) -> float:
    """Share of the relevant items that are in the first `k`; 0 where there is none."""
    return _hits(scores, relevant, k) / max(int(np.sum(relevant)), 1)


def judged_f1(scores: Floats, relevant: Bools, k: int) -> float:
    """Harmonic mean of precision and recall at `k`: 2 hits / (k + relevant items)."""
    return 2.0 * _hits(scores, relevant, k) / (k + int(np.sum(relevant)))


def judged_average_precision(scores: Floats, relevant: Bools, k: int | None = None) -> float:
    """Mean over the relevant items of the precision where each stands; beyond `k` they add 0.

    Buckley and Voorhees, "Evaluating evaluation measure stability", SIGIR 2000.
    """
    total = int(np.sum(relevant))
    if not total:
        return 0.0
    sizes, hits = _ties(scores, relevant)
    starts, before = np.cumsum(sizes) - sizes, np.cumsum(hits) - hits
    within = np.arange(len(relevant)) - np.repeat(starts, sizes)
    share = np.repeat(hits / sizes, sizes)
    # Given a relevant item at this place of the tie, each earlier place of the tie is relevant
    # with probability (hits - 1) / (size - 1).
    earlier = within * np.repeat((hits - 1) / np.maximum(sizes - 1, 1), sizes)
    places = np.arange(1, len(relevant) + 1)
    terms = share * (np.repeat(before, sizes) + 1 + earlier) / places
    return float(terms[:k].sum()) / total


def judged_reciprocal_rank(scores: Floats, relevant: Bools, k: int | None = None) -> float:
    """1 / rank of the first relevant item, 0 where it stands beyond `k` or there is none."""
    places, chances = _first(scores, relevant)
    within = places <= (k or len(relevant))
    return float((chances[within] / places[within]).sum())


def judged_hit_rate(scores: Floats, relevant: Bools, k: int) -> float:
    """The chance that any relevant item is in the first `k`."""
    places, chances = _first(scores, relevant)
    return float(chances[places <= k].sum())


def _ties(scores: Floats, worth: np.ndarray) -> tuple[Longs, Floats]:
    """Best first, the size of every group of equal scores and the sum of `worth` in it."""
    _, group, sizes = np.unique(-np.asarray(scores), return_inverse=True, return_counts=True)
    sums: Floats = np.zeros(len(sizes))
    np.add.at(sums, group, worth)
    return sizes.astype(np.int64), sums


def _expected(scores: Floats, worth: np.ndarray) -> Floats:
    """The expected worth at every place, best first: the mean of the tie that covers it."""
    sizes, sums = _ties(scores, worth)
    return np.repeat(sums / sizes, sizes)


def _hits(scores: Floats, relevant: Bools, k: int) -> float:
    return float(_expected(scores, relevant)[:k].sum())


def _first(scores: Floats, relevant: Bools) -> tuple[Longs, Floats]:
    """The places where the first relevant item can stand, and the chance of each."""
    sizes, hits = _ties(scores, relevant)
    found = np.flatnonzero(hits > 0)
    if not len(found):
        return np.zeros(0, np.int64), np.zeros(0)
    size, hit = int(sizes[found[0]]), int(hits[found[0]])
    drawn = np.arange(size - hit + 1)  # irrelevant items of the tie drawn before it
    none_yet = np.concatenate([[1.0], np.cumprod((size - hit - drawn) / (size - drawn))[:-1]])
    places = int(sizes[: found[0]].sum()) + 1 + drawn
    return places, none_yet * hit / (size - drawn)
