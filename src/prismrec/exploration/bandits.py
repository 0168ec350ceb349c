"""Bandit rules: from what is believed of the candidates to how likely each is to be chosen.

Each rule is its settings and its formula. `estimates` says what holds for all places of a slate,
s numbers for each candidate; `chances` fills one place by them, among the candidates that are left.
Both are pure, so the chances are exact: what is drawn at random in Thompson sampling is a fixed
table of normal numbers, of which every request takes one at random, so that the chance of an item
is the share of the rows in which it is the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Protocol

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Bools, Floats, Positions, Scores
from prismrec.exploration.belief import BeliefSettings
from prismrec.exploration.posterior import Posterior
from prismrec.exploration.sequential import Estimates

__all__ = ["Bootstrap", "LinUCB", "RegCB", "Rule", "SquareCB", "Thompson", "votes"]

ITEMS = 1024
"""Columns of the table of normal numbers for what is an item's own; positions share them."""


class Rule(Protocol):
    """What sets one learning policy apart from another."""

    name: ClassVar[str]

    @property
    def members(self) -> int:
        """How many beliefs the rule needs: 1, or one for each member of an ensemble."""
        ...

    def priors(self, mean: Floats, settings: BeliefSettings) -> Floats:
        """(members, d): what each belief expects before any feedback, around `mean` (d,)."""
        ...

    def multiplicities(self, exposure_id: str, place: int) -> Floats:
        """(members,): how often each belief meets what the exposure showed at the place."""
        ...

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, s) of candidates with features x (b, m, d)."""
        ...

    def chances(self, estimates: Estimates, left: Bools) -> Floats:
        """(b, m): 0 where nothing is left, rows that sum to 1 where something is."""
        ...


class _One:
    """A rule with one belief, which chooses what is the best in a draw of its estimates."""

    __slots__ = ()

    @property
    def members(self) -> int:
        """One belief."""
        return 1

    def priors(self, mean: Floats, settings: BeliefSettings) -> Floats:
        """The mean itself."""
        return mean[None, :]

    def multiplicities(self, exposure_id: str, place: int) -> Floats:
        """Once."""
        return np.ones(1)

    def chances(self, estimates: Estimates, left: Bools) -> Floats:
        """The share of the estimates by which each candidate is the best."""
        return votes(estimates, left)


@dataclass(frozen=True, slots=True)
class LinUCB(_One):
    """The candidate of the largest upper bound: `mean + alpha * standard deviation`.

    Deterministic: the chance of that candidate is 1; equal bounds go to the better score. A log of
    it alone supports no off-policy estimate.

    L. Li, W. Chu, J. Langford and R. Schapire, "A contextual-bandit approach to personalized news
    article recommendation", WWW 2010.
    """

    name: ClassVar[str] = "linucb"
    alpha: float = 1.0

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, 1) upper bounds."""
        means = beliefs[0].means(x, positions)
        return _even(means + self.alpha * beliefs[0].widths(x, positions))[:, :, None]


@dataclass(frozen=True, slots=True)
class Thompson(_One):
    """The best candidate under one draw from the posterior, its standard deviation times `scale`.

    The draws come from a fixed table of `draws` rows; a request takes one of them at random. The
    chance of an item is exact: in how many rows it is the best, of what is left. As an estimate of
    what unlimited draws would give, a chance p has the standard error `sqrt(p (1 - p) / draws)`.

    W. R. Thompson, Biometrika 25, 1933; S. Agrawal and N. Goyal, "Thompson sampling for contextual
    bandits with linear payoffs", ICML 2013; a finite table: X. Lu and B. Van Roy, "Ensemble
    sampling", NIPS 2017; on vectors of a model: C. Riquelme, G. Tucker and J. Snoek, "Deep
    Bayesian bandits showdown", ICLR 2018.
    """

    name: ClassVar[str] = "thompson"
    scale: float = 1.0
    draws: int = 32
    seed: int = 0

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, draws) float32 expected rewards under each draw."""
        shared, own = _normals(self.seed, self.draws, x.shape[2])
        return beliefs[0].drawn(x, positions, self.scale * shared, np.float32(self.scale) * own)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The best candidate by one member of an ensemble, each of which believes another log.

    A member meets every exposure as often as a Poisson(1) number says, which is fixed by the
    exposure's id, and begins with a mean of its own, a draw from the prior times `scale`. The
    chance of an item is exact: the share of the members to whom it is the best of what is left.
    As an estimate for infinitely many members it has the error `sqrt(p (1 - p) / size)`.

    N. Oza and S. Russell, "Online bagging and boosting", AISTATS 2001; the prior: I. Osband, J.
    Aslanides and A. Cassirer, "Randomized prior functions for deep reinforcement learning",
    NeurIPS 2018.
    """

    name: ClassVar[str] = "bootstrap"
    size: int = 10
    scale: float = 1.0
    seed: int = 0

    @property
    def members(self) -> int:
        """`size`."""
        return self.size

    def priors(self, mean: Floats, settings: BeliefSettings) -> Floats:
        """Draws from the prior, `scale` times as wide."""
        rng = generator(self.seed, "bootstrap", "priors")
        wide = self.scale * settings.noise / settings.ridge**0.5
        return np.asarray(mean + wide * rng.standard_normal((self.size, len(mean))), np.float64)

    def multiplicities(self, exposure_id: str, place: int) -> Floats:
        """Poisson(1) numbers, the same whenever they are asked for."""
        rng = generator(self.seed, "bootstrap", exposure_id, place)
        return rng.poisson(1.0, self.size).astype(np.float64)

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, size) expected rewards by each member."""
        return _even(np.stack([belief.means(x, positions) for belief in beliefs], axis=2))

    def chances(self, estimates: Estimates, left: Bools) -> Floats:
        """The share of the members to whom each candidate is the best."""
        return votes(estimates, left)


@dataclass(frozen=True, slots=True)
class SquareCB(_One):
    """Chances that fall with the inverse of how far a candidate's mean is behind the best one's.

    With r candidates left, `p_a = 1 / (r + g (best - mean_a))` for all but the best, which gets the
    rest; `g = gamma * n^exponent / noise` grows with the n exposures that were learned from.

    D. Foster and A. Rakhlin, "Beyond UCB: optimal and efficient contextual bandits with regression
    oracles", ICML 2020.
    """

    name: ClassVar[str] = "squarecb"
    gamma: float = 10.0
    exponent: float = 0.5

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, 1): g times the means."""
        grown = self.gamma * max(beliefs[0].count, 1) ** self.exponent / beliefs[0].noise
        return _even(grown * beliefs[0].means(x, positions))[:, :, None]

    def chances(self, estimates: Estimates, left: Bools) -> Floats:
        """Inverse gaps; the rest at the best."""
        means = np.where(left, estimates[:, :, 0], -np.inf)
        rows, best = np.arange(len(means)), np.argmax(means, axis=1)
        some = left.any(axis=1)
        top = np.where(some, means[rows, best], 0.0)[:, None]
        gaps = np.where(left, top - np.where(left, means, 0.0), 0.0)
        chances: Floats = left / np.maximum(left.sum(axis=1, keepdims=True) + gaps, 1.0)
        chances[rows, best] = 0.0
        chances[rows, best] = np.where(some, 1.0 - chances.sum(axis=1), 0.0)
        return chances


@dataclass(frozen=True, slots=True)
class RegCB(_One):
    """A uniform draw from the candidates that may still be the best.

    With the bounds `mean +- beta * standard deviation`, which are the largest and the smallest
    reward among all linear functions about as good on the log as the best one, a candidate is out
    when its upper bound is below the largest lower bound.

    D. Foster, A. Agarwal, M. Dudik, H. Luo and R. Schapire, "Practical contextual bandits with
    regression oracles", ICML 2018; its optimistic form is `LinUCB`.
    """

    name: ClassVar[str] = "regcb"
    beta: float = 1.0

    def estimates(self, beliefs: Sequence[Posterior], x: Floats, positions: Positions) -> Estimates:
        """(b, m, 2): lower and upper bounds."""
        means = beliefs[0].means(x, positions)
        width = self.beta * beliefs[0].widths(x, positions)
        return _even(np.stack([means - width, means + width], axis=2))

    def chances(self, estimates: Estimates, left: Bools) -> Floats:
        """Even among those that are not out."""
        lower = np.where(left, estimates[:, :, 0], -np.inf).max(axis=1, keepdims=True)
        inside = left & (estimates[:, :, 1] >= lower)
        chances: Floats = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)
        return chances


def votes(values: Estimates, left: Bools) -> Floats:
    """(b, m): in which share of the s columns of `values` (b, m, s) each candidate that is left is
    the best; equal values go to the first."""
    b, m, s = values.shape
    among = values if left.all() else np.where(left[:, :, None], values, -np.inf)
    best = np.argmax(among.transpose(2, 0, 1), axis=2) + np.arange(b) * m  # draws lie like that
    chances: Floats = np.bincount(best.ravel(), minlength=b * m).reshape(b, m) / s * left
    return chances


def _even(values: Floats) -> Floats:
    """Rounded, so that what is equal but for the order of a sum is a tie, on every machine."""
    return np.round(values, 9)


@cache
def _normals(seed: int, draws: int, d: int) -> tuple[Floats, Scores]:
    """The table: (draws, d) for what is shared, (draws, ITEMS) for what is an item's own."""
    rng = generator(seed, "thompson", draws, d)
    own = rng.standard_normal((ITEMS, draws)).astype(np.float32)
    return rng.standard_normal((draws, d)), np.ascontiguousarray(own.T)
