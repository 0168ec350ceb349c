"""Retrievers over vectors: what a query says, and what a scorer has learned."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from prismrec.core import Candidates, QueryBatch, VectorScorer
from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import brought
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.vectors.exact import ExactVectors, inner_products
from prismrec.retrieval.vectors.projected import KEPT, ProjectedVectors

__all__ = ["Meaning", "ScorerVectors", "TextVectors", "VectorIndex", "nothing", "vector_index"]


class VectorIndex(Protocol):
    """Vectors by item position that can be searched while they grow."""

    def add(self, positions: Positions, vectors: Vectors) -> None: ...

    def remove(self, positions: Positions) -> None: ...

    def nearest(
        self, vectors: Vectors, k: int, *, allowed: Bools | None = None
    ) -> tuple[Positions, Scores]: ...


def vector_index(vectors: Vectors, settings: RetrievalSettings | None = None) -> VectorIndex:
    """An index over `vectors` (n, d), row by position: exact below `projected_from` items, in two
    steps below `exact_below`, else HNSW.

    Rows of zeros are left out.
    """
    settings = settings or RetrievalSettings()
    n, dimension = vectors.shape
    index: VectorIndex
    if n < settings.exact_below:
        short = n < settings.projected_from or dimension <= 2 * KEPT
        index = ExactVectors(dimension) if short else ProjectedVectors(vectors)
    else:
        from prismrec.retrieval.vectors.hnsw import HnswVectors

        index = HnswVectors(dimension, settings)
    index.add(np.arange(n, dtype=np.int32), vectors)
    return index


class TextVectors:
    """Items whose text means what the text of the query means: cosine of their encodings.

    Queries without text find nothing. Thread-safety is that of the index.
    """

    name = "meaning"

    def __init__(self, item_vectors: Vectors, settings: RetrievalSettings | None = None) -> None:
        self.index = vector_index(item_vectors, settings)

    def add(self, positions: Positions, vectors: Vectors) -> None:
        """Put the encoded texts `vectors` (m, d) of new or changed items at `positions`."""
        self.index.add(positions, vectors)

    def remove(self, positions: Positions) -> None:
        """Forget items."""
        self.index.remove(positions)

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query by cosine; see `core.Retriever`."""
        if queries.text_vectors is None:
            return nothing(self.name, len(queries))
        return brought(self.name, *self.index.nearest(queries.text_vectors, k, allowed=allowed))


class Meaning:
    """How close the text of a query is to the texts of given items: the cosine of their encodings.

    `item_vectors` (n, d), a row by position; zeros where an item has no text. Immutable.
    """

    names = ("meaning",)

    def __init__(self, item_vectors: Vectors) -> None:
        self._vectors = np.ascontiguousarray(item_vectors, np.float32)

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, 1) cosines; 0 for a query without text or an unknown item."""
        if queries.text_vectors is None:
            return np.zeros((*positions.shape, 1), np.float32)
        known = (positions >= 0) & (positions < len(self._vectors))
        rows = np.where(known, positions, -1).astype(np.int64)
        asked = np.ascontiguousarray(queries.text_vectors, np.float32)
        found = inner_products(asked, self._vectors, rows)
        return np.where(known, found, np.float32(0))[:, :, None]


class ScorerVectors:
    """The items that a trained scorer with vectors scores highest.

    `name` is the scorer's own, so that a slate can say which model brought an item. The scorer and
    its index are swapped as one by `extended`; searches on the old retriever stay valid, since the
    index only gains items.
    """

    def __init__(
        self, name: str, scorer: VectorScorer, settings: RetrievalSettings | None = None
    ) -> None:
        self.name = name
        self.scorer = scorer
        self.index = vector_index(scorer.item_vectors(), settings)

    def extended(self, scorer: VectorScorer, positions: Positions) -> ScorerVectors:
        """The retriever of `scorer`, whose items at `positions` are new or changed.

        `scorer` must be this one's `extended`: all other items keep their vectors.
        """
        self.index.add(positions, scorer.item_vectors(positions))
        after = object.__new__(ScorerVectors)
        after.name, after.scorer, after.index = self.name, scorer, self.index
        return after

    def remove(self, positions: Positions) -> None:
        """Forget items."""
        self.index.remove(positions)

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query by the scorer's own score; see `core.Retriever`."""
        vectors = self.scorer.query_vectors(queries)
        return brought(self.name, *self.index.nearest(vectors, k, allowed=allowed))


def nothing(name: str, b: int) -> Candidates:
    """No candidates for b queries."""
    return brought(name, np.full((b, 0), -1, np.int32), np.zeros((b, 0), np.float32))
