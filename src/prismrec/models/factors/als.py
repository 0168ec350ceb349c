"""Alternating least squares on implicit feedback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Vectors
from prismrec.models.factors.ridge import Ridge
from prismrec.models.factors.scorer import FactorScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import decayed_weights
from prismrec.models.scoring.sparse_matrices import user_item_matrix

__all__ = ["ALS", "ALSScorer"]


@dataclass(frozen=True)
class ALS:
    """Minimises `sum_ui c_ui (p_ui - x_u . y_i)^2 + regularisation (|X|^2 + |Y|^2)`.

    `p_ui` is 1 where user u took item i, else 0; `c_ui = 1 + confidence * w_ui` with the largest
    positive feedback weight w_ui of the pair. Users are folded in from their history by the same
    normal equations, the confidence of an event of age a weighing `2^(-a / half_life)`; an event of
    negative weight counts as a confident 0.
    Source: Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets";
    solved by the library `implicit`.
    """

    dimension: int = 128
    confidence: float = 20.0
    regularisation: float = 1.0
    iterations: int = 15
    half_life: float | None = None
    name: str = "als"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Factorise from random factors drawn by `rng`, then choose the half-life where it is not
        set (see `faded`)."""
        taken = user_item_matrix(train.positives, train.n_items)
        taken.data = 1 + np.float32(self.confidence) * taken.data
        seed = int(rng.integers(2**31))
        factors = _factorise(self, taken, seed) if taken.nnz else None
        if factors is None:
            factors = np.zeros((train.n_items, self.dimension), np.float32)

        def make(half_life: float) -> ALSScorer:
            return ALSScorer(
                factors, self.confidence, self.regularisation, half_life, train.n_items
            )

        return faded(make, self.half_life, train, validation, start, rng)


def _factorise(settings: ALS, confidences: sparse.csr_array, seed: int) -> Vectors:
    """The item factors, (n_items, dimension) float32."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.dimension,
            regularization=settings.regularisation,
            iterations=settings.iterations,
            random_state=seed,
        )
        model.fit(sparse.csr_matrix(confidences), show_progress=False)
    return np.ascontiguousarray(model.item_factors, np.float32)


@dataclass(frozen=True)
class ALSScorer(FactorScorer):
    """`x_q . y_i`: about 1 for what the query would take, about 0 else. Used as a logit."""

    kind: ClassVar[str] = "als"
    log_ready: ClassVar[bool] = True
    part_names = ("als",)

    factors: Vectors
    confidence: float
    regularisation: float
    half_life: float
    n_items: int

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        histories = queries.histories.where(queries.histories.items < len(self.factors))
        extra = self.confidence * decayed_weights(histories, self.half_life)
        taken = self.factors[histories.items].astype(np.float64)
        targets = np.where(extra > 0, 1 + extra, 0)
        solved = self._base.rows(histories.indptr, taken, targets, np.abs(extra))
        return solved.astype(np.float32)

    @cached_property
    def _base(self) -> Ridge:
        """What every fold-in shares: `Y^T Y + regularisation I`."""
        factors = self.factors.astype(np.float64)
        return Ridge(factors.T @ factors + self.regularisation * np.eye(factors.shape[1]))

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_base", "_covariance")

    def state(self) -> State:
        settings = {
            "confidence": self.confidence,
            "regularisation": self.regularisation,
            "half_life": self.half_life,
        }
        return State(self.kind, settings, {"factors": self.factors})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        return cls(state.arrays["factors"], **state.settings, n_items=len(features))
