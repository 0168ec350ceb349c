"""The trained multi-view sequence transformer, as a scorer over a catalogue."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch

from prismrec.core import ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Bools, Floats, Positions, Scores, Vectors
from prismrec.models.certainty import covariance, spread
from prismrec.models.prism_inputs import Views, batch_of
from prismrec.models.prism_model import PrismModel, Shape

__all__ = ["PrismScorer"]


class PrismScorer:
    """A trained model over a catalogue; `known` (n,) says which items have an identity view.

    The score is a logit: `query_vectors @ item_vectors.T`, the sum of one part a view.
    """

    kind: ClassVar[str] = "prism"
    log_ready: ClassVar[bool] = True

    def __init__(self, model: PrismModel, known: Bools, features: ItemFeatures) -> None:
        self.model, self.known, self.features = model, known, features
        self.part_names: tuple[str, ...] = model.item_views
        self.views = Views(features, known, model.shape.tokens, model.shape.text > 0)
        self._last: tuple[QueryBatch, Vectors] | None = None

    @cached_property
    def _encoded(self) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.inference_mode():
            return self.model.encode_items(self.views.of(np.arange(len(self.known))))

    @cached_property
    def _gated_items(self) -> torch.Tensor | None:
        """(n, d): each item's views mixed by the gate; `None` where events have views that their
        item does not decide."""
        if self.model.event_views != self.model.item_views:
            return None
        encoded, mask = self._encoded
        with torch.inference_mode():
            return self.model.gated(encoded[None], mask[None])[0][0]

    @cached_property
    def _part_vectors(self) -> Vectors:
        """(v, n, d): what each view of each item adds."""
        with torch.inference_mode():
            vectors = self.model.item_vectors(self._encoded[0])
        out: Vectors = np.ascontiguousarray(vectors.numpy().transpose(1, 0, 2))
        return out

    @cached_property
    def _vectors(self) -> Vectors:
        out: Vectors = self._part_vectors.sum(0)
        return out

    def item_vectors(self, items: Positions | None = None) -> Vectors:
        """(m, d) float32."""
        return self._vectors if items is None else self._vectors[items]

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32; zeros where the history has no event that the model can read.

        The last batch is remembered: a request asks for its scores and then for their parts.
        """
        last = self._last
        if last is None or last[0] is not queries:
            self._last = last = queries, self._query_vectors(queries)
        return last[1]

    def _query_vectors(self, queries: QueryBatch) -> Vectors:
        histories = queries.histories
        readable = (histories.weights > 0) & (histories.items < len(self.known))
        recent = histories.where(readable).last(self.model.shape.history)
        clock = self.model.time is not None
        batch = batch_of(recent, recent.indptr[:-1], recent.indptr[1:], clock)
        encoded, mask = self._encoded
        last = torch.from_numpy(np.maximum(batch.lengths - 1, 0))
        with torch.inference_mode():
            events = torch.from_numpy(batch.items)
            if self._gated_items is None:
                states = self.model(encoded, mask, events, batch.kinds, batch.gaps)
            else:
                states = self.model.read(self._gated_items[events])
            out = states[torch.arange(len(last)), last].numpy()
        return np.asarray(np.where(batch.lengths[:, None] > 0, out, 0), np.float32)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        return products(self.query_vectors(queries), self._vectors, items)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32."""
        asked = self.query_vectors(queries)
        return np.stack([products(asked, part, items) for part in self._part_vectors], axis=-1)

    @cached_property
    def _covariance(self) -> Floats:
        """Of the trained items alone, so that a new one changes nobody's certainty."""
        return covariance(self._vectors[self.known])

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `spread`."""
        return spread(self.query_vectors(queries), self._covariance)

    def gate_weights(self, queries: QueryBatch) -> Scores:
        """What each view weighed in the last event of each history, (b, event views)."""
        histories = queries.histories.last(1)
        clock = self.model.time is not None
        batch = batch_of(histories, histories.indptr[:-1], histories.indptr[1:], clock)
        with torch.inference_mode():
            views, present = self.model.event_views_of(
                *self._encoded, torch.from_numpy(batch.items), batch.kinds, batch.gaps
            )
            weights: Scores = self.model.gated(views, present)[1][:, 0].numpy()
        return weights

    def extended(self, features: ItemFeatures) -> Self:
        known = np.zeros(len(features), bool)
        known[: len(self.known)] = self.known
        longer = type(self)(self.model, known, features)
        longer.__dict__["_covariance"] = self._covariance
        return longer

    def state(self) -> State:
        weights = {f"model.{k}": v.numpy() for k, v in self.model.state_dict().items()}
        return State(self.kind, asdict(self.model.shape), {**weights, "known": self.known})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model = PrismModel(Shape(**state.settings))
        stored = {
            name.removeprefix("model."): torch.from_numpy(np.array(array))
            for name, array in state.arrays.items()
            if name.startswith("model.")
        }
        model.load_state_dict(stored)
        known = np.zeros(len(features), bool)
        known[: len(state.arrays["known"])] = state.arrays["known"]
        return cls(model.eval(), known, features)


def products(asked: Vectors, vectors: Vectors, items: Positions | None) -> Scores:
    """Dot products of (b, d) with the rows of (n, d) at `items`; 0 where an item is -1."""
    if items is None:
        return asked @ vectors.T
    picked = vectors[np.maximum(items, 0)]
    scores = asked @ picked.T if items.ndim == 1 else np.einsum("bd,bmd->bm", asked, picked)
    return np.asarray(np.where(items >= 0, scores, 0), np.float32)
