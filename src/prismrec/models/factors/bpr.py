"""Bayesian personalised ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Vectors
from prismrec.models.factors.scorer import FactorScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import history_matrix
from prismrec.models.scoring.sparse_matrices import user_item_matrix

__all__ = ["BPR", "BPRScorer"]


@dataclass(frozen=True)
class BPR:
    """Maximises `sum log sigmoid(x_u . y_i - x_u . y_j)` over items i the user took and sampled
    items j the user did not take, with an item bias as a last coordinate.

    New users and new events count at once: the user vectors are regressed on the mean item vectors
    of the histories behind them (ridge, strength `fold_in`), and a query goes through that map with
    its own history, the event of age a weighing `2^(-a / half_life)`.
    Source: Rendle et al. 2009, "BPR: Bayesian personalized ranking from implicit feedback"; solved
    by the library `implicit` on one thread, because several are not deterministic.
    """

    dimension: int = 64
    learning_rate: float = 0.05
    regularisation: float = 0.003
    iterations: int = 100
    half_life: float | None = None
    fold_in: float = 1.0
    name: str = "bpr"

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
        seed = int(rng.integers(2**31))
        if taken.nnz == 0:
            users = np.zeros((train.n_users, self.dimension + 1), np.float32)
            items = np.zeros((train.n_items, self.dimension + 1), np.float32)
        else:
            users, items = _factorise(self, taken, seed)
        present = train.positives.lengths > 0

        def make(half_life: float) -> BPRScorer:
            means = history_matrix(train.positives, train.n_items, half_life) @ items
            fold_in = _ridge_map(means[present], users[present], self.fold_in)
            return BPRScorer(items, fold_in, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def _factorise(settings: BPR, taken: sparse.csr_array, seed: int) -> tuple[Vectors, Vectors]:
    """User and item factors, (rows, dimension + 1) float32; the last coordinate is the bias."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=settings.dimension,
        learning_rate=settings.learning_rate,
        regularization=settings.regularisation,
        iterations=settings.iterations,
        num_threads=1,
        random_state=seed,
    )
    model.fit(sparse.csr_matrix(taken), show_progress=False)
    return np.asarray(model.user_factors), np.asarray(model.item_factors)


def _ridge_map(inputs: Vectors, outputs: Vectors, strength: float) -> Vectors:
    """(d + 1, d) float32: the affine map that takes `inputs` nearest to `outputs`, last row the
    offset."""
    ones = np.ones((len(inputs), 1))
    design = np.hstack([inputs.astype(np.float64), ones])
    gram = design.T @ design + strength * np.eye(design.shape[1])
    return np.linalg.solve(gram, design.T @ outputs.astype(np.float64)).astype(np.float32)


@dataclass(frozen=True)
class BPRScorer(FactorScorer):
    """`x_q . y_i`: the difference of two scores is the logit of preferring one to the other."""

    kind: ClassVar[str] = "bpr"
    log_ready: ClassVar[bool] = True
    part_names = ("bpr",)

    factors: Vectors
    fold_in: Vectors
    half_life: float
    n_items: int

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        trained = len(self.factors)
        means = history_matrix(queries.histories, trained, self.half_life) @ self.factors
        vectors: Vectors = means @ self.fold_in[:-1] + self.fold_in[-1]
        return vectors

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_covariance")

    def state(self) -> State:
        arrays = {"factors": self.factors, "fold_in": self.fold_in}
        return State(self.kind, {"half_life": self.half_life}, arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        factors, fold_in = state.arrays["factors"], state.arrays["fold_in"]
        return cls(factors, fold_in, **state.settings, n_items=len(features))
