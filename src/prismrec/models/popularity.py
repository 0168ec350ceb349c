"""Popularity: what most people take, the recent ones counting more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["Popularity", "PopularityScorer"]

DAY = 86_400_000
HALF_LIVES = (0.02, 0.1, 0.5, 2.0, 7.0, 30.0, 120.0, 365.0)
"""Days tried where the half-life is chosen on validation."""


@dataclass(frozen=True)
class Popularity:
    """The logarithm of a decayed count: `score(i) = log(sum_e w_e 2^(-age_e / half_life) + floor)`.

    The sum runs over the events of item i with positive feedback weight w_e; ages are relative to
    the last training event. `half_life_days` None chooses, by the likelihood of the validation
    targets under the shares of the counts, among no decay and some half-lives; without validation
    or without a clock nothing decays. `floor` is the count of an item that nobody took.
    """

    half_life_days: float | None = None
    floor: float = 0.5
    name: str = "popularity"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> PopularityScorer:
        """Count; `rng` and `start` are not needed."""
        choices: list[float | None] = [self.half_life_days]
        if not train.has_clock:
            choices = [None]
        elif self.half_life_days is None and validation is not None and len(validation):
            choices = [None, *HALF_LIVES]
        counts = [_decayed_counts(train, choice) for choice in choices]
        best = max(range(len(choices)), key=lambda c: self._likelihood(counts[c], validation))
        chosen = counts[best].astype(np.float32)
        return PopularityScorer(chosen, self.floor, choices[best], train.n_items)

    def _likelihood(self, counts: Floats, validation: Cases | None) -> float:
        """Mean log share of the validation targets that training knows."""
        if validation is None:
            return 0.0
        shares = (counts + self.floor) / (counts + self.floor).sum()
        known = validation.targets[validation.targets < len(counts)]
        return float(np.log(shares[known]).mean()) if len(known) else 0.0


def _decayed_counts(train: Interactions, half_life_days: float | None) -> Floats:
    events = train.positives
    weights = events.weights.astype(np.float64)
    if half_life_days is not None and len(events.times):
        ages = (events.times.max() - events.times) / DAY
        weights = weights * np.exp2(-ages / half_life_days)
    return np.bincount(events.items, weights, minlength=train.n_items).astype(np.float64)


@dataclass(frozen=True)
class PopularityScorer(WholeCatalogueScorer):
    """`log(counts + floor)`; `counts` (trained items,) float32. Later items count nothing yet."""

    kind: ClassVar[str] = "popularity"
    log_ready: ClassVar[bool] = True

    part_names = ("popularity",)

    counts: Scores
    floor: float
    half_life_days: float | None
    n_items: int

    @cached_property
    def _logs(self) -> Scores:
        counts = np.zeros(self.n_items)
        counts[: len(self.counts)] = self.counts
        return np.log(counts + self.floor).astype(np.float32)

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        return [np.tile(self._logs, (len(queries), 1))]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return replace(self, n_items=len(features))

    def state(self) -> State:
        settings = {"floor": self.floor, "half_life_days": self.half_life_days}
        return State(self.kind, settings, {"counts": self.counts})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        return cls(state.arrays["counts"], **state.settings, n_items=len(features))
