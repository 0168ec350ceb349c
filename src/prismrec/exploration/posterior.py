"""What is believed of candidates: means, standard deviations and draws of their rewards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs, Positions

__all__ = ["Posterior"]


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
        own = self.own[self._rows(positions)]
        means: Floats = x @ self.theta + np.einsum("bmo,bmo->bm", x[..., : own.shape[-1]], own)
        return means

    def widths(self, x: Floats, positions: Positions) -> Floats:
        """(b, m) standard deviations of the expected rewards."""
        rest, variance = self._split(x, positions)
        spread = rest @ self.root
        widths: Floats = np.sqrt(variance + np.einsum("bmd,bmd->bm", spread, spread))
        return widths * self.noise

    def drawn(self, x: Floats, positions: Positions, normals: Floats, own: Floats) -> Floats:
        """(b, s, m) expected rewards under s draws from the posterior.

        `normals` (s, d) are standard normal for what is shared, `own` (s, p) for what is an item's
        own: column `position % p`. What an item's own draws are worth is independent of the other
        items, given what is shared, so that one number of each suffices.
        """
        rest, variance = self._split(x, positions)
        shared = (normals @ self.root.T) @ rest.swapaxes(1, 2)
        alone = own[:, positions % own.shape[1]].swapaxes(0, 1) * np.sqrt(variance)[:, None, :]
        drawn: Floats = self.means(x, positions)[:, None, :] + self.noise * (shared + alone)
        return drawn

    def _split(self, x: Floats, positions: Positions) -> tuple[Floats, Floats]:
        """The features as far as what is shared is uncertain, (b, m, d), and the variance (b, m) of
        what is an item's own, in units of the noise."""
        if self.own.shape[1] == 0:
            return x, np.zeros(x.shape[:2])
        rows = self._rows(positions)
        psi = x[..., : self.own.shape[1]]
        if psi.shape[-1] == 1:
            shared = self.shared[rows, 0]
            return x - psi * shared, psi[..., 0] ** 2 * self.own_inverse[rows, 0, 0]
        rest = x - np.einsum("bmo,bmod->bmd", psi, self.shared[rows])
        return rest, np.einsum("bmo,bmop,bmp->bm", psi, self.own_inverse[rows], psi, optimize=True)

    def _rows(self, positions: Positions) -> Longs:
        """The row of each item; 0 for those never shown and for padding."""
        if not len(self.slots):
            return np.zeros(positions.shape, np.int64)
        known = (positions >= 0) & (positions < len(self.slots))
        rows: Longs = np.where(known, self.slots[np.where(known, positions, 0)], 0)
        return rows
