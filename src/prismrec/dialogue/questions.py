"""A question back, where its answer would narrow much.

Among the items that fit, the attribute whose values tell most apart (the highest entropy over a few
common values) is asked about, if that is at least a bit, and far more items fit than can be shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools
from prismrec.dialogue.state import State
from prismrec.retrieval.filters import FilterIndex
from prismrec.retrieval.shop.facets import facet_counts

__all__ = ["Question", "question_about"]

MOST_OPTIONS = 5
COVERED = 0.7
"""The share of the items that the options must cover."""
LEAST_BITS = 1.0
TIMES_SHOWN = 2
"""A question pays from this many times the items that are shown."""
MOST_ASKED = 3
"""Attributes asked about in one conversation."""


@dataclass(frozen=True)
class Question:
    """An attribute, its commonest values among the items that fit, with counts, and the bits that
    an answer tells on average."""

    name: str
    options: tuple[tuple[str, int], ...]
    bits: float


def question_about(index: FilterIndex, fitting: Bools, state: State, shown: int) -> Question | None:
    """What to ask about the items `fitting` (n,), `None` where it does not pay."""
    total = int(fitting.sum())
    if total < TIMES_SHOWN * max(shown, 1) or len(state.asked) >= MOST_ASKED:
        return None
    known = {*state.asked, *state.wish.wanted, "category"}
    asked = [
        _question(name, counts, total)
        for name, counts in facet_counts(index, fitting, limit=MOST_OPTIONS).items()
        if name not in known and len(counts) > 1
    ]
    paying = [one for one in asked if one is not None and one.bits >= LEAST_BITS]
    return max(paying, key=lambda one: (one.bits, one.name), default=None)


def _question(name: str, counts: dict[str, int], total: int) -> Question | None:
    shares = np.array(list(counts.values()), np.float64) / total
    if not COVERED <= shares.sum() <= 1.0 + 1e-9:  # items with several values tell nothing apart
        return None
    rest = 1.0 - shares.sum()
    every = np.append(shares, rest) if rest > 1e-9 else shares
    return Question(name, tuple(counts.items()), float(-(every * np.log2(every)).sum()))
