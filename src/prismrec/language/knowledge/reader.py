"""One field read from texts: which of its known values, and how sure.

A value is scored by what similar items have (`ridge`), plus a bonus where it stands in the text,
more where the text begins with it, as titles do with brands, and where names say what a thing is,
by how near the name is to the text. How much each counts, and how often a score is right, is
measured on the labelled items, each read as if it had no label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Scores
from prismrec.language.knowledge.lexicon import Lexicon
from prismrec.language.knowledge.ridge import Ridge
from prismrec.language.knowledge.space import TextSpace

__all__ = ["FieldReader", "Labels", "Reading"]

LEADS = (0.0, 0.5, 1.0, 2.0)
STANDS = (0.0, 0.25, 0.5, 1.0)
NEAR = (0.0, 0.5, 1.0, 2.0)
"""What is tried for a value that leads the text, for one that stands in it, and for how near it
is; all of one kind at once, the others as they are best."""

SHORTLIST = 6
"""Values that a reading names, for someone else to choose from."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What the labelled items have of one field: `rows` (l,) their places in the space, `values`
    the values by column, `targets` (l, c) 1 where an item has the value. A row of zeros is an item
    that is described and does not have the field."""

    rows: Longs
    values: tuple[str, ...]
    targets: Scores

    @staticmethod
    def of(rows: Longs, given: Sequence[Sequence[str]], values: Sequence[str]) -> Labels:
        """`given` are the values of each of `rows`; those not among `values` are left out."""
        columns = {value: column for column, value in enumerate(values)}
        targets = np.zeros((len(rows), len(values)), np.float32)
        for row, some in enumerate(given):
            for value in some:
                if value in columns:
                    targets[row, columns[value]] = 1.0
        return Labels(rows, tuple(values), targets)


@dataclass(frozen=True, slots=True)
class Reading:
    """The value read for a text, its measured `confidence`, and whether it `stands` in the text;
    `shortlist` are the best values, best first."""

    value: str
    confidence: float
    stands: bool
    shortlist: tuple[str, ...]


class FieldReader:
    """Reads one field of any text of `space`. Made by `learned`."""

    def __init__(self, space: TextSpace, labels: Labels, near: Scores | None) -> None:
        self._space, self._labels, self._near = space, labels, near
        self._lexicon = Lexicon(labels.values)
        self._weights: Scores = np.zeros((0, 0), np.float32)
        self._bonus = np.zeros(3, np.float32)
        self._edges = np.zeros(0)
        self._right = np.zeros(0)

    @staticmethod
    def learned(
        space: TextSpace, labels: Labels, ridge: Ridge, near: Scores | None = None
    ) -> FieldReader:
        """The reader of a field. `ridge` is over the kernel of `labels.rows`; `near` (n, c) says
        how near each text of the space is to each value's name, where names mean something."""
        reader = FieldReader(space, labels, near)
        reader._weights, left_out = ridge.fit(labels.targets)
        support = labels.targets.sum(axis=0) - labels.targets  # of each value, by the other rows
        leads, stands, named = reader._evidence(labels.rows)
        reader._choose(left_out, (leads * (support > 0), stands * (support > 0), named))
        return reader

    def read(self, rows: Longs, kernel: Scores) -> list[Reading]:
        """The best value for each of `rows`; `kernel` (r, l) is theirs with the labelled rows."""
        evidence = self._evidence(rows)
        scores = kernel @ self._weights
        scores += sum(b * part for b, part in zip(self._bonus, evidence, strict=True) if b)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :SHORTLIST]
        best, every = order[:, 0], np.arange(len(rows))
        confidence = np.interp(scores[every, best], self._edges, self._right)
        stands = evidence[1][every, best] > 0
        return [
            Reading(some[0], float(sure), bool(there), some)
            for some, sure, there in zip(map(self._named, order), confidence, stands, strict=True)
        ]

    def _named(self, columns: Longs) -> tuple[str, ...]:
        return tuple(self._labels.values[column] for column in columns.tolist())

    def _evidence(self, rows: Longs) -> tuple[Scores, Scores, Scores]:
        """(r, c) each: whether a value leads a text, whether it stands in it, how near it is."""
        leads = np.zeros((len(rows), len(self._labels.values)), np.float32)
        stands = np.zeros_like(leads)
        for row, position in enumerate(rows.tolist()):
            for mention in self._lexicon.mentions(self._space.cut[position]):
                stands[row, mention.value] = 1.0
                leads[row, mention.value] = max(leads[row, mention.value], mention.leads)
        return leads, stands, np.zeros_like(leads) if self._near is None else self._near[rows]

    def _choose(self, left_out: Scores, evidence: Sequence[Scores]) -> None:
        """The bonuses of the best F1 on the labelled rows, and what their scores are worth."""
        every, there = np.arange(len(left_out)), float(self._labels.targets.any(axis=1).sum())

        def tried(bonus: Scores) -> tuple[float, Scores, Bools]:
            scores = left_out + sum(b * part for b, part in zip(bonus, evidence, strict=True) if b)
            column = scores.argmax(axis=1)
            right = self._labels.targets[every, column] > 0
            score = scores[every, column]
            return _best_f1(score, right, there), score, right

        best, score, right = tried(self._bonus)
        for kind, sizes in ((2, NEAR), (1, STANDS), (0, LEADS)):
            for size in sizes[1:] if evidence[kind].any() else ():
                bonus = self._bonus.copy()
                bonus[kind] = size
                found = tried(bonus)
                if found[0] > best + 1e-9:
                    self._bonus, (best, score, right) = bonus, found
        self._edges, self._right = _isotonic(score, right)


def _best_f1(scores: Scores, right: Bools, there: float) -> float:
    """The best F1 over all thresholds, `there` items having the field."""
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    reached = 2 * hits / (np.arange(1, len(hits) + 1) + there)
    return float(reached.max()) if len(hits) else 0.0


def _isotonic(scores: Scores, right: Bools) -> tuple[Floats, Floats]:
    """Scores and how often one so high is right, never falling."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, right)
    # Two rows alone would make a first hit certain: the ends are drawn in by one of each outcome.
    n = len(scores)
    return fitted.X_thresholds_, (fitted.y_thresholds_ * n + 0.5) / (n + 1.0)
