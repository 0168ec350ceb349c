"""What turns the scores of several experts into one, query by query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from prismrec.core import QueryBatch
from prismrec.core.arrays import Bools, Floats, Scores

__all__ = ["QUERY_FEATURES", "Weighing", "query_features"]

QUERY_FEATURES = ("one", "empty", "length", "text")
"""What the weights may depend on: a constant, whether the history is empty, log2 of one and its
length (over 5), whether the query has a text."""


@dataclass(frozen=True)
class Weighing:
    """How e experts are weighed; `MixtureScorer` says to what end.

    `floors` (e,) of their evidence, 0 where the score is a log-score already; `scales` (e,) of z;
    `weights` (f, e), from which `w(q) = softplus(features(q) @ weights)`. The features are
    `query_features`; where `certainty` (2, e) is given, the experts' certainties follow them, less
    its first row and divided by its second.
    """

    floors: Floats
    scales: Floats
    weights: Floats
    certainty: Floats | None = None

    def keep(self, kept: Bools) -> Weighing:
        """Only the experts that are `kept` (e,), before certainties count."""
        return Weighing(self.floors[kept], self.scales[kept], self.weights[:, kept])

    def by_query(self, features: Floats | Scores, sure: Floats) -> Floats:
        """(b, e): what each expert weighs for queries of these `features` (b, f) of which the
        experts are `sure` (b, e)."""
        told = self.told(features, sure)
        return np.asarray(np.logaddexp(0, told @ self.weights), np.float64)

    def told(self, features: Floats | Scores, sure: Floats) -> Floats:
        """All that the weights depend on."""
        if self.certainty is None:
            return features.astype(np.float64)
        return np.concatenate([features, scaled(sure, self.certainty)], axis=1)

    def z(self, column: int, scores: Scores) -> Scores:
        """The log-scores of the expert in `column`."""
        floor, scale = np.float32(self.floors[column]), np.float32(self.scales[column])
        return scale * (np.log1p(np.maximum(scores, 0) / floor) if floor > 0 else scores)

    def arrays(self) -> dict[str, Any]:
        """What a release stores."""
        plain = {"floors": self.floors, "scales": self.scales, "weights": self.weights}
        return plain if self.certainty is None else plain | {"certainty": self.certainty}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """The one that was stored."""
        floors, scales, weights = (arrays[name] for name in ("floors", "scales", "weights"))
        return cls(floors, scales, weights, arrays.get("certainty"))


def query_features(queries: QueryBatch) -> Floats:
    """(b, f), see `QUERY_FEATURES`."""
    lengths = queries.histories.lengths
    texts = queries.text_vectors
    worded = np.zeros(len(queries)) if texts is None else np.abs(texts).sum(1) > 0
    columns = [np.ones(len(queries)), lengths == 0, np.log2(1 + lengths) / 5, worded]
    return np.stack(columns, axis=1).astype(np.float64)


def scaled(sure: Floats, scale: Floats) -> Floats:
    """Certainties (b, e) as features: centred, of deviation one, no further out than three."""
    return np.clip((sure - scale[0]) / scale[1], -3, 3)
