"""Additive item terms: freshness, popularity and boosts, each one more part of the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from prismrec.core import Candidates, ItemFeatures, QueryBatch, Ranker
from prismrec.core.arrays import Floats, Longs, Positions, Scores
from prismrec.ranking.settings import RankingSettings

__all__ = ["AdditiveTerms", "rankers_from"]

MILLISECONDS_A_DAY = 86_400_000


def rankers_from(
    settings: RankingSettings, features: ItemFeatures, popularity: np.ndarray | None = None
) -> tuple[Ranker, ...]:
    """The rankers of the settings, to be applied in order; none where all terms are off.

    `popularity` (n,) counts the events of each item; items beyond it have none.
    """
    if not (settings.freshness or settings.popularity or any(settings.boosts.values())):
        return ()
    return (AdditiveTerms(settings, features, popularity),)


class AdditiveTerms:
    """A ranker that adds one part a term to every candidate and sorts anew; it adds no items.

    Parts are `rule.freshness`, `rule.popularity` and `rule.boost`, in the units that
    `RankingSettings` states; a term that is off has no part. Where candidates come without parts,
    their score so far becomes the part `score`, so that the parts still sum to it.
    """

    def __init__(
        self,
        settings: RankingSettings,
        features: ItemFeatures,
        popularity: np.ndarray | None = None,
    ) -> None:
        self.settings = settings
        self.features = features
        n = len(features)
        self._popularity = settings.popularity * _log_share(popularity, n)
        self._boost = _boost(settings, features)

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates:
        """The same items with their new scores and parts, best first."""
        terms = dict(self._terms(candidates.positions, queries.at))
        if not terms:
            return candidates
        padding = candidates.positions < 0
        new = np.stack([*terms.values()], axis=-1).astype(np.float32)
        new[padding] = 0.0
        old, names = candidates.parts, candidates.part_names
        if old is None:
            old, names = np.where(padding, 0, candidates.scores)[:, :, None], ("score",)
        parts = np.concatenate([old, new], axis=-1, dtype=np.float32)
        scores = (candidates.scores + new.sum(axis=-1)).astype(np.float32)
        ranked = replace(candidates, scores=scores, parts=parts, part_names=(*names, *terms))
        return ranked.best(candidates.positions.shape[1])

    def _terms(self, positions: Positions, at: Longs) -> Iterator[tuple[str, np.ndarray]]:
        if self.settings.freshness:
            yield "rule.freshness", self._freshness(positions, at)
        if self.settings.popularity:
            yield "rule.popularity", self._popularity[positions]
        if any(self.settings.boosts.values()):
            yield "rule.boost", self._boost[positions]

    def _freshness(self, positions: Positions, at: Longs) -> Floats:
        """Halves with every `freshness_days`; an item of unknown age has none."""
        created = self.features.created_at[positions]
        days = np.maximum(at[:, None] - created, 0) / MILLISECONDS_A_DAY
        fresh = self.settings.freshness * 0.5 ** (days / self.settings.freshness_days)
        return np.where(created >= 0, fresh, 0.0)


def _log_share(counts: np.ndarray | None, n: int) -> Floats:
    """log(1 + count) of each of n items as a share of the largest, in [0, 1]."""
    logs = np.zeros(n)
    if counts is not None:
        known = min(n, len(counts))
        logs[:known] = np.log1p(np.maximum(counts[:known], 0))
    return logs / max(float(logs.max(initial=0.0)), 1e-12)


def _boost(settings: RankingSettings, features: ItemFeatures) -> Scores:
    """The sum of the boosts of each item's attribute tokens; a token given twice counts once."""
    bags = features.attributes
    amounts = np.array([settings.boosts.get(name, 0.0) for name in bags.names])
    out = np.zeros(len(features), np.float32)
    if not len(bags.indices) or not amounts.any():
        return out
    rows = np.repeat(np.arange(len(bags)), np.diff(bags.indptr))
    pairs = np.unique(np.stack([rows, bags.indices]), axis=1)
    np.add.at(out, pairs[0], amounts[pairs[1]])
    return out
