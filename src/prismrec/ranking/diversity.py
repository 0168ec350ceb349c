"""Maximal marginal relevance: an item is worth less, the more it is like one already chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Diversity, ItemFeatures
from prismrec.core.arrays import Positions, Scores
from prismrec.ranking.settings import RankingSettings

__all__ = ["MaximalMarginalRelevance", "diversity_from", "relevance"]


def diversity_from(settings: RankingSettings, features: ItemFeatures) -> Diversity | None:
    """The diversity step of the settings, or `None` where it would change nothing."""
    if settings.diversity == 0.0:
        return None
    return MaximalMarginalRelevance(features, settings.diversity, settings.similarity)


class MaximalMarginalRelevance:
    """`(1 - strength) * relevance - strength * max over chosen of similarity`.

    Relevance is the score rescaled to [0, 1] within the query, similarity lies in [0, 1]; items of
    which nothing is known resemble nothing. With strength 0 the scores come back unchanged.

    Source: J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for
    reordering documents and producing summaries", SIGIR 1998.
    """

    def __init__(self, features: ItemFeatures, strength: float, similarity: str = "both") -> None:
        self.features = features
        self.strength = strength
        self.similarity = similarity
        self._memory = threading.local()

    def worth(self, positions: Positions, scores: Scores, chosen: Sequence[int]) -> Scores:
        """(k,) marginal worth of one query's candidates, float32; -inf at padding.

        A pure function of its arguments. What it found for `chosen[:-1]` is remembered for the
        next call of the same thread, so that a slate of n items costs n similarity columns.
        """
        if self.strength == 0.0:
            return scores
        walk = self._walk(positions)
        walk.follow(chosen)
        worth = (1.0 - self.strength) * relevance(scores) - self.strength * walk.nearest
        worth[(positions < 0) | ~np.isfinite(scores)] = -np.inf
        return worth.astype(np.float32)

    def _walk(self, positions: Positions) -> _Walk:
        walk: _Walk | None = getattr(self._memory, "walk", None)
        if walk is None or not np.array_equal(walk.positions, positions):
            columns = _similarities(self.features, positions, self.similarity)
            walk = _Walk(positions.copy(), columns, [], np.zeros(len(positions)))
            self._memory.walk = walk
        return walk


def relevance(scores: Scores) -> np.ndarray:
    """(k,) the finite scores of one query rescaled to [0, 1]; all 1 where they are equal."""
    known = np.isfinite(scores)
    out = np.zeros(len(scores), np.float64)
    if known.any():
        low, high = float(scores[known].min()), float(scores[known].max())
        out[known] = (scores[known] - low) / (high - low) if high > low else 1.0
    return out


@dataclass
class _Walk:
    """Largest similarity of each candidate to those chosen so far, extended one at a time."""

    positions: Positions
    column: Callable[[int], np.ndarray]
    chosen: list[int]
    nearest: np.ndarray

    def follow(self, chosen: Sequence[int]) -> None:
        if self.chosen != list(chosen[: len(self.chosen)]):
            self.chosen, self.nearest = [], np.zeros(len(self.positions))
        for column in chosen[len(self.chosen) :]:
            self.nearest = np.maximum(self.nearest, self.column(column))
            self.chosen.append(int(column))


def _similarities(
    features: ItemFeatures, positions: Positions, by: str
) -> Callable[[int], np.ndarray]:
    """A function from a candidate's column to its similarity with every candidate, (k,)."""
    known = [make(features, positions) for make in _SIMILARITY[by]]
    columns = [column for column in known if column is not None]

    def mean(column: int) -> np.ndarray:
        if not columns:
            return np.zeros(len(positions))
        return np.asarray(sum(one(column) for one in columns) / len(columns))

    return mean


def _by_text(features: ItemFeatures, positions: Positions) -> Callable[[int], np.ndarray] | None:
    """Cosine of text vectors; opposite texts count as unlike, not as less than unlike."""
    if features.text_vectors is None:
        return None
    vectors = features.text_vectors[np.maximum(positions, 0)]
    return lambda column: np.clip(vectors @ vectors[column], 0.0, 1.0)


def _by_attributes(
    features: ItemFeatures, positions: Positions
) -> Callable[[int], np.ndarray] | None:
    """Jaccard index of the sets of attribute tokens."""
    if not len(features.attributes.indices):
        return None
    bags = features.attributes.take(positions)
    sizes = np.diff(bags.indptr)
    rows = np.repeat(np.arange(len(bags)), sizes)
    wanted = np.zeros(int(bags.indices.max(initial=0)) + 1, bool)

    def jaccard(column: int) -> np.ndarray:
        wanted[bags.row(column)] = True
        shared = np.bincount(rows[wanted[bags.indices]], minlength=len(sizes))
        wanted[bags.row(column)] = False
        union = sizes + sizes[column] - shared
        return np.asarray(shared / np.maximum(union, 1))

    return jaccard


_SIMILARITY = {
    "text": (_by_text,),
    "attributes": (_by_attributes,),
    "both": (_by_text, _by_attributes),
}
