"""Matrix factorisation with squared error on ratings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, Sequences, State
from prismrec.core.arrays import Floats, Positions, Scores, Vectors
from prismrec.models.factors.ridge import Ridge
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["MatrixFactorisation", "MatrixFactorisationScorer", "ratings_loss"]


@dataclass(frozen=True)
class MatrixFactorisation:
    """Minimises `1/(2N) sum (y_ui - m - b_u - c_i - x_u . z_i)^2 + decay/2 (|X|^2 + |Z|^2 + |b|^2 +
    |c|^2)` over the N observed ratings: `1/(2N) ||Y - X Z^T||^2` with biases and weight decay.

    `decay` is `regularisation / N`, so that the strength for one user or item does not depend on
    the size of the data; m is the mean rating. Solved by alternating exact least squares, which
    never raises the loss. Users are folded in from the ratings of their history the same way.
    Ratings are the values of `rating` events; a collection without any has nothing to predict, and
    the feedback weights stand in.
    Source: Koren, Bell & Volinsky 2009, "Matrix factorization techniques for recommender systems".
    """

    dimension: int = 16
    regularisation: float = 10.0
    iterations: int = 15
    name: str = "matrix_factorisation"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> MatrixFactorisationScorer:
        """Alternate; starts from small random item factors drawn by `rng`."""
        rating = train.event_types.index("rating") if "rating" in train.event_types else -2
        if not np.isfinite(train.sequences.values[train.sequences.kinds == rating]).any():
            rating = -2
        ratings = observed(train.sequences, rating)
        values = ratings.values.astype(np.float64)
        mean = float(values.mean()) if len(values) else 0.0
        items = rng.normal(0, 0.1, (train.n_items, self.dimension + 1))
        items[:, -1] = 0
        items = self._alternate(ratings, values - mean, items)
        bounds = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        return MatrixFactorisationScorer(
            items.astype(np.float32), mean, bounds, self.regularisation, rating, train.n_items
        )

    def _alternate(self, ratings: Sequences, residuals: Floats, items: Floats) -> Floats:
        """The item factors, (n_items, dimension + 1); the last column is the bias."""
        order = np.argsort(ratings.items, kind="stable")
        lengths = np.bincount(ratings.items, minlength=len(items))
        by_item = np.concatenate([[0], np.cumsum(lengths)])
        for _ in range(self.iterations):
            users = _solve(ratings.indptr, items[ratings.items], residuals, self.regularisation)
            partners = users[ratings.rows[order]]
            items = _solve(by_item, partners, residuals[order], self.regularisation)
        return items


def observed(sequences: Sequences, rating: int) -> Sequences:
    """The events of kind `rating` that have a value; where `rating` is -2, every event with its
    feedback weight as the value."""
    if rating == -2:
        return replace(sequences, values=sequences.weights)
    return sequences.where((sequences.kinds == rating) & np.isfinite(sequences.values))


def _solve(indptr: np.ndarray, partners: Floats, residuals: Floats, strength: float) -> Floats:
    """Factors and bias of every row, (rows, d + 1), given those of its `partners` (events, d + 1).

    The unknown (x, b) meets the features (z, 1) and the target y - m - c.
    """
    features = np.hstack([partners[:, :-1], np.ones((len(partners), 1))])
    base = strength * np.eye(features.shape[1])
    targets = residuals - partners[:, -1]
    return Ridge(base).rows(indptr, features, targets, np.ones(len(features)))


def ratings_loss(predicted: Floats, observed: Floats) -> float:
    """`1/(2N) sum (y - y')^2`; 0 for none."""
    return float(np.mean((observed - predicted) ** 2) / 2) if len(observed) else 0.0


@dataclass(frozen=True)
class MatrixFactorisationScorer(WholeCatalogueScorer):
    """Predicted ratings: part `bias` is `m + b_q + c_i`, part `taste` is `x_q . z_i`.

    `factors` (trained items, dimension + 1) float32 has the item biases in its last column.
    """

    kind: ClassVar[str] = "matrix_factorisation"
    log_ready: ClassVar[bool] = True
    part_names = ("bias", "taste")

    factors: Vectors
    mean: float
    bounds: tuple[float, float]
    regularisation: float
    rating: int
    n_items: int

    def predict_values(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32: predicted ratings, within the range of the ratings trained on."""
        return np.clip(self.score(queries, items), *self.bounds).astype(np.float32)

    def query_factors(self, queries: QueryBatch) -> Floats:
        """(b, dimension + 1): folded in from the ratings of the histories, last column the bias."""
        known = queries.histories.where(queries.histories.items < len(self.factors))
        ratings = observed(known, self.rating)
        residuals = ratings.values.astype(np.float64) - self.mean
        partners = self.factors[ratings.items].astype(np.float64)
        return _solve(ratings.indptr, partners, residuals, self.regularisation)

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        users, trained = self.query_factors(queries).astype(np.float32), len(self.factors)
        bias = np.zeros((len(queries), self.n_items), np.float32)
        bias[:, :trained] = self.factors[:, -1]
        bias += users[:, -1:] + np.float32(self.mean)
        taste = np.zeros_like(bias)
        taste[:, :trained] = users[:, :-1] @ self.factors[:, :-1].T
        return [bias, taste]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return replace(self, n_items=len(features))

    def state(self) -> State:
        settings = {
            "mean": self.mean,
            "bounds": list(self.bounds),
            "regularisation": self.regularisation,
            "rating": self.rating,
        }
        return State(self.kind, settings, {"factors": self.factors})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        settings = dict(state.settings)
        bounds = tuple(settings.pop("bounds"))
        return cls(state.arrays["factors"], **settings, bounds=bounds, n_items=len(features))
