"""Which items answer which searches, and how well, as people judged them; numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Longs, Positions, Scores

__all__ = ["Judgments"]


@dataclass(frozen=True)
class Judgments:
    """Graded items by query, as compressed sparse rows.

    Query i is `texts[i]`; its judged items are `items[indptr[i]:indptr[i + 1]]` (int32 positions)
    with `grades` (float32, 0 for what does not answer at all). No item stands twice in a row.
    """

    texts: tuple[str, ...]
    indptr: Longs
    items: Positions
    grades: Scores

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, i: int) -> tuple[Positions, Scores]:
        """The judged items of query `i` and their grades."""
        span = slice(int(self.indptr[i]), int(self.indptr[i + 1]))
        return self.items[span], self.grades[span]

    def grades_of(self, i: int, positions: Positions) -> Scores:
        """(m,) the grade of each of `positions` (m,) for query `i`, NaN where it is not judged."""
        items, grades = self.row(i)
        out = np.full(len(positions), np.nan, np.float32)
        if len(items):
            order = np.argsort(items, kind="stable")
            place = np.minimum(np.searchsorted(items[order], positions), len(items) - 1)
            known = items[order][place] == positions
            out[known] = grades[order][place[known]]
        return out

    def take(self, rows: np.ndarray) -> Judgments:
        """The queries at `rows`, in that order, repeats allowed."""
        lengths = np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(indptr[-1]) - np.repeat(indptr[:-1], lengths)
        places = np.repeat(self.indptr[:-1][rows], lengths) + within
        texts = tuple(self.texts[int(row)] for row in rows)
        return Judgments(texts, indptr, self.items[places], self.grades[places])
