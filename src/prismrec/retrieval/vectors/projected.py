"""Vector search in two steps: a rough look finds a thousand or two, all numbers order them.

The inner product with every item costs what it costs to read all vectors from memory. Text
embeddings have most of their length in few directions (the principal components), and what is left
of a product by whole numbers of eight bits in these (a third of the numbers, where the processor
does not multiply in eight bits) names items among which the best surely are. Only those are read
whole.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import top_k
from prismrec.retrieval.vectors.coded import CodedVectors, quick
from prismrec.retrieval.vectors.exact import ExactVectors

__all__ = ["ProjectedVectors", "principal"]

KEPT, PICKED = 128, 2_000
"""Directions of the first step, and how many items it names at least; `prismrec bench
search_latency` says what it loses."""
KEPT_CODED, PICKED_CODED = 256, 1_000
"""The same where it is made in eight bits, which loses less than the directions left out."""
PICKED_SHARE = 4
SAMPLE = 20_000


class ProjectedVectors:
    """Vectors by item position, searched by inner product: exact in score, nearly so in choice.

    `vectors` (n, d) say which directions matter and are not yet added. Items, zeros, threads and
    writers are as in `ExactVectors`, two of which this is made of.
    """

    def __init__(self, vectors: Vectors) -> None:
        coded = quick()
        self._picked = PICKED_CODED if coded else PICKED
        self._basis = principal(vectors, KEPT_CODED if coded else KEPT)
        self._short = ExactVectors(self._basis.shape[1])
        if coded:
            largest = float(np.abs(vectors @ self._basis).max(initial=0.0))
            self._short = CodedVectors(self._basis.shape[1], largest)
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
        most = max(self._picked, PICKED_SHARE * k)
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
