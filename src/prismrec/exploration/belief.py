"""What a policy believes of rewards: ridge regression in which every item has a part of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs, Positions
from prismrec.exploration.posterior import Posterior

__all__ = ["Belief", "BeliefSettings"]

NOISE_WEIGHT = 10.0
"""How many observations the first guess of the noise is worth."""


@dataclass(frozen=True, slots=True)
class BeliefSettings:
    """The reward of item a with features x is `x @ theta + x[:own] @ w_a + noise`.

    A priori theta is normal around a given mean with the variance `1 / ridge` (in units of the
    noise) and each w_a around 0 with `1 / own_ridge`: what all items share is learned from all of
    them, and what sets one apart from its own feedback. `own` counts the leading features with
    coefficients of an item's own; 1 is its own level, 0 none. `keep` (the gamma of the literature)
    is what an exposure still weighs after another one came: 0.999 forgets half of what was learned
    after 693 exposures, 1 forgets nothing. `noise` is the first guess of the standard deviation of
    a reward around its mean; the data soon knows better.

    The model: L. Li, W. Chu, J. Langford and R. Schapire, "A contextual-bandit approach to
    personalized news article recommendation", WWW 2010 (the hybrid one); forgetting with a prior
    that stays: Y. Russac, C. Vernade and O. Cappe, "Weighted linear bandits for non-stationary
    environments", NeurIPS 2019.
    """

    own: int = 1
    ridge: float = 1.0
    own_ridge: float = 1.0
    keep: float = 1.0
    noise: float = 0.5


class Belief:
    """Sums over what was observed, and the normal posterior that follows from them.

    With P_a, B_a and c_a the sums of `w psi psi'`, `w psi x'` and `w r psi` over the observations
    of item a (psi = x[:own]), the coefficients of its own are integrated out:

        M_a = (P_a + own_ridge I)^-1,   G_a = M_a B_a,   h_a = M_a c_a
        A = ridge I + sum of w x x' - sum over a of B_a' G_a
        theta = A^-1 (ridge mean + sum of w r x - sum over a of B_a' h_a)

    Rewards enter linearly, so one that comes late is added with the features it belongs to. Not
    safe for several writers; a `Posterior` that was handed out never changes.
    """

    def __init__(self, settings: BeliefSettings, mean: Floats) -> None:
        """`mean` (d,) is what theta is expected to be before anything was seen."""
        d, own = len(mean), min(settings.own, len(mean))
        self.settings, self.mean, self.count = settings, mean, 0
        self.weight, self.squares = 0.0, 0.0
        self.outer, self.sums = np.zeros((d, d)), np.zeros(d)
        self.slots = np.zeros(0, np.int64)
        # Slot 0 stays empty: it is what is believed of an item that was never shown.
        self.own_outer, self.own_cross = np.zeros((1, own, own)), np.zeros((1, own, d))
        self.own_sums = np.zeros((1, own))
        self._reduced: Floats = np.zeros((d, d + 1))  # sum over a of B_a' (G_a, h_a)
        self._inverse = np.eye(own)[None] / settings.own_ridge
        self._solved = np.zeros((1, own, d + 1))  # (G_a, h_a)
        self._stale: set[int] = set()
        self._posterior: Posterior | None = None

    def add(
        self, x: Floats, positions: Positions, rewards: Floats, weights: Floats, steps: int = 1
    ) -> None:
        """n observations: features (n, d), items, rewards and weights (n,). `steps` is how many
        exposures they are, by which all before them is forgotten a little."""
        self.count += steps
        if self.settings.keep < 1.0:
            self._forget(self.settings.keep**steps)
        weighted = x * weights[:, None]
        self.outer += weighted.T @ x
        self.weight += float(weights.sum())
        own = self.own_sums.shape[1]
        for slot, row, heavy in zip(self._touched(positions), x, weighted, strict=True):
            self.own_outer[slot] += np.outer(heavy[:own], row[:own])
            self.own_cross[slot] += np.outer(heavy[:own], row)
        self.correct(x, positions, np.zeros(len(x)), rewards, weights)

    def correct(
        self, x: Floats, positions: Positions, before: Floats, after: Floats, weights: Floats
    ) -> None:
        """Rewards that came late: n observations that are in earned `after`, not `before` (n,)."""
        gains = after - before
        self.squares += float(weights @ (after**2 - before**2))
        weighted = x * (weights * gains)[:, None]
        self.sums += weighted.sum(axis=0)
        np.add.at(self.own_sums, self._touched(positions), weighted[:, : self.own_sums.shape[1]])

    @property
    def posterior(self) -> Posterior:
        """What follows from all that was observed so far."""
        if self._posterior is None:
            self._posterior = self._solve()
        return self._posterior

    def _forget(self, factor: float) -> None:
        for sums in (self.outer, self.sums, self.own_outer, self.own_cross, self.own_sums):
            sums *= factor
        self.weight *= factor
        self.squares *= factor
        self._stale.update(range(1, len(self.own_sums)))
        self._reduced[:] = 0.0

    def _touched(self, positions: Positions) -> Longs:
        """The slots of items, made where they are new; their share in `_reduced` is taken out."""
        slots = self._slots(positions)
        fresh = np.array(sorted(set(slots.tolist()) - self._stale), np.int64)
        self._reduced -= self._share(fresh)
        self._stale.update(fresh.tolist())
        self._posterior = None
        return slots

    def _share(self, slots: Longs) -> Floats:
        """(d, d + 1): the sum of B_a' (G_a, h_a) over some items."""
        d = len(self.sums)
        share: Floats = self.own_cross[slots].reshape(-1, d).T @ self._solved[slots].reshape(
            -1, d + 1
        )
        return share

    def _slots(self, positions: Positions) -> Longs:
        beyond = int(positions.max(initial=-1)) + 1 - len(self.slots)
        if beyond > 0:
            self.slots = np.concatenate([self.slots, np.zeros(beyond, np.int64)])
        new = np.unique(positions[self.slots[positions] == 0])
        if len(new):
            self.slots = self.slots.copy()  # a posterior may be reading the old one
            self.slots[new] = np.arange(len(new)) + len(self.own_sums)
            grow = [(0, len(new)), (0, 0), (0, 0)]
            self.own_outer, self.own_cross = (
                np.pad(sums, grow) for sums in (self.own_outer, self.own_cross)
            )
            self.own_sums = np.pad(self.own_sums, grow[:2])
            self._solved = np.pad(self._solved, grow)
            self._inverse = np.concatenate([self._inverse, *[self._inverse[:1]] * len(new)])
        return np.asarray(self.slots[positions], np.int64)

    def _solve(self) -> Posterior:
        d, settings = len(self.sums), self.settings
        stale = np.array(sorted(self._stale), np.int64)
        identity = np.eye(self.own_sums.shape[1])
        self._inverse[stale] = np.linalg.inv(self.own_outer[stale] + settings.own_ridge * identity)
        right = np.concatenate([self.own_cross[stale], self.own_sums[stale, :, None]], axis=2)
        self._solved[stale] = self._inverse[stale] @ right
        self._reduced += self._share(stale)
        self._stale = set()
        precision = settings.ridge * np.eye(d) + self.outer - self._reduced[:, :d]
        target = settings.ridge * self.mean + self.sums - self._reduced[:, d]
        covariance = np.linalg.inv(precision)
        theta = covariance @ target
        shared, levels = self._solved[:, :, :d].copy(), self._solved[:, :, d]
        left = self.squares + settings.ridge * float(self.mean @ self.mean)
        left -= float((self.own_sums * levels).sum()) + float(target @ theta)
        guess = NOISE_WEIGHT * settings.noise**2
        return Posterior(
            theta=theta,
            root=np.asarray(np.linalg.cholesky((covariance + covariance.T) / 2.0), np.float64),
            slots=self.slots,
            own=levels - shared @ theta,
            own_inverse=self._inverse.copy(),
            shared=shared,
            noise=float(np.sqrt((max(left, 0.0) + guess) / (self.weight + NOISE_WEIGHT))),
            count=self.count,
        )
