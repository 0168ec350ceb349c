"""Scorers that compute every known item at once, and hand out the ones asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from prismrec.core import QueryBatch
from prismrec.core.arrays import Positions, Scores

__all__ = ["WholeCatalogueScorer", "choose_items"]

BLOCK_CELLS = 1 << 24
"""Cells of the dense (queries, items, parts) block computed at a time: 64 MiB of float32."""


SMALL_SHARE = 0.25
"""Items asked for, over all queries, up to which share of the catalogue they are scored alone."""


class WholeCatalogueScorer(ABC):
    """Base of the scorers whose cheapest way is to score the whole catalogue, then pick.

    A subclass sets `kind`, `part_names`, `log_ready` and `n_items` (how many items it knows) and
    computes `all_parts`. `log_ready` is true where a score is a log-score or logit already; false
    where it is evidence, never negative, of which a mixture takes `log(evidence + floor)`.
    """

    kind: ClassVar[str]
    log_ready: ClassVar[bool]
    part_names: tuple[str, ...]
    n_items: int

    @abstractmethod
    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        """For each part, the (b, n_items) float32 scores of every known item; may be given away."""

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        """For each part, the (b, m) scores of `items` (m,), all of them known; a subclass that can
        do less work for few items does so."""
        return [part[:, items] for part in self.all_parts(queries)]

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32: the sum of the parts."""
        rows = [_total(parts) for parts in self._blocks(queries, items)]
        return _joined(rows) if rows else _nothing(self.n_items, items)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32 that sums to `score` over the last axis."""
        rows = [np.stack(parts, axis=-1) for parts in self._blocks(queries, items)]
        if rows:
            return _joined(rows)
        return np.repeat(_nothing(self.n_items, items)[..., None], len(self.part_names), axis=-1)

    def _blocks(self, queries: QueryBatch, items: Positions | None) -> Iterator[list[Scores]]:
        """The parts of a few queries at a time, so that memory stays bounded."""
        step = max(1, BLOCK_CELLS // max(1, self.n_items * len(self.part_names)))
        for start in range(0, len(queries), step):
            stop = min(start + step, len(queries))
            whole = stop - start == len(queries)
            block = queries if whole else queries.take(np.arange(start, stop))
            own = items if items is None or items.ndim == 1 else items[start:stop]
            yield self._chosen_parts(block, own)

    def _chosen_parts(self, queries: QueryBatch, items: Positions | None) -> list[Scores]:
        if items is None:
            return self._remembered(queries, self.all_parts(queries))
        last: tuple[QueryBatch, list[Scores]] | None = self.__dict__.get("_last_parts")
        if last is not None and last[0] is queries:
            return [choose_items(part, items) for part in last[1]]
        if items.ndim == 1 or len(items) == 1:
            return self._few_parts(queries, items.ravel())
        if items.size > SMALL_SHARE * self.n_items:
            return [choose_items(part, items) for part in self.all_parts(queries)]
        few, places = np.unique(items, return_inverse=True)
        places = places.reshape(items.shape)
        return [np.take_along_axis(part, places, 1) for part in self._few_parts(queries, few)]

    def _few_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        """`some_parts` of `items` (m,), some of which may be -1: 0 there."""
        if self.n_items == 0:
            return [np.zeros((len(queries), len(items)), np.float32) for _ in self.part_names]
        parts = self.some_parts(queries, np.maximum(items, 0))
        return [np.where(items >= 0, part, np.float32(0)) for part in parts]

    def keeping(self, longer: Self, *names: str) -> Self:
        """`longer`, the same scorer over more items, with what was computed of the trained ones."""
        for name in names:
            if name in self.__dict__:
                longer.__dict__[name] = self.__dict__[name]
        return longer

    def _remembered(self, queries: QueryBatch, parts: list[Scores]) -> list[Scores]:
        """`parts`, kept where they are of one query: a request asks for its scores and then for the
        parts of the best."""
        if len(queries) == 1:
            self.__dict__["_last_parts"] = queries, parts
        return parts


def choose_items(scores: Scores, items: Positions | None) -> Scores:
    """From the scores of every item (b, n), those of `items`: None, (m,), or (b, m); 0 at -1."""
    if items is None:
        return scores
    if scores.shape[1] == 0:
        return np.zeros((len(scores), items.shape[-1]), np.float32)
    if items.ndim == 1:
        picked = scores[:, items]
    else:
        picked = np.take_along_axis(scores, np.maximum(items, 0), axis=1)
    return np.where(items >= 0, picked, np.float32(0))


def _total(parts: list[Scores]) -> Scores:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _joined(rows: list[Scores]) -> Scores:
    return rows[0] if len(rows) == 1 else np.concatenate(rows)


def _nothing(n_items: int, items: Positions | None) -> Scores:
    return np.zeros((0, n_items if items is None else items.shape[-1]), np.float32)
