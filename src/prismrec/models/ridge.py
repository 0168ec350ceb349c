"""Many small ridge regressions at once: the step that alternating least squares is made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from prismrec.core.arrays import Floats

__all__ = ["ridge_rows"]

BLOCK_CELLS = 1 << 22
"""Cells of the padded (rows, length, d) block of features solved at a time."""


def ridge_rows(
    indptr: np.ndarray,
    features: Floats,
    targets: Floats,
    weights: Floats,
    base: Floats,
) -> Floats:
    """For every row r the x that solves `(base + sum_e w_e f_e f_e^T) x = sum_e f_e t_e`.

    Row r has the events `indptr[r]:indptr[r + 1]` of `features` (events, d), `targets` (events,)
    and `weights` (events,); `base` (d, d) is positive definite. Returns (rows, d); rows without
    events give zeros.
    """
    lengths = np.diff(indptr)
    out = np.zeros((len(lengths), features.shape[1]))
    for rows in _blocks(lengths, features.shape[1]):
        places = np.arange(lengths[rows].max())
        present = places < lengths[rows][:, None]
        events = np.where(present, indptr[:-1][rows][:, None] + places, 0)
        own = features[events] * present[..., None]
        weighted = own * weights[events][..., None]
        gram = base + np.swapaxes(weighted, 1, 2) @ own
        right = np.swapaxes(own, 1, 2) @ targets[events][..., None]
        out[rows] = np.linalg.solve(gram, right)[..., 0]
    return out


def _blocks(lengths: np.ndarray, dimension: int) -> Iterator[np.ndarray]:
    """Rows with events, those of like length together, so that padding costs little."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        size = max(1, BLOCK_CELLS // (dimension * max(dimension, int(lengths[order[start]]))))
        longest = np.searchsorted(lengths[order], 2 * lengths[order[start]], side="right")
        stop = min(start + size, max(start + 1, int(longest)), len(order))
        yield order[start:stop]
        start = stop
