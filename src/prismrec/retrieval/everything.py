"""Every item as a candidate, so that serving a small catalogue ranks as evaluation does."""

from __future__ import annotations

import numpy as np

from prismrec.core import Candidates, QueryBatch
from prismrec.core.arrays import Bools
from prismrec.retrieval.selection import brought, fitted

__all__ = ["Everything"]


class Everything:
    """All alive items, in order of position, each with score 0.

    With `k` at least the number of items nothing is lost, and ranking the candidates is ranking the
    catalogue. Where the mask is shared by all queries the arrays are read-only views of one row.
    Immutable: a changed catalogue makes a new one.
    """

    name = "everything"

    def __init__(self, alive: Bools) -> None:
        self.alive = alive

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """The first k alive and allowed items; see `core.Retriever`."""
        b, n = len(queries), len(self.alive)
        mask = fitted(allowed, n)
        mask = self.alive if mask is None else self.alive & mask
        if mask.ndim == 1:
            row = np.flatnonzero(mask)[:k].astype(np.int32)
            one = brought(self.name, row[None, :], np.zeros((1, len(row)), np.float32))
            return Candidates(
                positions=np.broadcast_to(one.positions, (b, len(row))),
                scores=np.broadcast_to(one.scores, (b, len(row))),
                sources=np.broadcast_to(np.uint32(1), (b, len(row))),
                source_names=one.source_names,
            )
        return brought(self.name, _padded(mask, k), np.zeros((1, 1), np.float32))


def _padded(mask: Bools, k: int) -> np.ndarray:
    """The columns where each row of `mask` is true, left-aligned, -1 padding, at most k."""
    counts = mask.sum(axis=1)
    width = min(k, int(counts.max(initial=0)))
    rows, columns = np.nonzero(mask)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    keep = place < width
    out = np.full((len(mask), width), -1, np.int32)
    out[rows[keep], place[keep]] = columns[keep]
    return out
