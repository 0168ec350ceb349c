"""What a value's standing in a text is worth, measured on labelled items read as if they were not.

Only the few values that stand in a text change by a bonus: what is best otherwise is found once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Scores
from prismrec.language.knowledge.labels import Labels, Mentions

__all__ = ["Best", "Tries", "isotonic"]


@dataclass(frozen=True, eq=False)
class Best:
    """The best value of each labelled row: its `score` (l,), whether it is `right` (l,); and the
    `f1` they reach."""

    score: Scores
    right: Bools
    f1: float


class Tries:
    """What bonuses would do to `scores` (l, c) of the labelled rows. A value that no other row has
    gets none: there it would be the row's own label."""

    def __init__(self, labels: Labels, scores: Scores, mentions: Mentions) -> None:
        pairs, width = labels.targets.tocoo(), scores.shape[1]
        self._scores = scores
        self._own = np.sort(pairs.row * width + pairs.col)
        support = np.bincount(pairs.col, minlength=width)[mentions.column]
        others = support - self._has(mentions.row, mentions.column)
        self._labels, self._mentions = labels, mentions.take(others > 0)
        self._first = scores.argmax(axis=1)
        self._there = len(np.unique(pairs.row))

    def nearer(self, near: Scores) -> Tries:
        """The same with `near` (l, c) added to the scores."""
        return Tries(self._labels, self._scores + near, self._mentions)

    def best(self, stands: float, leads: float) -> Best:
        """With these bonuses for a value that stands in a text, and that leads it."""
        every = np.arange(len(self._scores))
        column, score = self._first.copy(), self._scores[every, self._first].copy()
        there = self._mentions
        raised = self._scores[there.row, there.column] + stands + leads * there.leads
        order = np.argsort(raised, kind="stable")  # the highest of a row is written last
        order = order[raised[order] > score[there.row[order]]]
        column[there.row[order]] = there.column[order]
        score[there.row[order]] = raised[order]
        right = self._has(every, column)
        return Best(score, right, _best_f1(score, right, self._there))

    def _has(self, rows: Longs, columns: Longs) -> Bools:
        asked = rows * self._scores.shape[1] + columns
        return np.asarray(np.isin(asked, self._own), bool)


def _best_f1(scores: Scores, right: Bools, there: float) -> float:
    """The best F1 over all thresholds, `there` items having the field."""
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    reached = 2 * hits / (np.arange(1, len(hits) + 1) + there)
    return float(reached.max()) if len(hits) else 0.0


def isotonic(scores: Scores, right: Bools) -> tuple[Floats, Floats]:
    """Scores and how often one so high is right, never falling."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, right)
    # Two rows alone would make a first hit certain: the ends are drawn in by one of each outcome.
    n = len(scores)
    return fitted.X_thresholds_, (fitted.y_thresholds_ * n + 0.5) / (n + 1.0)
