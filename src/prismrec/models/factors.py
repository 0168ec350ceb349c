"""Scorers whose score is a dot product of a query vector and an item vector."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from prismrec.core import QueryBatch
from prismrec.core.arrays import Positions, Scores, Vectors
from prismrec.models.whole_catalogue import WholeCatalogueScorer

__all__ = ["FactorScorer"]


class FactorScorer(WholeCatalogueScorer):
    """`score = query_vectors @ item_vectors.T`, one part.

    `factors` (trained items, d) are the learned item vectors; items that came later have a vector
    of zeros, and so has the history of a query that knows none of them.
    """

    factors: Vectors

    @abstractmethod
    def query_vectors(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32, folded in from the histories."""

    def item_vectors(self, items: Positions | None = None) -> Vectors:
        """(m, d) float32 of `items` (m,), or of every known item."""
        if items is None:
            items = np.arange(self.n_items, dtype=np.int32)
        vectors = np.zeros((len(items), self.factors.shape[1]), np.float32)
        trained = (items >= 0) & (items < len(self.factors))
        vectors[trained] = self.factors[items[trained]]
        return vectors

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        scores = np.zeros((len(queries), self.n_items), np.float32)
        scores[:, : len(self.factors)] = self.query_vectors(queries) @ self.factors.T
        return [scores]

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        scores: Scores = self.query_vectors(queries) @ self.item_vectors(items).T
        return [scores]
