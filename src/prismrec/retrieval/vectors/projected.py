"""Vector search in two steps: a third of the numbers finds a few thousand, all numbers order them.

The inner product with every item costs what it costs to read all vectors from memory. Text
embeddings have most of their length in few directions (the principal components), so the products
in these name a few thousand items among which the best surely are, and only those are read whole.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import top_k
from prismrec.retrieval.vectors.exact import ExactVectors

__all__ = ["ProjectedVectors", "principal"]

KEPT = 128
"""Directions of the first step; `prismrec bench search_latency` says what it loses."""
PICKED = 2_000
PICKED_SHARE = 4
SAMPLE = 20_000


class ProjectedVectors:
    """Vectors by item position, searched by inner product: exact in score, nearly so in choice.

    `vectors` (n, d) say which directions matter and are not yet added. Items, zeros, threads and
    writers are as in `ExactVectors`, two of which this is made of.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._basis = principal(vectors, KEPT)
        self._short = ExactVectors(self._basis.shape[1])
        self._whole = ExactVectors(vectors.shape[1])

    def __len__(self) -> int:
        return len(self._whole)

    def add(self, positions: Positions, vectors: Vectors) -> None:
        """Put `vectors` (m, d) at `positions` (m,), in place of what was there."""
        self._whole.add(positions, vectors)  # first, so that what is picked can be read
        self._short.add(positions, vectors @ self._basis)

    def remove(self, positions: Positions) -> None:
        """Forget the vectors at `positions`; unknown ones are passed over."""
        self._short.remove(positions)
        self._whole.remove(positions)

    def nearest(
        self, vectors: Vectors, k: int, *, allowed: Bools | None = None
    ) -> tuple[Positions, Scores]:
        """The k items of largest inner product with each of `vectors` (b, d), best first; see
        `ExactVectors.nearest`."""
        most = max(PICKED, PICKED_SHARE * k)
        near = self._short.near(vectors @ self._basis, most, allowed=allowed)
        columns, scores = top_k(self._whole.products(vectors, near), k)
        if not columns.size:
            return columns, scores
        positions = np.take_along_axis(near, np.maximum(columns, 0), axis=1)
        return np.where(columns >= 0, positions, np.int32(-1)), scores


def principal(vectors: Vectors, kept: int) -> Vectors:
    """(d, kept) the directions in which `vectors` (n, d) are longest, from at most 20,000 of them
    at equal distances; each with its largest entry positive, so that equal vectors give equal
    directions."""
    step = max(1, len(vectors) // SAMPLE)
    some = vectors[::step].astype(np.float64)
    _, directions = np.linalg.eigh(some.T @ some)
    basis = directions[:, ::-1][:, : min(kept, vectors.shape[1])]
    largest = np.abs(basis).argmax(axis=0)
    return (basis * np.sign(basis[largest, np.arange(basis.shape[1])])).astype(np.float32)
