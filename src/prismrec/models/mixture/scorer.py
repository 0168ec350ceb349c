"""The mixture of experts: one score that is a sum of weighted log-scores, and of exact parts.

`score(q, i) = sum over experts e of w_e(q) z_e(q, i)`. Where an expert gives a log-score or logit,
`z_e` is that times a scale; its normaliser over the items is the same for every item of a query and
so changes no order. Where it gives evidence s that is never negative, `z_e = log(1 + s / floor_e)`
times a scale: the log of the evidence with a smoothed floor, moved so that no evidence is 0. The
weights depend on the query alone, so that the order of some candidates is their order in the full
ranking.

A product of experts after Hinton, "Training products of experts by minimizing contrastive
divergence", 2002, with the weights of a log-linear pool.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np

from prismrec.core import ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.models.scoring.certainty import certainties

__all__ = ["QUERY_FEATURES", "MixtureScorer", "query_features"]

QUERY_FEATURES = ("one", "empty", "length", "text")
"""What the weights may depend on: a constant, whether the history is empty, log2 of one and its
length (over 5), whether the query has a text."""


class MixtureScorer:
    """`experts` by name; `floors` (e,) of their evidence, 0 where the score is a log-score already;
    `scales` (e,) of z; `weights` (f, e), from which `w(q) = softplus(features(q) @ weights)`.

    The features are `query_features`; where `certainty` (2, e) is given, the experts' certainties
    follow them, less its first row and divided by its second.
    """

    kind: ClassVar[str] = "mixture"
    log_ready: ClassVar[bool] = True

    def __init__(
        self,
        experts: Mapping[str, Scorer],
        floors: Floats,
        scales: Floats,
        weights: Floats,
        certainty: Floats | None = None,
    ) -> None:
        self.experts = dict(experts)
        self.floors, self.scales, self.weights = floors, scales, weights
        self.certainty_scale = certainty
        self.part_names: tuple[str, ...] = tuple(
            name for expert, scorer in self.experts.items() for name in part_names(expert, scorer)
        )

    def query_weights(self, queries: QueryBatch) -> Scores:
        """(b, e): what each expert weighs for each query."""
        features = query_features(queries)
        if self.certainty_scale is not None:
            sure = scaled(certainties(self.experts.values(), queries), self.certainty_scale)
            features = np.concatenate([features, sure], axis=1)
        return np.logaddexp(0, features @ self.weights).astype(np.float32)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        weights = self.query_weights(queries)
        weighted = (
            weights[:, column, None] * self._log(column, scorer.score(queries, items))
            for column, scorer in enumerate(self.experts.values())
        )
        return functools.reduce(np.add, weighted)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32. The log of evidence that has several parts is split between them in
        proportion to the evidence of each."""
        weights = self.query_weights(queries)
        out = []
        for column, scorer in enumerate(self.experts.values()):
            parts = scorer.parts(queries, items)  # (b, m, views)
            scale: Scores = np.full(parts.shape[:2], self.scales[column], np.float32)
            if self.floors[column] > 0:
                whole = parts.sum(-1)
                scale = np.divide(self._log(column, whole), np.where(whole == 0, 1, whole))
            out.append(parts * (scale * weights[:, column, None])[..., None])
        return np.concatenate(out, axis=-1).astype(np.float32)

    def _log(self, column: int, scores: Scores) -> Scores:
        """z of the expert in `column`."""
        floor, scale = np.float32(self.floors[column]), np.float32(self.scales[column])
        return scale * (np.log1p(np.maximum(scores, 0) / floor) if floor > 0 else scores)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        experts = {
            name: scorer.extended(features, changed) for name, scorer in self.experts.items()
        }
        return type(self)(experts, self.floors, self.scales, self.weights, self.certainty_scale)

    def state(self) -> State:
        children = {name: scorer.state() for name, scorer in self.experts.items()}  # type: ignore[attr-defined]
        arrays = {
            "floors": self.floors,
            "scales": self.scales,
            "weights": self.weights,
        }
        if self.certainty_scale is not None:
            arrays["certainty"] = self.certainty_scale
        return State(self.kind, {"experts": list(self.experts)}, arrays, children)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        from prismrec.models.registry import scorer_from_state

        names = state.settings["experts"]
        experts = {name: scorer_from_state(state.children[name], features) for name in names}
        floors, scales, weights = (state.arrays[n] for n in ("floors", "scales", "weights"))
        return cls(experts, floors, scales, weights, state.arrays.get("certainty"))


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


def part_names(expert: str, scorer: Scorer) -> tuple[str, ...]:
    """`expert` where the scorer has one part, else `expert.part` for each."""
    if len(scorer.part_names) == 1:
        return (expert,)
    return tuple(f"{expert}.{part}" for part in scorer.part_names)
