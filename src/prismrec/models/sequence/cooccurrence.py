"""Item vectors from what occurs together: where the sequence model starts from."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import nn

from prismrec.core import Sequences
from prismrec.core.arrays import Floats, Vectors

__all__ = ["START_SCALE", "ppmi_vectors", "start_from_cooccurrences"]

START_SCALE = 0.05
"""Standard deviation of item vectors at the start."""


def start_from_cooccurrences(
    sequences: Sequences,
    n_items: int,
    rng: np.random.Generator,
    *tables: nn.Embedding,
    scale: float = START_SCALE,
) -> None:
    """Add `scale` times the co-occurrence vectors to the first `n_items` rows of each table; all
    tables are of one width."""
    if not n_items:
        return
    vectors = torch.from_numpy(
        scale * ppmi_vectors(sequences, n_items, tables[0].embedding_dim, rng)
    )
    for table in tables:
        table.weight.data[:n_items] += vectors


def ppmi_vectors(
    sequences: Sequences, n_items: int, dimension: int, rng: np.random.Generator, window: int = 3
) -> Vectors:
    """(n_items, dimension) float32: truncated SVD of positive pointwise mutual information.

    Pairs at distance d <= `window` in a sequence count 1/d, both ways. Factoring this matrix is
    what skip-gram does (Levy and Goldberg, "Neural word embedding as implicit matrix
    factorization", 2014). Zeros for an item that never occurs; the other columns of a catalogue
    smaller than `dimension` are zeros too. The standard deviation over all cells is 1.
    """
    from sklearn.utils.extmath import randomized_svd

    information = ppmi(sequences, n_items, window)
    out = np.zeros((n_items, dimension), np.float32)
    rank = min(dimension, n_items - 1)
    if rank < 1 or information.nnz == 0:
        return out
    seed = int(rng.integers(2**31))
    left, values, _ = randomized_svd(information, rank, random_state=seed, n_iter=5)
    out[:, :rank] = left * np.sqrt(values)
    return out / max(float(out.std()), 1e-9)


def ppmi(sequences: Sequences, n_items: int, window: int) -> sparse.csr_array:
    """`max(0, log(p(i, j) / (p(i) p(j))))`, (n_items, n_items), symmetric."""
    items, rows = sequences.items, sequences.rows
    counts = sparse.csr_array((n_items, n_items), dtype=np.float64)
    for distance in range(1, window + 1):
        first = np.flatnonzero(rows[distance:] == rows[:-distance])
        pairs = (items[first], items[first + distance])
        weights = np.full(len(first), 1 / distance)
        counts = counts + sparse.csr_array((weights, pairs), shape=(n_items, n_items))
    counts = counts + counts.T.tocsr()
    totals: Floats = np.asarray(counts.sum(axis=1)).ravel()
    before = np.repeat(np.arange(n_items), np.diff(counts.indptr))
    ratio = counts.data * totals.sum() / (totals[before] * totals[counts.indices])
    counts.data = np.log(np.maximum(ratio, 1))
    counts.eliminate_zeros()
    return counts
