"""The ranking of a search: words and meaning weighed by a fixed rule, then by what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from prismrec.core import Candidates, Evidence, QueryBatch
from prismrec.core.arrays import Scores

__all__ = ["MEANING_WEIGHT", "SearchRanker", "gathered"]

MEANING_WEIGHT = 0.5
"""What a cosine of 1 counts, where an item that says all words of the query for ever counts 1."""


class SearchRanker:
    """Ranks the candidates of a text query by evidence that needs no training.

    `score = words + 0.5 * meaning`: `words` is BM25F as a share of the information in the query,
    `meaning` the cosine of the encoded texts. Both are absolute, so an item's score does not
    depend on what else was found, and where the catalogue does not know the words of a query their
    share falls for all items alike and meaning decides. Parts are `words` and `meaning`. The
    weights are the same for every catalogue; what was measured stands in
    docs/decisions/search-ranking.md.
    """

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self.evidence = tuple(evidence)
        self.names = tuple(name for source in self.evidence for name in source.names)

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates:
        """The same items with their new scores and parts, best first."""
        columns = gathered(self.evidence, queries, candidates.positions)
        parts = self._parts(columns)
        padding = candidates.positions < 0
        parts[padding] = 0.0
        scores = np.where(padding, np.float32(-np.inf), parts.sum(axis=-1, dtype=np.float32))
        names = tuple(name for name in ("words", "meaning") if name in self.names)
        ranked = replace(candidates, scores=scores, parts=parts, part_names=names)
        return ranked.best(candidates.positions.shape[1])

    def _parts(self, columns: Scores) -> Scores:
        """(b, m, p): the parts of the score, from all evidence (b, m, f)."""
        weights = {"words": 1.0, "meaning": MEANING_WEIGHT}
        parts = [
            np.float32(weight) * columns[:, :, self.names.index(name)]
            for name, weight in weights.items()
            if name in self.names
        ]
        return np.stack(parts, axis=-1)


def gathered(evidence: Sequence[Evidence], queries: QueryBatch, positions: np.ndarray) -> Scores:
    """(b, m, f) all evidence about `positions` (b, m), side by side."""
    return np.concatenate([source.evidence(queries, positions) for source in evidence], axis=-1)
