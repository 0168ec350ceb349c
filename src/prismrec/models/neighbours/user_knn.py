"""User neighbours: what people with a like history took."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Scores
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import history_matrix
from prismrec.models.scoring.sparse_matrices import (
    arrays_of,
    largest_in_rows,
    matrix_of,
    product_blocks,
    user_item_matrix,
)
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["UserKNN", "UserKNNScorer"]


@dataclass(frozen=True)
class UserKNN:
    """The mean of the `neighbours` training users nearest to a history.

    Nearness is `h . x_v / (|x_v| + shrinkage)` with `x_v` the largest positive feedback weights of
    user v and h the history, its event of age a weighing `2^(-a / half_life)`; the evidence for i
    is `sum_v s_v x_vi / sum_v s_v`. The query's own row never counts as a neighbour.
    Source: Herlocker et al. 1999, "An algorithmic framework for performing collaborative
    filtering".
    """

    neighbours: int = 200
    shrinkage: float = 1.0
    half_life: float | None = None
    history: int = 500
    name: str = "user_knn"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Keep what was taken, then choose the half-life where it is not set (see `faded`)."""
        taken = user_item_matrix(train.positives.last(self.history), train.n_items)

        def make(half_life: float) -> UserKNNScorer:
            return UserKNNScorer(taken, self.neighbours, self.shrinkage, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


@dataclass(frozen=True)
class UserKNNScorer(WholeCatalogueScorer):
    """Neighbours found among the rows of `taken` (training users, trained items)."""

    kind: ClassVar[str] = "user_knn"
    log_ready: ClassVar[bool] = False
    part_names = ("user_knn",)

    taken: sparse.csr_array
    neighbours: int
    shrinkage: float
    half_life: float
    n_items: int

    @cached_property
    def _by_item(self) -> sparse.csr_array:
        """(trained items, training users): each column a user's row, scaled for nearness."""
        norms = np.sqrt(self.taken.multiply(self.taken).sum(axis=1)) + self.shrinkage
        scaled: Any = self.taken.copy()
        scaled.data /= np.repeat(norms, np.diff(scaled.indptr)).astype(np.float32)
        by_item: sparse.csr_array = scaled.T.tocsr()
        return by_item

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        history = history_matrix(queries.histories, self.taken.shape[1], self.half_life)
        out = np.zeros((len(queries), self.n_items), np.float32)
        for rows, near in product_blocks(history, self._by_item):
            _drop_own(near, queries.users[rows])
            best: Any = largest_in_rows(near, self.neighbours)
            totals = np.maximum(best.sum(axis=1), np.finfo(np.float32).tiny)
            best.data /= np.repeat(totals, np.diff(best.indptr)).astype(np.float32)
            out[rows, : self.taken.shape[1]] = (best @ self.taken).toarray()
        return [out]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_by_item")

    def state(self) -> State:
        settings = {
            "neighbours": self.neighbours,
            "shrinkage": self.shrinkage,
            "half_life": self.half_life,
        }
        return State(self.kind, settings, arrays_of("taken", self.taken))

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        return cls(matrix_of("taken", state.arrays), **state.settings, n_items=len(features))


def _drop_own(near: Any, users: Positions) -> None:
    """Take the nearness of every query to its own training row away, in place."""
    near.data[near.indices == np.repeat(users, np.diff(near.indptr))] = 0
