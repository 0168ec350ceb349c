"""Scorers whose score is a dot product of a query vector and an item vector."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np

from prismrec.core import QueryBatch
from prismrec.core.arrays import Floats, Positions, Scores, Vectors
from prismrec.models.scoring.certainty import covariance, spread
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

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
        scores[:, : len(self.factors)] = self._asked(queries) @ self.factors.T
        return [scores]

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        scores: Scores = self._asked(queries) @ self.item_vectors(items).T
        return [scores]

    @cached_property
    def _covariance(self) -> Floats:
        return covariance(self.factors)

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `spread`."""
        return spread(self._asked(queries), self._covariance)

    def _asked(self, queries: QueryBatch) -> Vectors:
        """The query vectors, remembered for the last batch: a request asks for its scores and then
        for their parts."""
        last: tuple[QueryBatch, Vectors] | None = self.__dict__.get("_last")
        if last is None or last[0] is not queries:
            self.__dict__["_last"] = last = queries, self.query_vectors(queries)
        return last[1]
