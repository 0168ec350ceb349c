"""What a person had before and may want again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Scores
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import history_matrix
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["Repeats", "RepeatsScorer"]


@dataclass(frozen=True)
class Repeats:
    """The share of the query's own history that an item makes up, the event of age a weighing
    `2^(-a / half_life)`: both how often it was taken and how lately.

    Nothing else is learned. Only useful where items may return.
    Source: the personal top frequency baseline of Li et al. 2023, "A next basket recommendation
    reality check" (https://arxiv.org/abs/2109.14233).
    """

    half_life: float | None = None
    name: str = "repeats"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Choose the half-life where it is not set (see `faded`)."""

        def make(half_life: float) -> RepeatsScorer:
            return RepeatsScorer(half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


@dataclass(frozen=True)
class RepeatsScorer(WholeCatalogueScorer):
    """Shares between 0 and 1; an item disliked more than liked has none."""

    kind: ClassVar[str] = "repeats"
    log_ready: ClassVar[bool] = False
    part_names = ("repeats",)

    half_life: float
    n_items: int

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        shares = history_matrix(queries.histories, self.n_items, self.half_life).toarray()
        return [np.maximum(shares, 0, out=shares)]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return type(self)(self.half_life, len(features))

    def state(self) -> State:
        return State(self.kind, {"half_life": self.half_life}, {})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        return cls(**state.settings, n_items=len(features))
