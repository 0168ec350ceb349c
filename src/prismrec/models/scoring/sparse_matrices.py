"""Sparse item-by-item and user-by-item matrices: built from sequences, pruned, multiplied in blocks
of bounded memory, and stored as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from prismrec.core import Links, Sequences
from prismrec.core.arrays import Scores

__all__ = [
    "arrays_of",
    "largest_in_rows",
    "largest_of_rows",
    "links_both_ways",
    "matrix_of",
    "product_blocks",
    "user_item_matrix",
]

BLOCK_PRODUCTS = 1 << 24
"""Multiplications done in one block of a sparse product; bounds the memory of the block."""


def user_item_matrix(sequences: Sequences, n_items: int) -> sparse.csr_array:
    """(users, n_items) float32: of each pair the largest positive feedback weight, 0 where none."""
    positive = sequences.where(sequences.weights > 0)
    cells = positive.rows.astype(np.int64) * n_items + positive.items
    order = np.lexsort((-positive.weights, cells))
    cells, weights = cells[order], positive.weights[order]
    first = np.concatenate([[True], cells[1:] != cells[:-1]]) if len(cells) else np.zeros(0, bool)
    cells, weights = cells[first], weights[first]
    shape = (len(sequences), n_items)
    at = (cells // max(n_items, 1), cells % max(n_items, 1))
    return sparse.csr_array((weights.astype(np.float32), at), shape=shape)


def links_both_ways(links: Links | None, n: int) -> sparse.csr_array:
    """(n, n), symmetric: how strongly two things are linked, 1 on the mean of the links."""
    none = np.zeros(0, np.int32)
    weights, ends = np.zeros(0, np.float32), (none, none)
    if links is not None:
        weights, ends = links.weights / links.weights.mean(), (links.sources, links.targets)
    way: Any = sparse.csr_array((weights, ends), shape=(n, n))
    both: sparse.csr_array = way.maximum(way.T).tocsr()
    return both


def product_blocks(
    left: sparse.csr_array, right: sparse.csr_array
) -> Iterator[tuple[slice, sparse.csr_array]]:
    """`left @ right` as consecutive blocks of rows, each of about `BLOCK_PRODUCTS` products."""
    work = np.diff(right.indptr)[left.indices]
    done = np.concatenate([[0], np.cumsum(work, dtype=np.int64)])[left.indptr]
    start = 0
    while start < left.shape[0]:
        limit = done[start] + BLOCK_PRODUCTS
        stop = max(start + 1, int(np.searchsorted(done, limit, side="right")) - 1)
        rows = slice(start, min(stop, left.shape[0]))
        yield rows, left[rows] @ right
        start = rows.stop


def largest_of_rows(matrix: sparse.csr_array) -> Scores:
    """(rows,) float32: the largest value of every row, 0 where none is positive."""
    out = np.zeros(matrix.shape[0], np.float32)
    rows = np.repeat(np.arange(len(out)), np.diff(matrix.indptr))
    np.maximum.at(out, rows, matrix.data)
    return out


def largest_in_rows(matrix: sparse.csr_array, k: int) -> sparse.csr_array:
    """Only the `k` largest positive values of every row; ties go to the smaller column."""
    matrix.sort_indices()
    keep = matrix.data > 0
    for row in np.flatnonzero(np.diff(matrix.indptr) > k):
        inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
        keep[inside] &= _largest(matrix.data[inside], k)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[keep]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=matrix.shape[0]))])
    return sparse.csr_array((matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape)


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """Which of `values` are the k largest; of equal ones the first."""
    bound = np.partition(values, len(values) - k)[len(values) - k]
    above: np.ndarray = values > bound
    level = np.flatnonzero(values == bound)[: k - int(above.sum())]
    above[level] = True
    return above


def arrays_of(name: str, matrix: sparse.csr_array) -> dict[str, np.ndarray]:
    """The matrix as arrays for a `State`, under names that begin with `name`."""
    return {
        f"{name}.indptr": matrix.indptr.astype(np.int64),
        f"{name}.indices": matrix.indices.astype(np.int32),
        f"{name}.data": matrix.data.astype(np.float32),
        f"{name}.shape": np.array(matrix.shape, np.int64),
    }


def matrix_of(name: str, arrays: Mapping[str, np.ndarray]) -> sparse.csr_array:
    """The matrix that `arrays_of` took apart."""
    rows, columns = (int(n) for n in arrays[f"{name}.shape"])
    data, indices = arrays[f"{name}.data"], arrays[f"{name}.indices"]
    return sparse.csr_array((data, indices, arrays[f"{name}.indptr"]), shape=(rows, columns))
