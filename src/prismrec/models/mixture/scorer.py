"""The mixture of experts: one score that is a sum of weighted log-scores, and of exact parts.

`score(q, i) = sum over experts e of w_e(q) z_e(q, i)`. Where an expert gives a log-score or logit,
`z_e` is that times a scale; its normaliser over the items is the same for every item of a query and
so changes no order. Where it gives evidence s that is never negative, `z_e = log(1 + s / floor_e)`
times a scale: the log of the evidence with a smoothed floor, moved so that no evidence is 0. The
weights depend on the query alone, so that the order of some candidates is their order in the full
ranking. Items without events borrow from those like them, see `newcomers`.

A product of experts after Hinton, "Training products of experts by minimizing contrastive
divergence", 2002, with the weights of a log-linear pool.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from typing import ClassVar, Self

import numpy as np

from prismrec.core import ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.models.mixture.newcomers import PARTS, Newcomers
from prismrec.models.neighbours.text_knn import TextKNNScorer
from prismrec.models.scoring.certainty import certainties

__all__ = ["CONTENT", "QUERY_FEATURES", "MixtureScorer", "query_features"]

CONTENT = "text_knn"
"""The expert that reads what an item says of itself, and so has its own say on newcomers."""

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
        newcomers: Newcomers | None = None,
    ) -> None:
        self.experts = dict(experts)
        self.floors, self.scales, self.weights = floors, scales, weights
        self.certainty_scale, self.newcomers = certainty, newcomers
        names = [n for expert, scorer in self.experts.items() for n in part_names(expert, scorer)]
        self.part_names: tuple[str, ...] = (*names, *(PARTS if newcomers else ()))

    def query_weights(self, queries: QueryBatch) -> Scores:
        """(b, e): what each expert weighs for each query."""
        features = query_features(queries)
        if self.certainty_scale is not None:
            sure = scaled(certainties(self.experts.values(), queries), self.certainty_scale)
            features = np.concatenate([features, sure], axis=1)
        return np.logaddexp(0, features @ self.weights).astype(np.float32)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        if self.newcomers is None:
            return self._said(queries, items, self.experts)
        told = self._told(queries, items)
        told += self._said(queries, items, {CONTENT})
        return told

    def _said(self, queries: QueryBatch, items: Positions | None, by: Container[str]) -> Scores:
        """(b, m): what the experts named in `by` add to the score, as far as they know the item."""
        weights = self.query_weights(queries)
        weighted = (
            weights[:, column, None] * self._log(column, scorer.score(queries, items))
            for column, (name, scorer) in enumerate(self.experts.items())
            if name in by
        )
        return functools.reduce(np.add, weighted)

    def _told(self, queries: QueryBatch, items: Positions | None) -> Scores:
        """(b, m): the score but for the content, of newcomers as told of the items like them."""
        assert self.newcomers is not None
        others = self.experts.keys() - {CONTENT}
        told = self.newcomers.lent(lambda asked: self._said(queries, asked, others), items)
        told += np.float32(self.newcomers.bonus) * self.newcomers.are(items)
        return told

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
        if self.newcomers is not None:
            out = self._with_newcomers(out, queries, items)
        return np.concatenate(out, axis=-1).astype(np.float32)

    def _with_newcomers(
        self, parts: list[Scores], queries: QueryBatch, items: Positions | None
    ) -> list[Scores]:
        """The parts of every expert (b, m, views), and of newcomers in their place the content, the
        likeness and the bonus."""
        assert self.newcomers is not None
        new = np.broadcast_to(self.newcomers.are(items), parts[0].shape[:2])
        bonus = np.where(new, np.float32(self.newcomers.bonus), 0)
        likeness = np.zeros(new.shape, np.float32)
        if new.any():
            likeness = np.where(new, self._told(queries, items) - bonus, 0)
            named = zip(self.experts, parts, strict=True)
            parts = [p if name == CONTENT else np.where(new[..., None], 0, p) for name, p in named]
        return [*parts, likeness[..., None], bonus[..., None]]

    def _log(self, column: int, scores: Scores) -> Scores:
        """z of the expert in `column`."""
        floor, scale = np.float32(self.floors[column]), np.float32(self.scales[column])
        return scale * (np.log1p(np.maximum(scores, 0) / floor) if floor > 0 else scores)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        experts = {
            name: scorer.extended(features, changed) for name, scorer in self.experts.items()
        }
        longer = type(self)(experts, self.floors, self.scales, self.weights, self.certainty_scale)
        content = experts.get(CONTENT)
        if self.newcomers is None or not isinstance(content, TextKNNScorer):
            return longer
        return longer.with_newcomers(self.newcomers.extended(content, changed))

    def with_newcomers(self, newcomers: Newcomers | None) -> Self:
        """The same mixture, with these newcomers (`None`: nobody borrows)."""
        return type(self)(
            self.experts, self.floors, self.scales, self.weights, self.certainty_scale, newcomers
        )

    def state(self) -> State:
        children = {name: scorer.state() for name, scorer in self.experts.items()}  # type: ignore[attr-defined]
        arrays = {
            "floors": self.floors,
            "scales": self.scales,
            "weights": self.weights,
        }
        if self.certainty_scale is not None:
            arrays["certainty"] = self.certainty_scale
        if self.newcomers is not None:
            arrays |= self.newcomers.arrays()
        return State(self.kind, {"experts": list(self.experts)}, arrays, children)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        from prismrec.models.registry import scorer_from_state

        names = state.settings["experts"]
        experts = {name: scorer_from_state(state.children[name], features) for name in names}
        floors, scales, weights = (state.arrays[n] for n in ("floors", "scales", "weights"))
        opened = cls(experts, floors, scales, weights, state.arrays.get("certainty"))
        newcomers, content = Newcomers.from_arrays(state.arrays), experts.get(CONTENT)
        if newcomers is None or not isinstance(content, TextKNNScorer):
            return opened
        later = np.arange(len(newcomers.seen), len(features), dtype=np.int32)
        return opened.with_newcomers(newcomers.extended(content, later))


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
