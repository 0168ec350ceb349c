"""Accuracy of a ranking in which each case has one right item; ties are averaged exactly.

A scorer that gives many items the same score has not ordered them, so the target's rank is not
one number: when the tied items are in random order, every rank between "first of the tie" and
"last of the tie" is equally likely. Every metric here is the expectation over those ranks (McSherry
and Najork, "Computing information retrieval performance measures efficiently in the presence of
tied scores", ECIR 2008). A constant scorer then gets what chance gets, and no more.

Metrics take `Ranks` of b cases and give (b,) float64, one value a case: take the mean for the
figure, and resample the values for its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs

__all__ = [
    "NEVER",
    "Ranks",
    "auc",
    "average_precision",
    "expected_worth",
    "f1",
    "hit_rate",
    "ndcg",
    "precision",
    "recall",
    "reciprocal_rank",
]

NEVER = np.iinfo(np.int64).max // 4
"""`Ranks.greater` of a target that can not come out at all: its rank is infinite."""


@dataclass(frozen=True)
class Ranks:
    """Where the targets of b cases stand; three (b,) int64 arrays.

    `greater` counts the eligible items that score above the target (`NEVER` where the target itself
    is not eligible), `equal` those that tie with it, `others` all of them, the target not counted.
    The rank is uniform over `greater + 1 ... greater + equal + 1`.
    """

    greater: Longs
    equal: Longs
    others: Longs

    def __len__(self) -> int:
        return len(self.greater)

    @property
    def missed(self) -> Bools:
        """(b,) true where the target could not come out."""
        return self.greater >= NEVER

    def take(self, rows: np.ndarray) -> Ranks:
        """The ranks at `rows`, in that order."""
        return Ranks(self.greater[rows], self.equal[rows], self.others[rows])

    @staticmethod
    def of(ranks: np.ndarray, others: int) -> Ranks:
        """Ranks without ties, from 1; `NEVER` or more is a miss."""
        greater = np.minimum(np.asarray(ranks, np.int64) - 1, NEVER)
        greater[np.asarray(ranks) >= NEVER] = NEVER
        return Ranks(greater, np.zeros_like(greater), np.full_like(greater, others))

    @staticmethod
    def joined(parts: list[Ranks]) -> Ranks:
        """The cases of all `parts`, one after the other."""
        return Ranks(
            np.concatenate([part.greater for part in parts]),
            np.concatenate([part.equal for part in parts]),
            np.concatenate([part.others for part in parts]),
        )


def expected_worth(ranks: Ranks, worth: Floats) -> Floats:
    """The mean of `worth[rank - 1]` over the ranks that are possible; ranks beyond it are worth 0.

    Recall, nDCG and reciprocal rank differ in nothing but `worth` (k,).
    """
    total = np.concatenate([[0.0], np.cumsum(worth)])
    k = len(worth)
    above = np.minimum(ranks.greater, k)
    through = np.minimum(ranks.greater + ranks.equal + 1, k)
    return np.asarray((total[through] - total[above]) / (ranks.equal + 1), np.float64)


def recall(ranks: Ranks, k: int) -> Floats:
    """Share of the one relevant item found in the first `k`: 0 or 1, between them under ties."""
    return expected_worth(ranks, np.ones(k))


def hit_rate(ranks: Ranks, k: int) -> Floats:
    """Whether a relevant item is in the first `k`; with one target a case this is `recall`."""
    return recall(ranks, k)


def precision(ranks: Ranks, k: int) -> Floats:
    """Relevant share of the first `k`; with one target at most 1/k."""
    return recall(ranks, k) / k


def f1(ranks: Ranks, k: int) -> Floats:
    """Harmonic mean of precision and recall at `k` (van Rijsbergen 1979): 2 / (k + 1) at a hit."""
    return recall(ranks, k) * 2.0 / (k + 1)


def ndcg(ranks: Ranks, k: int) -> Floats:
    """1 / log2(rank + 1) within the first `k`; the ideal gain of one target is 1.

    Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    return expected_worth(ranks, 1.0 / np.log2(np.arange(2, k + 2)))


def reciprocal_rank(ranks: Ranks, k: int) -> Floats:
    """1 / rank within the first `k` (Voorhees, "The TREC-8 question answering track", 1999)."""
    return expected_worth(ranks, 1.0 / np.arange(1, k + 1))


def average_precision(ranks: Ranks, k: int) -> Floats:
    """Average precision at `k`; with one target a case this is `reciprocal_rank`."""
    return reciprocal_rank(ranks, k)


def auc(ranks: Ranks) -> Floats:
    """Share of the other eligible items that the target beats, a tie counting half.

    The area under the ROC curve of one positive against all the rest (Hanley and McNeil 1982).
    0 where the target could not come out; 0.5 where there is nothing to beat.
    """
    others = np.maximum(ranks.others, 1)
    area = 1.0 - (np.minimum(ranks.greater, ranks.others) + ranks.equal / 2.0) / others
    area = np.where(ranks.others == 0, 0.5, area)
    return np.where(ranks.missed, 0.0, area)
