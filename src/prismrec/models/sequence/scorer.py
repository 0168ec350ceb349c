"""The trained multi-view sequence transformer, as a scorer over a catalogue."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch

from prismrec.core import ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Bools, Floats, Positions, Scores, Vectors, with_rows
from prismrec.models.scoring.certainty import covariance, spread
from prismrec.models.scoring.weights import weights_of, with_weights
from prismrec.models.sequence.inputs import Batch, Views, batch_of
from prismrec.models.sequence.model import Catalogue, PrismModel, Shape, Tokens
from prismrec.models.sequence.people import Spelling

__all__ = ["PrismScorer"]


@dataclass(frozen=True)
class EncodedItems:
    """What the model makes of n items, d wide, in v views.

    `encoded` (n, v, d), zero where not `present` (n, v); `parts` (v, n, d), what each view adds to
    the score, and `vectors` (n, d) their sum; `gated` (n, d), the views mixed by the gate, `None`
    where events have views that their item does not decide.
    """

    encoded: Vectors
    present: Bools
    parts: Vectors
    vectors: Vectors
    gated: Vectors | None

    @classmethod
    def of(cls, model: PrismModel, catalogue: Catalogue) -> Self:
        with torch.inference_mode():
            encoded, present = model.encode_items(catalogue)
            parts = np.ascontiguousarray(model.item_vectors(encoded).numpy().transpose(1, 0, 2))
            gated = None
            if model.event_views == model.item_views:
                gated = model.gated(encoded[None], present[None])[0][0].numpy()
        return cls(encoded.numpy(), present.numpy(), parts, parts.sum(0), gated)

    def with_items(self, n: int, places: Positions, fresh: EncodedItems) -> EncodedItems:
        """These as `n` items, of which those at `places` are `fresh`."""
        parts = np.stack(
            [
                with_rows(part, n, places, rows)
                for part, rows in zip(self.parts, fresh.parts, strict=True)
            ]
        )
        gated = None
        if self.gated is not None and fresh.gated is not None:
            gated = with_rows(self.gated, n, places, fresh.gated)
        return EncodedItems(
            encoded=with_rows(self.encoded, n, places, fresh.encoded),
            present=with_rows(self.present, n, places, fresh.present),
            parts=parts,
            vectors=with_rows(self.vectors, n, places, fresh.vectors),
            gated=gated,
        )


class PrismScorer:
    """A trained model over a catalogue; `known` (n,) says which items have an identity view,
    `spelling` what the tokens of its profiles are.

    The score is a logit: `query_vectors @ item_vectors.T`, the sum of one part a view.
    """

    kind: ClassVar[str] = "prism"
    log_ready: ClassVar[bool] = True

    def __init__(
        self,
        model: PrismModel,
        known: Bools,
        features: ItemFeatures,
        spelling: Spelling | None = None,
    ) -> None:
        self.model, self.known, self.features = model, known, features
        self.spelling = spelling or Spelling()
        self.part_names: tuple[str, ...] = model.item_views
        shape = model.shape
        media = [n for n, v in features.vectors.items() if v.shape[1] == shape.media.get(n)]
        self.views = Views(features, known, shape.tokens, shape.text > 0, media)
        self._last: tuple[QueryBatch, Vectors] | None = None

    @cached_property
    def _items(self) -> EncodedItems:
        return EncodedItems.of(self.model, self.views.of(np.arange(len(self.known))))

    def item_vectors(self, items: Positions | None = None) -> Vectors:
        """(m, d) float32."""
        vectors = self._items.vectors
        return vectors if items is None else vectors[items]

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32; zeros where the model can read neither an event nor a profile.

        The last batch is remembered: a request asks for its scores and then for their parts.
        """
        last = self._last
        if last is None or last[0] is not queries:
            self._last = last = queries, self._query_vectors(queries)
        return last[1]

    def _query_vectors(self, queries: QueryBatch) -> Vectors:
        if not len(self.known):
            return np.zeros((len(queries), self.model.shape.dimension), np.float32)
        histories = queries.histories
        readable = (histories.weights > 0) & (histories.items < len(self.known))
        recent = histories.where(readable).last(self.model.shape.history)
        clock = self.model.time is not None
        batch = batch_of(recent, recent.indptr[:-1], recent.indptr[1:], clock)
        profiles = self._profiles(queries)
        last, told = np.maximum(batch.lengths - 1, 0), batch.lengths > 0
        if profiles is not None:  # the state before any event is the last one
            last, told = batch.lengths - 1, told | profiles.there.numpy()
        with torch.inference_mode():
            if self._items.gated is None:
                states = self.model(*self._events(batch), profiles)
            else:
                states = self.model.read(torch.from_numpy(self._items.gated[batch.items]), profiles)
            out = states[torch.arange(len(last)), torch.from_numpy(last)].numpy()
        return np.asarray(np.where(told[:, None], out, 0), np.float32)

    def _profiles(self, queries: QueryBatch) -> Tokens | None:
        """Those of the people who ask, `None` where the model reads none."""
        if self.model.profile is None:
            return None
        return self.spelling.read(queries.profiles, len(queries)).of(np.arange(len(queries)))

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        return products(self.query_vectors(queries), self._items.vectors, items)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32."""
        asked = self.query_vectors(queries)
        return np.stack([products(asked, part, items) for part in self._items.parts], axis=-1)

    @cached_property
    def _covariance(self) -> Floats:
        """Of the trained items alone, so that a new one changes nobody's certainty."""
        return covariance(self._items.vectors[self.known])

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `spread`."""
        return spread(self.query_vectors(queries), self._covariance)

    def _events(self, batch: Batch) -> tuple[torch.Tensor, ...]:
        """The events of `batch` as the model takes them."""
        encoded, present = self._items.encoded, self._items.present
        arrays = (torch.from_numpy(array) for array in (encoded, present, batch.items))
        return (*arrays, batch.kinds, batch.gaps)

    def gate_weights(self, queries: QueryBatch) -> Scores:
        """What each view weighed in the last event of each history, (b, event views)."""
        histories = queries.histories.last(1)
        clock = self.model.time is not None
        batch = batch_of(histories, histories.indptr[:-1], histories.indptr[1:], clock)
        with torch.inference_mode():
            views, present = self.model.event_views_of(*self._events(batch))
            weights: Scores = self.model.gated(views, present)[1][:, 0].numpy()
        return weights

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        known = np.pad(self.known, (0, len(features) - len(self.known)))
        longer = type(self)(self.model, known, features, self.spelling)
        longer.__dict__["_covariance"] = self._covariance
        fresh = EncodedItems.of(self.model, longer.views.of(changed.astype(np.int64)))
        longer.__dict__["_items"] = self._items.with_items(len(features), changed, fresh)
        return longer

    def state(self) -> State:
        arrays = weights_of(self.model, "model.") | {"known": self.known}
        if self.spelling.names:
            arrays["profile_tokens"] = np.array(self.spelling.names)
        return State(self.kind, asdict(self.model.shape), arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model, arrays = PrismModel(Shape(**state.settings)), state.arrays
        if model.text is not None:  # releases made before the text view had a bias
            arrays = {"model.text.bias": np.zeros(model.shape.dimension, np.float32), **arrays}
        known = np.pad(arrays["known"], (0, len(features) - len(arrays["known"])))
        spelling = Spelling(tuple(str(name) for name in arrays.get("profile_tokens", ())))
        return cls(with_weights(model, arrays, "model."), known, features, spelling)


def products(asked: Vectors, vectors: Vectors, items: Positions | None) -> Scores:
    """Dot products of (b, d) with the rows of (n, d) at `items`; 0 where an item is -1."""
    if items is None:
        return asked @ vectors.T
    picked = vectors[np.maximum(items, 0)]
    scores = asked @ picked.T if items.ndim == 1 else np.einsum("bd,bmd->bm", asked, picked)
    return np.asarray(np.where(items >= 0, scores, 0), np.float32)
