"""One field read from texts: which of its known values, and how sure.

A value is scored by what similar items have (`ridge`), plus a bonus where it stands in the text,
more where the text begins with it, as titles do with brands, and where names say what a thing is,
by how near the name is to the text. How much each counts, and how often a score is right, is
measured on the labelled items, each read as if it had no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core.arrays import Longs, Scores
from prismrec.language.knowledge.bonuses import Tries, isotonic
from prismrec.language.knowledge.labels import Labels, Mentions
from prismrec.language.knowledge.lexicon import Lexicon
from prismrec.language.knowledge.ridge import Ridge
from prismrec.language.knowledge.space import TextSpace

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["FieldReader", "Reading"]

LEADS = (0.0, 0.5, 1.0, 2.0)
STANDS = (0.0, 0.25, 0.5, 1.0)
NEAR = (0.0, 0.5, 1.0, 2.0)
"""What is tried for a value that leads the text, for one that stands in it, and for how near it
is; all of one kind at once, the others as they are best."""

SHORTLIST = 6
"""Values that a reading names, for someone else to choose from."""


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
        self._weights: Scores | csr_array[Any, Any] = labels.targets
        self._leads = self._stands = self._nearness = 0.0
        self._edges = np.zeros(0)
        self._right = np.zeros(0)

    @staticmethod
    def learned(
        space: TextSpace,
        labels: Labels,
        ridge: Ridge,
        *,
        spread: bool = False,
        near: Scores | None = None,
    ) -> FieldReader:
        """The reader of a field. `ridge` is over the kernel of `labels.rows`; `near` (n, c) says
        how near each text of the space is to each value's name, where names mean something.
        `spread` is whether `read` will be given what `ridge` spreads, and not the kernel."""
        reader = FieldReader(space, labels, near)
        reader._choose(ridge.left_out(labels.targets))
        if not spread:
            reader._weights = ridge.weights(labels.targets)
        return reader

    def read(self, rows: Longs, alike: Scores) -> list[Reading]:
        """The best value for each of `rows`; `alike` (r, l) is their kernel with the labelled rows,
        or what the ridge spreads of it (see `learned`)."""
        scores = np.array(alike @ self._weights)
        if self._near is not None and self._nearness:
            scores += self._nearness * self._near[rows]
        there = self._mentions(rows)
        scores[there.row, there.column] += self._stands + self._leads * there.leads
        order = _highest(scores, SHORTLIST)
        best = order[:, 0]
        confidence = np.interp(scores[np.arange(len(rows)), best], self._edges, self._right)
        return [
            Reading(some[0], float(sure), bool(stands), some)
            for some, sure, stands in zip(
                map(self._named, order), confidence, there.of(best), strict=True
            )
        ]

    def _named(self, columns: Longs) -> tuple[str, ...]:
        return tuple(self._labels.values[column] for column in columns.tolist())

    def _mentions(self, rows: Longs) -> Mentions:
        found = [
            (row, value, leads)
            for row, position in enumerate(rows.tolist())
            for value, leads in self._standing(position).items()
        ]
        row, column, leads = np.array(found, np.int64).reshape(-1, 3).T
        return Mentions(row, column, leads.astype(bool))

    def _standing(self, position: int) -> dict[int, bool]:
        """The values that stand in a text, and whether they lead it."""
        there: dict[int, bool] = {}
        for mention in self._lexicon.mentions(self._space.cut[position]):
            there[mention.value] = there.get(mention.value, False) or mention.leads
        return there

    def _choose(self, left_out: Scores) -> None:
        """The bonuses of the best F1 on the labelled rows, and what their scores are worth."""
        rows = self._labels.rows
        plain = tries = Tries(self._labels, left_out, self._mentions(rows))
        best = tries.best(0.0, 0.0)
        near = [] if self._near is None else [(size, size * self._near[rows]) for size in NEAR[1:]]
        for size, part in near:
            nearer = plain.nearer(part)
            found = nearer.best(0.0, 0.0)
            if found.f1 > best.f1 + 1e-9:
                tries, best, self._nearness = nearer, found, size
        for size in STANDS[1:]:
            found = tries.best(size, 0.0)
            if found.f1 > best.f1 + 1e-9:
                best, self._stands = found, size
        for size in LEADS[1:]:
            found = tries.best(self._stands, size)
            if found.f1 > best.f1 + 1e-9:
                best, self._leads = found, size
        self._edges, self._right = isotonic(best.score, best.right)


def _highest(scores: Scores, count: int) -> Longs:
    """(r, count) the columns of the highest scores, the highest first, of equal ones the first."""
    width = scores.shape[1]
    some = np.tile(np.arange(width), (len(scores), 1))
    if width > count:
        some = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(some, order, axis=1), np.int64)
