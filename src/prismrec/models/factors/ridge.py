"""Many small ridge regressions at once: the step that alternating least squares is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prismrec.core.arrays import Floats, Longs

__all__ = ["Ridge"]

BLOCK_CELLS = 1 << 22
"""Cells of the padded (rows, length, d) block of features solved at a time."""


@dataclass(frozen=True)
class Ridge:
    """`base` (d, d), positive definite: what all the regressions share."""

    base: Floats

    @cached_property
    def inverse(self) -> Floats:
        """(d, d)."""
        return np.asarray(np.linalg.inv(self.base), np.float64)

    def rows(self, indptr: Longs, features: Floats, targets: Floats, weights: Floats) -> Floats:
        """For every row r the x that solves `(base + sum_e w_e f_e f_e^T) x = sum_e f_e t_e`.

        Row r has the events `indptr[r]:indptr[r + 1]` of `features` (events, d), `targets`
        (events,) and `weights` (events,), never negative. Returns (rows, d); rows without events
        give zeros.
        """
        lengths = np.diff(indptr)
        out = np.zeros((len(lengths), features.shape[1]))
        for rows in _blocks(lengths, features.shape[1]):
            places = np.arange(lengths[rows].max())
            present = places < lengths[rows][:, None]
            events = np.where(present, indptr[:-1][rows][:, None] + places, 0)
            own = features[events] * present[..., None]  # (r, l, d)
            asked = np.where(present, targets[events], 0)[..., None]  # (r, l, 1)
            solve = self._short if len(places) < features.shape[1] else self._long
            out[rows] = solve(own, asked, weights[events][..., None])[..., 0]
        return out

    def _long(self, own: Floats, asked: Floats, weights: Floats) -> Floats:
        across = np.swapaxes(own, 1, 2)  # (r, d, l)
        solved = np.linalg.solve(self.base + across @ (weights * own), across @ asked)
        return np.asarray(solved, np.float64)

    def _short(self, own: Floats, asked: Floats, weights: Floats) -> Floats:
        """With fewer events than dimensions, solve for the events (Woodbury): with `P = F base^-1`
        and `K = F P^T`, `x = P^T (I + W K)^-1 t`."""
        mapped = own @ self.inverse  # (r, l, d)
        kernel = own @ np.swapaxes(mapped, 1, 2)  # (r, l, l)
        system = np.eye(own.shape[1]) + weights * kernel
        solved = np.swapaxes(mapped, 1, 2) @ np.linalg.solve(system, asked)
        return np.asarray(solved, np.float64)


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
