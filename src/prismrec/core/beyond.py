"""Beyond accuracy: how much of the catalogue comes out, how novel, how varied, how popular.

`lists` is (b, k) int32 item positions as they were recommended, -1 where a list is shorter.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Floats, Longs, Positions, Vectors

__all__ = [
    "coverage",
    "exposure_counts",
    "gini",
    "intra_list_diversity",
    "list_mean",
    "popularity_percentile",
    "self_information",
]


def exposure_counts(lists: Positions, n_items: int) -> Longs:
    """How often each item was recommended, (n_items,)."""
    shown = lists[lists >= 0]
    return np.bincount(shown, minlength=n_items).astype(np.int64)


def coverage(lists: Positions, n_items: int) -> float:
    """Share of the catalogue that was recommended to anybody.

    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage
    and serendipity", RecSys 2010.
    """
    return float(np.count_nonzero(exposure_counts(lists, n_items))) / max(n_items, 1)


def gini(counts: Longs) -> float:
    """How unequally the items share what was shown: 0 all alike, towards 1 one item has it all.

    Used for recommendation by Fleder and Hosanagar, "Blockbuster culture's next rise or fall",
    Management Science 2009.
    """
    ordered = np.sort(np.asarray(counts, np.float64))
    n, total = len(ordered), float(np.sum(counts))
    if not n or not total:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def self_information(users: Longs, n_users: int) -> Floats:
    """-log2 of the chance that a random user knows the item, (n_items,), in bits.

    `users` (n_items,) counts the users who interacted with each item. Add-one smoothed, so that an
    item nobody knows has a finite novelty. Zhou et al., "Solving the apparent diversity-accuracy
    dilemma of recommender systems", PNAS 2010.
    """
    return -np.log2((np.asarray(users, np.float64) + 1.0) / (n_users + 1.0))


def popularity_percentile(counts: Longs) -> Floats:
    """Share of the catalogue that is less popular than each item, ties counted half, (n_items,)."""
    ordered = np.sort(counts)
    below = np.searchsorted(ordered, counts, side="left")
    through = np.searchsorted(ordered, counts, side="right")
    return (below + through) / (2.0 * max(len(ordered), 1))


def list_mean(lists: Positions, worth: Floats) -> Floats:
    """Mean of `worth` (n_items,) over each list, (b,); 0 for an empty list.

    With `self_information` this is novelty; with the training counts it is the average
    recommendation popularity (Yin et al., "Challenging the long tail recommendation", VLDB 2012);
    with `popularity_percentile` the same without a unit.
    """
    there = lists >= 0
    values = np.where(there, worth[np.maximum(lists, 0)], 0.0)
    return np.asarray(values.sum(axis=1) / np.maximum(there.sum(axis=1), 1), np.float64)


def intra_list_diversity(lists: Positions, vectors: Vectors) -> Floats:
    """Mean of 1 - cosine over all pairs of a list, (b,); 0 for lists of fewer than two items.

    `vectors` (n_items, d) are L2-normalised; an item without a vector (a row of zeros) is left out
    of the pairs. Ziegler et al., "Improving recommendation lists through topic diversification",
    WWW 2005. The sum over pairs is taken from the norm of the sum: |sum v|^2 = sum over all pairs.
    """
    has_one = np.count_nonzero(vectors, axis=1) > 0
    known = (lists >= 0) & has_one[np.maximum(lists, 0)]
    sums = np.zeros((len(lists), vectors.shape[1]), np.float64)
    for place in range(lists.shape[1]):
        sums += np.where(known[:, place, None], vectors[np.maximum(lists[:, place], 0)], 0.0)
    n = known.sum(axis=1)
    pairs = np.maximum(n * (n - 1), 1)
    similar = ((sums * sums).sum(axis=1) - n) / pairs
    return np.asarray(np.where(n > 1, 1.0 - similar, 0.0), np.float64)
