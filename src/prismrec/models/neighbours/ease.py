"""EASE: a linear autoencoder over items in closed form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from prismrec.core import (
    BadSettings,
    Cases,
    Interactions,
    Scorer,
    TrainingDiverged,
)
from prismrec.core.arrays import Vectors
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import product_blocks, user_item_matrix

__all__ = ["EASE", "EASEScorer"]

BLOCK = 1024
"""Rows of a dense matrix that are held beside it at a time."""


@dataclass(frozen=True)
class EASE:
    """Minimises `|X - X B|^2 + regularisation |B|^2` with a zero diagonal:
    `B_ij = -P_ij / P_jj` off the diagonal, where `P = (X^T X + regularisation I)^-1`.

    `X` (users, items) holds the largest positive feedback weights. A query is the mean of the rows
    of its history, the event of age a weighing `2^(-a / half_life)`; each row keeps its
    `neighbours` largest weights, which changes nDCG by less than chance and a release by a
    hundredfold. Memory is `4 n^2` bytes and time grows with `n^3`, therefore more than `max_items`
    items are refused.
    Source: Steck 2019, "Embarrassingly shallow autoencoders for sparse data"
    (https://arxiv.org/abs/1905.03375).
    """

    regularisation: float = 100.0
    neighbours: int = 300
    half_life: float | None = None
    max_items: int = 20_000
    name: str = "ease"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Invert once, then choose the half-life where it is not set (see `faded`).

        Raises `BadSettings` above `max_items` items.
        """
        refuse_too_many(train.n_items, self.max_items)
        taken = user_item_matrix(train.positives, train.n_items)
        weights = item_weights(taken, self.regularisation, self.neighbours)

        def make(half_life: float) -> EASEScorer:
            return EASEScorer(weights, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def refuse_too_many(items: int, limit: int) -> None:
    """Raise `BadSettings` where a matrix of `items` by `items` is above the `limit`."""
    if items > limit:
        raise BadSettings(
            f"EASE over {items} items needs a matrix of {4 * items**2 / 1e9:.1f} GB; the limit "
            f"is {limit} items.",
            hint="Use item_knn or als, or raise max_items.",
        )


def item_weights(taken: sparse.csr_array, regularisation: float, kept: int) -> sparse.csr_array:
    """The `kept` largest positive weights of every row of `B`, in the memory of one (n, n)."""
    weights = inverse_gram(taken, regularisation)
    weights *= -1 / np.diag(weights).copy()
    weights[np.diag_indices(len(weights))] = 0
    blocks = (weights[rows] for rows in row_blocks(len(weights)))
    return largest_weights(blocks, len(weights), kept)


def inverse_gram(taken: sparse.csr_array, regularisation: float) -> Vectors:
    """`P` (n, n) float32, symmetric, all in the memory of one such matrix; raises
    `TrainingDiverged` where it cannot be had."""
    from scipy.linalg.lapack import spotrf, spotri

    n = taken.shape[1]
    if n == 0:
        return np.zeros((0, 0), np.float32)
    gram: Any = np.zeros((n, n), np.float32, order="F")
    for rows, block in product_blocks(taken.T.tocsr(), taken):
        gram[:, rows] = block.toarray().T
    gram[np.diag_indices(n)] += np.float32(regularisation)
    gram, failed = spotrf(gram, lower=1, overwrite_a=1)
    if not failed:
        gram, failed = spotri(gram, lower=1, overwrite_c=1)
    if failed:
        raise TrainingDiverged(
            "EASE could not invert the item matrix.", hint="Raise its regularisation."
        )
    inverse: Vectors = gram.T  # in C order, of which the upper triangle is filled
    for i in range(n):
        inverse[i + 1 :, i] = inverse[i, i + 1 :]
    return inverse


def row_blocks(n: int) -> Iterator[slice]:
    """The `n` rows of a dense matrix, a few at a time."""
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def largest_weights(dense: Iterable[Vectors], n: int, k: int) -> sparse.csr_array:
    """The `k` largest positive weights of every row of a matrix (n, n), given by blocks of rows."""
    blocks: list[Any] = [sparse.csr_array((0, n), dtype=np.float32)]
    k = min(k, n)
    for block in dense:
        columns = np.sort(np.argpartition(-block, k - 1, axis=1)[:, :k], axis=1)
        values = np.maximum(np.take_along_axis(block, columns, axis=1), 0)
        indptr = np.arange(0, values.size + 1, k)
        kept: Any = sparse.csr_array((values.ravel(), columns.ravel(), indptr), shape=block.shape)
        kept.eliminate_zeros()
        blocks.append(kept)
    out: sparse.csr_array = sparse.vstack(blocks, format="csr")
    return out


class EASEScorer(NeighbourScorer):
    """History times the weights; a negative prediction says no more than none."""

    kind: ClassVar[str] = "ease"
    part_names = ("ease",)
    stored = "weights"
