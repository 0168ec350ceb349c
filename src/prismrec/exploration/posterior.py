"""What is believed of candidates: means, standard deviations and draws of their rewards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs, Positions, Scores

__all__ = ["Posterior"]

BLOCK = 16
"""Requests whose numbers are made together, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Posterior:
    """The normal posterior of `belief.Belief`, immutable.

    `theta` (d,) is the mean of what all items share, `root` (d, d) a square root of its covariance,
    `own` (s, o) the mean of what each of s items has of its own, `own_inverse` (s, o, o) and
    `shared` (s, o, d) the M_a and G_a there, `slots` the row of an item by position; row 0 is that
    of items never shown. Covariances are in units of the noise, whose standard deviation is
    `noise`; `count` is how many exposures are behind it all.
    """

    theta: Floats
    root: Floats
    slots: Longs
    own: Floats
    own_inverse: Floats
    shared: Floats
    noise: float
    count: int

    def means(self, x: Floats, positions: Positions) -> Floats:
        """(b, m) expected rewards of the candidates with features x (b, m, d)."""
        return self._means(x, self._rows(positions))

    def _means(self, x: Floats, rows: Longs) -> Floats:
        own = self.own[rows]
        b, m, d = x.shape
        means: Floats = (x.reshape(b * m, d) @ self.theta).reshape(b, m)
        means += np.einsum("bmo,bmo->bm", x[..., : own.shape[-1]], own)
        return means

    def widths(self, x: Floats, positions: Positions) -> Floats:
        """(b, m) standard deviations of the expected rewards."""
        rows, widths = self._rows(positions), np.empty(positions.shape)
        for some in _blocks(len(x)):
            rest, variance = self._split(x[some], rows[some])
            spread = rest.reshape(-1, rest.shape[2]) @ self.root
            shared = np.einsum("nd,nd->n", spread, spread).reshape(variance.shape)
            np.sqrt(variance + shared, out=widths[some])
        return widths * self.noise

    def drawn(self, x: Floats, positions: Positions, normals: Floats, own: Scores) -> Scores:
        """(b, m, s) expected rewards under s draws from the posterior, float32.

        `normals` (s, d) are standard normal for what is shared, `own` (s, p) for what is an item's
        own: column `position % p`. What an item's own draws are worth is independent of the other
        items, given what is shared, so that one number of each suffices. In memory the candidates
        of one draw lie side by side, as looking for the best of them wants it.
        """
        rows, at, d = self._rows(positions), positions % own.shape[1], x.shape[2]
        directions = self.noise * (self.root @ normals.T)
        # One product for the mean and what is shared: a column of means times a row of ones.
        above = np.concatenate([directions, np.ones((1, len(normals)))], dtype=np.float32).T
        drawn = np.empty((len(normals), *positions.shape), np.float32)
        for some in _blocks(len(x)):
            rest, variance = self._split(x[some], rows[some])
            means = self._means(x[some], rows[some])[:, :, None]
            sides = np.concatenate([rest, means], axis=2, dtype=np.float32)
            alone = np.take(own, at[some], axis=1)
            alone *= (np.sqrt(variance) * self.noise).astype(np.float32)
            shared = above @ sides.reshape(-1, d + 1).T
            np.add(alone, shared.reshape(alone.shape), out=drawn[:, some])
        return drawn.transpose(1, 2, 0)

    def _split(self, x: Floats, rows: Longs) -> tuple[Floats, Floats]:
        """The features as far as what is shared is uncertain, (b, m, d), and the variance (b, m) of
        what is an item's own, in units of the noise."""
        if self.own.shape[1] == 0:
            return x, np.zeros(x.shape[:2])
        psi = x[..., : self.own.shape[1]]
        if psi.shape[-1] == 1:
            rest = psi * self.shared[rows, 0]
            np.subtract(x, rest, out=rest)
            return rest, psi[..., 0] ** 2 * self.own_inverse[rows, 0, 0]
        rest = x - np.einsum("bmo,bmod->bmd", psi, self.shared[rows])
        return rest, np.einsum("bmo,bmop,bmp->bm", psi, self.own_inverse[rows], psi, optimize=True)

    def _rows(self, positions: Positions) -> Longs:
        """The row of each item; 0 for those never shown and for padding."""
        if not len(self.slots):
            return np.zeros(positions.shape, np.int64)
        known = (positions >= 0) & (positions < len(self.slots))
        rows: Longs = np.where(known, self.slots[np.where(known, positions, 0)], 0)
        return rows


def _blocks(b: int) -> Iterator[slice]:
    """The b requests, `BLOCK` at a time."""
    return (slice(start, start + BLOCK) for start in range(0, b, BLOCK))
