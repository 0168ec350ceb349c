"""The end of the first page: where newcomers come in, because there they cost the least.

A place is dear by how often the item that stands there is the right one and by what that counts,
and both fall along the page. So a newcomer whose score would bring it into the first `PAGE` items
comes into the last `LAST` places of them, its order among newcomers kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from prismrec.core import QueryBatch
from prismrec.core.arrays import Longs, Positions, Scores

__all__ = ["HEAD", "Page", "held_back", "page_end"]

PAGE = 10
LAST = 2
HEAD = 20_000
"""The items whose scores say where a page ends, at most: those with the most events."""


@dataclass(frozen=True)
class Page:
    """Who may stand on a page: the items `head` (h,), ascending; those of the history too where
    `repeats` says so."""

    head: Positions
    repeats: bool

    @classmethod
    def of(cls, events: Longs, repeats: bool) -> Self:
        """`events` (n,) says how many each item had at training; items without stand on none."""
        most = np.argsort(-events, kind="stable")[:HEAD]
        return cls(np.sort(most[events[most] > 0]).astype(np.int32), repeats)

    def ends(self, scores: Scores, queries: QueryBatch) -> Scores:
        """`page_end` of `scores` (b, h) of the head, which are overwritten. A query with a text has
        none: who writes what they want means it, new or not."""
        if not self.repeats:
            events = queries.histories
            places = np.minimum(np.searchsorted(self.head, events.items), len(self.head) - 1)
            known = self.head[places] == events.items
            scores[events.rows[known], places[known]] = -np.inf
        ends = page_end(scores)
        if queries.text_vectors is not None:
            ends[np.any(queries.text_vectors != 0, axis=1)] = np.inf
        return ends


def page_end(scores: Scores) -> Scores:
    """(b, 2): of `scores` (b, h) the score at the last place of the page and at the one before its
    last `LAST`; infinity where fewer than a page have one, so that nobody is held back."""
    if scores.shape[1] < PAGE:
        return np.full((len(scores), 2), np.inf, np.float32)
    top = np.sort(np.partition(scores, -PAGE, axis=1)[:, -PAGE:], axis=1)
    return np.where(np.isfinite(top[:, :1]), top[:, [0, LAST]], np.inf).astype(np.float32)


def held_back(scores: Scores, ends: Scores) -> Scores:
    """`scores` (b, m), those above the last place of the page moved between the two `ends` (b, 2),
    in their order: x above the lower end e becomes `e + room x / (room + x)`, with `room` from
    there to the upper end."""
    last, room = ends[:, :1], ends[:, 1:] - np.where(np.isfinite(ends[:, :1]), ends[:, :1], 0)
    above = np.maximum(scores - last, 0)
    room = np.where(np.isfinite(room), room, 0)
    within = np.divide(room * above, room + above, out=np.zeros_like(above), where=above > 0)
    moved: Scores = np.minimum(scores, last) + within
    return moved
