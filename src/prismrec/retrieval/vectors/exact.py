"""Exact search over vectors: the inner product with every item."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from prismrec.core.arrays import Bools, Longs, Positions, Scores, Vectors
from prismrec.retrieval.selection import fitted, picked, top_k

__all__ = ["ExactVectors", "inner_products"]

_BLOCK = 16_000_000
"""Scores held at once (64 MB), so that a large batch does not need memory for all of them."""


@dataclass(frozen=True)
class _Snapshot:
    """Position p has row `slot[p]` of `matrix`, -1 where it has none, which `there` (n,) says too;
    rows from `used` on are spare. `straight` says that no position lies anywhere but at its own
    row."""

    matrix: npt.NDArray[Any]
    used: int
    slot: Longs
    there: Bools
    straight: bool

    @staticmethod
    def of(matrix: npt.NDArray[Any], used: int, slot: Longs) -> _Snapshot:
        """Those rows at those positions."""
        return _Snapshot(matrix, used, slot, slot >= 0, _is_straight(slot, used))

    def by_position(self, scores: Scores) -> Scores:
        """(b, used) scores of rows as (b, n) scores of positions; absent ones arbitrary."""
        if self.straight:
            return scores[:, : len(self.slot)]
        return np.take(scores, np.maximum(self.slot, 0), axis=1)


class ExactVectors:
    """Vectors by item position, searched by inner product, without error.

    An item whose vector is all zeros has no vector and never comes out; a query of zeros finds
    nothing. Searches run on an immutable snapshot and never wait; writers take turns under a lock
    and swap the snapshot when they are done. New vectors, replacements too, go into spare rows that
    no reader looks at; the matrix is copied only when those run out.
    """

    numbers: type[np.generic] = np.float32
    """What vectors are kept as."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._write = threading.Lock()
        none = np.zeros(0, np.int64)
        self._now = _Snapshot.of(np.zeros((0, dimension), self.numbers), 0, none)

    def __len__(self) -> int:
        return int(self._now.there.sum())

    def add(self, positions: Positions, vectors: Vectors) -> None:
        """Put `vectors` (m, d) at `positions` (m,), in place of what was there."""
        if len(positions) == 0:
            return
        with self._write:
            old = self._now
            matrix, used, slot = old.matrix, old.used, old.slot
            if used + len(positions) > len(matrix):
                matrix, used, slot = _compacted(old, len(positions))
            end = used + len(positions)
            matrix[used:end] = self._kept(vectors)
            size = max(len(slot), int(positions.max()) + 1)
            slot = np.concatenate([slot, np.full(size - len(slot), -1, np.int64)])
            slot[positions] = np.where(vectors.any(axis=1), np.arange(used, end), -1)
            self._now = _Snapshot.of(matrix, end, slot)

    def remove(self, positions: Positions) -> None:
        """Forget the vectors at `positions`; unknown ones are passed over."""
        with self._write:
            slot = self._now.slot.copy()
            slot[positions[positions < len(slot)]] = -1
            self._now = replace(self._now, slot=slot, there=slot >= 0)

    def nearest(
        self, vectors: Vectors, k: int, *, allowed: Bools | None = None
    ) -> tuple[Positions, Scores]:
        """The k items of largest inner product with each of `vectors` (b, d), best first.

        Returns positions (b, j) int32 with -1 padding and scores (b, j), -inf there, where j is at
        most k. `allowed` is (n,) or (b, n).
        """
        now, keep, columns = _searched(self._now, allowed)
        positions = np.full((len(vectors), min(k, len(now.slot))), -1, np.int32)
        scores = np.full(positions.shape, -np.inf, np.float32)
        for rows, block in self._blocks(vectors, now, keep):
            found, scores[rows] = top_k(block, k)
            positions[rows] = _named(columns, found)
        return positions, scores

    def near(self, vectors: Vectors, k: int, *, allowed: Bools | None = None) -> Positions:
        """The items that `nearest` finds, in order of position; their order by score, which costs
        as much as finding them, is left to who reads further."""
        now, keep, columns = _searched(self._now, allowed)
        positions = np.full((len(vectors), min(k, len(now.slot))), -1, np.int32)
        for rows, block in self._blocks(vectors, now, keep):
            positions[rows] = _named(columns, picked(block, k))
        return positions

    def products(self, vectors: Vectors, positions: Positions) -> Scores:
        """(b, m) the inner products of `vectors` (b, d) with the items at `positions` (b, m); -inf
        at padding and where an item has no vector."""
        now, asked = self._now, np.ascontiguousarray(vectors, np.float32)
        slots = np.full(positions.shape, -1, np.int64)
        known = (positions >= 0) & (positions < len(now.slot))
        slots[known] = now.slot[positions[known]]
        return inner_products(asked, now.matrix, slots)

    def _kept(self, vectors: Vectors) -> npt.NDArray[Any]:
        """(m, d) `vectors` as they are kept."""
        return vectors

    def _inner(self, vectors: Vectors, kept: npt.NDArray[Any]) -> Scores:
        """(b, m) the inner products of `vectors` (b, d) with what is `kept` (m, d)."""
        return np.asarray(vectors @ kept.T)

    def _blocks(
        self, vectors: Vectors, now: _Snapshot, keep: Bools
    ) -> Iterator[tuple[slice, Scores]]:
        """Blocks of queries and their scores (b, m), -inf where an item may not come out."""
        step = max(1, _BLOCK // max(1, now.used))
        for start in range(0, len(vectors) if len(now.slot) else 0, step):
            rows = slice(start, start + step)
            block = now.by_position(self._inner(vectors[rows], now.matrix[: now.used]))
            kept = keep[rows] if keep.ndim == 2 else keep[None, :]
            if not kept.all():
                block = np.where(kept, block, np.float32(-np.inf))
            block[~vectors[rows].any(axis=1)] = -np.inf
            yield rows, block


def inner_products(vectors: Vectors, matrix: Vectors, rows: Longs) -> Scores:
    """(b, m) the inner products of `vectors` (b, d) with the rows (b, m) of `matrix` (n, d), -inf
    where a row is -1. All in order of C; reads each row where it stands, where numpy would copy all
    of them first."""
    import faiss

    assert vectors.dtype == matrix.dtype == np.float32
    assert rows.dtype == np.int64
    assert vectors.shape[1] == matrix.shape[1]
    out = np.empty(rows.shape, np.float32)
    library: Any = faiss  # its types do not name this function
    at = library.swig_ptr
    library.fvec_inner_products_by_idx(
        at(out), at(vectors), at(matrix), at(rows), matrix.shape[1], *rows.shape
    )
    return out


def _searched(now: _Snapshot, allowed: Bools | None) -> tuple[_Snapshot, Bools, Positions | None]:
    """What is searched, which of it may come out, (m,) or (b, m), and the positions (m,) that this
    stands for, `None` where it is all of them; a strict filter shared by all queries gathers its
    items first."""
    mask = fitted(allowed, len(now.there))
    keep = now.there if mask is None else now.there & mask
    if keep.ndim == 2 or np.count_nonzero(keep) * 4 >= len(now.slot):
        return now, keep, None
    columns = np.flatnonzero(keep).astype(np.int32)
    gathered = _Snapshot.of(now.matrix[now.slot[columns]], len(columns), np.arange(len(columns)))
    return gathered, keep[columns], columns


def _named(columns: Positions | None, found: Positions) -> Positions:
    """The positions of what was `found`, -1 where nothing was."""
    if columns is None:
        return found
    return np.where(found >= 0, columns[found], np.int32(-1))


def _compacted(old: _Snapshot, more: int) -> tuple[npt.NDArray[Any], int, Longs]:
    """The matrix, rows used and slots without replaced rows, with room for `more` and a quarter."""
    present = np.flatnonzero(old.slot >= 0)
    kept = len(present)
    matrix = np.zeros(((kept + more) * 5 // 4 + 64, old.matrix.shape[1]), old.matrix.dtype)
    matrix[:kept] = old.matrix[old.slot[present]]
    slot = np.full(len(old.slot), -1, np.int64)
    slot[present] = np.arange(kept)
    return matrix, kept, slot


def _is_straight(slot: Longs, used: int) -> bool:
    return used >= len(slot) and bool(np.all((slot < 0) | (slot == np.arange(len(slot)))))
