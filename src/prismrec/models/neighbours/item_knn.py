"""Item neighbours by the cosine of who took them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, Scorer
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import (
    largest_in_rows,
    product_blocks,
    user_item_matrix,
)

__all__ = ["ItemKNN", "ItemKNNScorer"]


@dataclass(frozen=True)
class ItemKNN:
    """Cosine neighbours: `s(j, i) = x_j . x_i / (|x_j| |x_i| + shrinkage)`.

    `x_i` (users,) holds the largest positive feedback weight of each user for i, divided by the
    number of items the user took to the power `user_power` (who takes everything says little).
    Only the last `history` events of a user count; each row keeps its `neighbours` largest values.
    A query is the mean of the rows of its history, an event of age a weighing `2^(-a / half_life)`.
    Source: Deshpande & Karypis 2004, "Item-based top-N recommendation algorithms"; the shrinkage
    after Bell & Koren 2007.
    """

    shrinkage: float = 5.0
    user_power: float = 0.25
    neighbours: int = 300
    history: int = 500
    half_life: float | None = None
    name: str = "item_knn"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Count and prune, then choose the half-life where it is not set (see `faded`)."""
        taken = user_item_matrix(train.positives.last(self.history), train.n_items)
        sizes = np.diff(taken.indptr)
        taken.data /= np.repeat(sizes, sizes) ** np.float32(self.user_power)
        similarity = cosine_neighbours(taken, self.shrinkage, self.neighbours)

        def make(half_life: float) -> ItemKNNScorer:
            return ItemKNNScorer(similarity, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def cosine_neighbours(taken: sparse.csr_array, shrinkage: float, k: int) -> sparse.csr_array:
    """The `k` nearest columns of every column of `taken` (users, n), itself left out: (n, n)."""
    by_item = taken.T.tocsr()
    squares = by_item.multiply(by_item).sum(axis=1)
    norms = np.sqrt(squares).astype(np.float32)
    kept: list[Any] = [sparse.csr_array((0, taken.shape[1]), dtype=np.float32)]
    for rows, block in product_blocks(by_item, taken):
        own = np.arange(rows.start, rows.stop)
        at = np.repeat(own, np.diff(block.indptr))
        block.data /= norms[at] * norms[block.indices] + np.float32(shrinkage)
        block.data[block.indices == at] = 0
        kept.append(largest_in_rows(block, k))
    neighbours: sparse.csr_array = sparse.vstack(kept, format="csr")
    return neighbours


class ItemKNNScorer(NeighbourScorer):
    """History times the similarity of items."""

    kind: ClassVar[str] = "item_knn"
    part_names = ("item_knn",)
    stored = "similarity"
