"""Neighbours by content: what the text says, and which attributes are shared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from prismrec.core import Bags, Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Scores, Vectors, with_rows
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import history_matrix
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["TextKNN", "TextKNNScorer"]


@dataclass(frozen=True)
class TextKNN:
    """Content profiles: `score(q, i) = max(0, u_q . v_i) + attribute_weight * max(0, b_q . a_i)`.

    `v_i` is the item's whitened text vector (see `Whitening`); `u_q` is the mean of those of the
    history, the event of age a weighing `2^(-a / half_life)`, plus `query_weight` times the
    whitened vector of the query's own text. `a_i` is the item's bag of attributes, each token
    weighing `log(items / items with it)`, of length one; `b_q` is their mean over the history.
    Nothing is learned from behaviour, so that an item counts from the moment it has a text.
    """

    half_life: float | None = None
    attribute_weight: float = 0.05
    query_weight: float = 1.0
    ridge: float = 0.003
    name: str = "text_knn"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Measure the catalogue, then choose the half-life where it is not set (see `faded`)."""
        features = train.features
        texts = features.text_vectors
        whitening = None if texts is None else Whitening.of(texts, self.ridge)
        rarity = token_rarity(features.attributes)

        def make(half_life: float) -> TextKNNScorer:
            return TextKNNScorer(
                half_life, self.attribute_weight, self.query_weight, whitening, rarity, features
            )

        return faded(make, self.half_life, train, validation, start, rng)


def token_rarity(bags: Bags) -> Scores:
    """(tokens,) float32: `log((n + 1) / (df + 1/2))`, at least 0, of every token in `n` bags."""
    frequency = np.bincount(bags.indices, minlength=len(bags.names))
    return np.maximum(np.log((len(bags) + 1) / (frequency + 0.5)), 0).astype(np.float32)


@dataclass(frozen=True)
class TextKNNScorer(WholeCatalogueScorer):
    """Parts `text` and `attributes`, each never negative.

    `whitening` and `rarity` (tokens,) were measured at training and stay, so that the scores of old
    items do not move when new ones arrive; a token unknown then is as rare as the rarest.
    """

    kind: ClassVar[str] = "text_knn"
    log_ready: ClassVar[bool] = False
    part_names = ("text", "attributes")

    half_life: float
    attribute_weight: float
    query_weight: float
    whitening: Whitening | None
    rarity: Scores
    features: ItemFeatures = field(repr=False)

    @property
    def n_items(self) -> int:  # type: ignore[override]
        return len(self.features)

    @cached_property
    def item_vectors(self) -> Vectors:
        """(n_items, d) float32, whitened; no columns where the collection has no text."""
        texts = self.features.text_vectors
        return np.zeros((self.n_items, 0), np.float32) if texts is None else self._mapped(texts)

    @cached_property
    def item_bags(self) -> sparse.csr_array:
        """(n_items, tokens) float32, rows of length one."""
        bags = self.features.attributes
        rarest = self.rarity.max(initial=0)
        rarity = np.full(len(bags.names), rarest, np.float32)
        rarity[: len(self.rarity)] = self.rarity
        shape = (len(bags), len(bags.names))
        weights = sparse.csr_array((rarity[bags.indices], bags.indices, bags.indptr), shape=shape)
        norms = np.sqrt(weights.multiply(weights).sum(axis=1))
        weights.data /= np.repeat(np.maximum(norms, 1e-9), np.diff(bags.indptr)).astype(np.float32)
        return weights

    def profiles(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32: what each query says, in the space of `item_vectors`."""
        history = history_matrix(queries.histories, self.n_items, self.half_life)
        return self._profiles(history, queries)

    def _profiles(self, history: sparse.csr_array, queries: QueryBatch) -> Vectors:
        profiles: Vectors = history @ self.item_vectors
        if queries.text_vectors is not None and profiles.shape[1]:
            profiles += np.float32(self.query_weight) * self._mapped(queries.text_vectors)
        return profiles

    def _mapped(self, texts: Vectors) -> Vectors:
        """Whitened; as they are where training knew no text to measure."""
        return texts if self.whitening is None else self.whitening.apply(texts)

    def likeness(self, items: Positions, attribute_weight: float) -> Scores:
        """(f, n_items): how alike each of `items` (f,) is to every item, the cosine of the texts
        and `attribute_weight` times that of the bags."""
        alike: Scores = self.item_vectors[items] @ self.item_vectors.T
        bags = (self.item_bags[items] @ self.item_bags.T).toarray()
        return alike + np.float32(attribute_weight) * bags

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        return self._parts(queries, self.item_vectors, self.item_bags)

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        return self._parts(queries, self.item_vectors[items], self.item_bags[items])

    def _parts(self, queries: QueryBatch, vectors: Vectors, bags: sparse.csr_array) -> list[Scores]:
        history = history_matrix(queries.histories, self.n_items, self.half_life)
        text = self._profiles(history, queries) @ vectors.T
        wanted = np.float32(self.attribute_weight) * (history @ self.item_bags).toarray().T
        attributes = np.ascontiguousarray((bags @ wanted).T)
        return [np.maximum(part, 0, out=part) for part in (text, attributes)]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        longer = replace(self, features=features)
        texts, before = features.text_vectors, self.features.text_vectors
        if texts is None or before is None or texts.shape[1] != before.shape[1]:
            return longer
        vectors = with_rows(self.item_vectors, len(texts), changed, self._mapped(texts[changed]))
        longer.__dict__["item_vectors"] = vectors  # where cached_property looks first
        return longer

    def state(self) -> State:
        settings = {
            "half_life": self.half_life,
            "attribute_weight": self.attribute_weight,
            "query_weight": self.query_weight,
        }
        arrays = {"rarity": self.rarity}
        if self.whitening is not None:
            arrays |= {"mean": self.whitening.mean, "map": self.whitening.map}
        return State(self.kind, settings, arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        arrays = state.arrays
        whitening = Whitening(arrays["mean"], arrays["map"]) if "map" in arrays else None
        return cls(
            **state.settings, whitening=whitening, rarity=arrays["rarity"], features=features
        )
