"""Exact search over vectors: the inner product with every item."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import fitted, top_k

__all__ = ["ExactVectors"]

_BLOCK = 16_000_000
"""Scores held at once (64 MB), so that a large batch does not need memory for all of them."""


@dataclass(frozen=True)
class _Snapshot:
    """Row i of `matrix` is the vector of position i where `present[i]`; more rows may lie spare."""

    matrix: Vectors
    present: Bools


class ExactVectors:
    """Vectors by item position, searched by inner product, without error.

    An item whose vector is all zeros has no vector and never comes out; a query of zeros finds
    nothing. Searches run on an immutable snapshot and never wait; writers take turns under a lock
    and swap the snapshot when they are done. Appending positions writes into spare rows; replacing
    a vector copies the matrix (about 20 ms for 50,000 x 384).
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._write = threading.Lock()
        self._now = _Snapshot(np.zeros((0, dimension), np.float32), np.zeros(0, bool))

    def __len__(self) -> int:
        return int(self._now.present.sum())

    def add(self, positions: Positions, vectors: Vectors) -> None:
        """Put `vectors` (m, d) at `positions` (m,), in place of what was there."""
        if len(positions) == 0:
            return
        with self._write:
            old = self._now
            n = len(old.present)
            size = max(n, int(positions.max()) + 1)
            matrix = self._grown(old.matrix, n, size, replaces=bool((positions < n).any()))
            matrix[positions] = vectors
            present = fitted(old.present, size)
            assert present is not None
            present = present.copy()
            present[positions] = vectors.any(axis=1)
            self._now = _Snapshot(matrix, present)

    def remove(self, positions: Positions) -> None:
        """Forget the vectors at `positions`; unknown ones are passed over."""
        with self._write:
            present = self._now.present.copy()
            present[positions[positions < len(present)]] = False
            self._now = _Snapshot(self._now.matrix, present)

    def nearest(
        self, vectors: Vectors, k: int, *, allowed: Bools | None = None
    ) -> tuple[Positions, Scores]:
        """The k items of largest inner product with each of `vectors` (b, d), best first.

        Returns positions (b, j) int32 with -1 padding and scores (b, j), -inf there, where j is at
        most k. `allowed` is (n,) or (b, n).
        """
        now = self._now
        n = len(now.present)
        allowed = fitted(allowed, n)
        if allowed is None or allowed.ndim == 1:
            keep = now.present if allowed is None else now.present & allowed
            return _in_blocks(vectors, now.matrix[:n], keep, k)
        return _in_blocks(vectors, now.matrix[:n], now.present & allowed, k)

    @staticmethod
    def _grown(matrix: Vectors, n: int, size: int, *, replaces: bool) -> Vectors:
        """A matrix of at least `size` rows that no reader of the first `n` rows sees change."""
        if size <= len(matrix) and not replaces:
            return matrix
        spare = size if n == 0 else max(size, min(size + 100_000, size * 5 // 4))
        out = np.zeros((max(spare, len(matrix)), matrix.shape[1]), np.float32)
        out[:n] = matrix[:n]
        return out


def _in_blocks(vectors: Vectors, matrix: Vectors, keep: Bools, k: int) -> tuple[Positions, Scores]:
    """Search by blocks of queries; a strict filter shared by all gathers its items first."""
    n = len(matrix)
    columns = np.arange(n, dtype=np.int32)
    if keep.ndim == 1 and keep.sum() * 4 < n:
        columns = np.flatnonzero(keep).astype(np.int32)
        matrix, keep = matrix[columns], keep[columns]
    step = max(1, _BLOCK // max(1, len(matrix)))
    width = min(k, len(columns))
    positions = np.full((len(vectors), width), -1, np.int32)
    scores = np.full((len(vectors), width), -np.inf, np.float32)
    for start in range(0, len(vectors) if width else 0, step):
        rows = slice(start, start + step)
        block = vectors[rows] @ matrix.T
        block[~(keep[rows] if keep.ndim == 2 else np.broadcast_to(keep, block.shape))] = -np.inf
        block[~vectors[rows].any(axis=1)] = -np.inf
        found, scores[rows] = top_k(block, k)
        positions[rows] = np.where(found >= 0, columns[found], -1)
    return positions, scores
