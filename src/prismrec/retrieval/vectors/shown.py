"""Items that look, or sound, like what a text says: by vectors of pictures, sounds or video."""

from __future__ import annotations

import copy

import numpy as np

from prismrec.core import Candidates, QueryBatch, TextEncoder
from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import brought
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.vectors.retrievers import nothing, vector_index

__all__ = ["ShownVectors"]

SAMPLE = 1_000
"""Items by which it is told what a cosine is worth."""
OUTSTANDING = 6.0
"""So many standard deviations above the mean of the sample count as certain."""


class ShownVectors:
    """The named vectors of items and the texts' side of the model that made them.

    A retriever: the items nearest to the encoded text. Evidence: how far an item's cosine stands
    out, `(cosine - mean) / (6 standard deviations)` from 0 to 1, the mean and deviation being those
    of the text over a sample of the catalogue, because models of two towers differ in what their
    cosines mean. 0 for items without a vector. Items that change keep their place; see `extended`.
    """

    def __init__(
        self,
        name: str,
        item_vectors: Vectors,
        encoder: TextEncoder,
        settings: RetrievalSettings | None = None,
    ) -> None:
        self.name, self.names, self.encoder = name, (name,), encoder
        self.index = vector_index(item_vectors, settings)
        self._vectors = item_vectors
        self._sample = _sampled(item_vectors)

    def extended(self, item_vectors: Vectors, changed: Positions) -> ShownVectors:
        """The same after the items at `changed` arrived or were replaced. The index is shared and
        only gains; an item that lost its vector goes."""
        after = copy.copy(self)
        after._vectors = item_vectors
        if not len(self._sample):  # no item had a vector before
            after._sample = _sampled(item_vectors)
        there = item_vectors[changed].any(axis=1)
        self.index.remove(changed[~there])
        self.index.add(changed[there], item_vectors[changed[there]])
        return after

    def remove(self, positions: Positions) -> None:
        """Forget items."""
        self.index.remove(positions)

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query; see `core.Retriever`."""
        asked = self._asked(queries)
        if asked is None:
            return nothing(self.name, len(queries))
        return brought(self.name, *self.index.nearest(asked, k, allowed=allowed))

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, 1) how far each item stands out."""
        out = np.zeros((*positions.shape, 1), np.float32)
        asked = self._asked(queries)
        for row in range(0 if asked is None else len(positions)):
            known = (positions[row] >= 0) & (positions[row] < len(self._vectors))
            vectors = self._vectors[positions[row][known]]
            usual = self._sample @ asked[row]  # type: ignore[index]
            spread = max(float(usual.std()), 1e-6) if len(usual) > 1 else 1.0
            above = (vectors @ asked[row] - usual.mean()) / (OUTSTANDING * spread)  # type: ignore[index]
            out[row, known, 0] = np.where(vectors.any(axis=1), np.clip(above, 0.0, 1.0), 0.0)
        return out

    def _asked(self, queries: QueryBatch) -> Vectors | None:
        """The encoded texts; `None` where no query has one, or no item a vector."""
        texts = queries.texts
        if texts is None or not any(text.strip() for text in texts) or not len(self._sample):
            return None
        return self.encoder.encode(list(texts))


def _sampled(item_vectors: Vectors) -> Vectors:
    """Some of the vectors there are, evenly from the first to the last."""
    some = item_vectors[item_vectors.any(axis=1)]
    return some[:: max(1, len(some) // SAMPLE)]
