"""How an evaluation is run; the metrics themselves have no knobs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CUTOFFS", "LIST_LENGTH", "EvaluationSettings"]

CUTOFFS = (5, 10, 20)
"""Accuracy is reported at these places."""
LIST_LENGTH = 10
"""Coverage, novelty, diversity and popularity are of the first this many items."""


@dataclass(frozen=True)
class EvaluationSettings:
    """`batch` queries are scored at once; `max_cases` cases at most are asked (0: all of them),
    drawn at random and noted in the report; `resamples` and `confidence` make the intervals.
    """

    batch: int = 512
    max_cases: int = 100_000
    resamples: int = 1000
    confidence: float = 0.95
