"""Off-policy estimators: what a target policy would have earned, from the log of another.

Everything is arrays over the n rounds of a log: `rewards` (n,), `logged` the propensity of the
action that was taken (n,), `target` the probability of that same action under the target policy
(n,). Estimators with a reward model take `expected`, the model's mean reward under the target
policy, and `predicted`, its reward for the logged action, both (n,): `under_model` makes them from
(n, actions) tables. The model must not have seen the round it predicts (`reward_models`).

Every estimator gives `Terms` rather than a number, so that intervals resample rounds without
estimating again, and one formula holds for all:

    value = sum over columns of  mean(plain) + sum(weighted) / sum(weights)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.people import sums_by

__all__ = [
    "Terms",
    "direct_method",
    "doubly_robust",
    "importance_weights",
    "ips",
    "optimistic_shrinkage",
    "self_normalised_doubly_robust",
    "self_normalised_ips",
    "switch_doubly_robust",
    "terms",
    "under_model",
]


@dataclass(frozen=True)
class Terms:
    """What each of n rounds adds to an estimate; three (n, k) float64 arrays.

    k is 1 but for slates, where a column is a place. `weights` is all ones unless the estimator is
    self-normalised.
    """

    plain: Floats
    weighted: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.plain)

    @property
    def value(self) -> float:
        """The estimate, in the unit of the rewards."""
        return float(self.values(np.full((1, len(self)), 1.0))[0])

    def by(self, people: Longs) -> Terms:
        """The same estimate as a row for each person, (p, columns), so that resampling draws whole
        people: rounds of the same person are not independent. `people` (n,) numbers them from 0.
        One person a round gives the terms as they are.

        What is no ratio of its own becomes one column, its sum by person over the person's rounds.
        Cameron, Gelbach and Miller, "Bootstrap-based improvements for inference with clustered
        errors", Review of Economics and Statistics 2008 (pairs cluster bootstrap).
        """
        if len(people) == 0 or int(people.max()) + 1 == len(self):
            return self
        own = (self.weights != 1.0).any(axis=0)
        rest = self.plain.sum(axis=1) + self.weighted[:, ~own].sum(axis=1)
        weighted = sums_by(people, np.column_stack([self.weighted[:, own], rest]))
        weights = sums_by(people, np.column_stack([self.weights[:, own], np.ones(len(self))]))
        return Terms(np.zeros_like(weighted), weighted, weights)

    def values(self, counts: Floats) -> Floats:
        """The estimate when round i occurs `counts[:, i]` times: (b, n) to (b,).

        A column whose weights sum to 0 is worth its `plain` part alone: nothing was seen of it.
        """
        plain = counts @ self.plain / counts.sum(axis=1, keepdims=True)
        total = counts @ self.weights
        ratio = np.divide(counts @ self.weighted, total, out=np.zeros_like(total), where=total != 0)
        return np.asarray((plain + ratio).sum(axis=1), np.float64)

    @property
    def each(self) -> Floats:
        """(n,) values whose mean is the estimate and whose spread gives its standard error.

        Of a self-normalised estimate these are the linearised ones (the delta method; Owen, "Monte
        Carlo theory, methods and examples", 2013, section 9.2).
        """
        scale = self.weights.mean(axis=0)
        ratio = np.divide(
            self.weighted.mean(axis=0), scale, out=np.zeros_like(scale), where=scale != 0
        )
        safe = np.where(scale != 0, scale, 1.0)
        linear = ratio + (self.weighted - ratio * self.weights) / safe
        return np.asarray((self.plain + linear).sum(axis=1), np.float64)

    @property
    def standard_error(self) -> float:
        """Standard error of the estimate; infinite for fewer than two rounds."""
        if len(self) < 2:
            return float("inf")
        return float(self.each.std(ddof=1) / np.sqrt(len(self)))

    def standard_errors(self, counts: Floats) -> Floats:
        """`standard_error` when round i occurs `counts[:, i]` times: (b, n) to (b,).

        `each` is a sum of columns with coefficients that differ from resample to resample, so its
        variance follows from the columns' covariances, and no resample is ever written out.
        """
        n = counts.sum(axis=1, keepdims=True)
        total = counts @ self.weights
        safe = np.where(total != 0, total, n)
        ratio = np.where(total != 0, counts @ self.weighted / safe, 0.0)
        columns = np.hstack([self.plain.sum(axis=1, keepdims=True), self.weighted, self.weights])
        columns = columns - columns.mean(axis=0)
        by = np.hstack([np.ones_like(n), n / safe, -ratio * n / safe])
        variance = -((by * (counts @ columns / n)).sum(axis=1) ** 2)
        for i in np.flatnonzero(np.abs(columns).max(axis=0) > 0):
            variance += by[:, i] * (by * (counts @ (columns * columns[:, i : i + 1]) / n)).sum(
                axis=1
            )
        return np.asarray(np.sqrt(np.maximum(variance, 0.0) / np.maximum(n[:, 0] - 1.0, 1.0)))


def terms(
    plain: Floats | None = None, weighted: Floats | None = None, weights: Floats | None = None
) -> Terms:
    """`Terms` of the parts given, each (n,) or (n, k); the rest is zero, `weights` one."""
    given = next(part for part in (plain, weighted, weights) if part is not None)
    shape = (len(given), -1)
    zero = np.zeros(np.shape(given)).reshape(shape)

    def column(part: Floats | None, otherwise: Floats) -> Floats:
        return otherwise if part is None else np.asarray(part, np.float64).reshape(shape)

    return Terms(column(plain, zero), column(weighted, zero), column(weights, zero + 1.0))


def importance_weights(target: Floats, logged: Floats) -> Floats:
    """target / logged, the same shape; `logged` is above 0 because the action was taken."""
    return np.asarray(np.asarray(target, np.float64) / np.asarray(logged, np.float64))


def under_model(estimated: Floats, target_all: Floats, actions: Longs) -> tuple[Floats, Floats]:
    """`expected` and `predicted` (n,) from a model's rewards (n, actions).

    `target_all` (n, actions) holds the target policy's probabilities, `actions` (n,) the columns of
    the actions that were logged.
    """
    expected = np.einsum("na,na->n", estimated, target_all)
    predicted = np.take_along_axis(estimated, actions[:, None], axis=1)[:, 0]
    return np.asarray(expected, np.float64), np.asarray(predicted, np.float64)


def direct_method(expected: Floats) -> Terms:
    """The model's own answer: no variance from weights, all of the model's bias.

    Beygelzimer and Langford, "The offset tree for learning with partial labels", KDD 2009.
    """
    return terms(plain=expected)


def ips(rewards: Floats, weights: Floats) -> Terms:
    """Inverse propensity scoring: mean of w r. Unbiased where the log supports the target.

    Horvitz and Thompson, "A generalization of sampling without replacement from a finite
    universe", JASA 1952.
    """
    return terms(weighted=weights * rewards)


def self_normalised_ips(rewards: Floats, weights: Floats) -> Terms:
    """SNIPS: sum of w r over the sum of w. Consistent, and never outside the rewards' range.

    Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning", NIPS
    2015.
    """
    return terms(weighted=weights * rewards, weights=weights)


def doubly_robust(rewards: Floats, weights: Floats, expected: Floats, predicted: Floats) -> Terms:
    """DR: the model's answer, corrected by the weighted error it makes on the log.

    Unbiased if the propensities are right, whatever the model; consistent too if only the model is.
    Dudik, Langford and Li, "Doubly robust policy evaluation and learning", ICML 2011. With a reward
    model fitted by `reward_models.robust_weights` this is the more robust DR (MRDR).
    """
    return terms(plain=expected, weighted=weights * (rewards - predicted))


def self_normalised_doubly_robust(
    rewards: Floats, weights: Floats, expected: Floats, predicted: Floats
) -> Terms:
    """SNDR: DR whose correction is divided by the mean weight.

    Thomas and Brunskill, "Data-efficient off-policy policy evaluation for reinforcement learning",
    ICML 2016 (weighted DR).
    """
    return terms(plain=expected, weighted=weights * (rewards - predicted), weights=weights)


def switch_doubly_robust(
    rewards: Floats, weights: Floats, expected: Floats, predicted: Floats, *, threshold: float
) -> Terms:
    """DR where the weight is at most `threshold`, the model alone beyond it.

    An infinite threshold is DR, one below every weight the direct method. Wang, Agarwal and Dudik,
    "Optimal and adaptive off-policy evaluation in contextual bandits", ICML 2017.
    """
    kept = np.where(weights <= threshold, weights, 0.0)
    return doubly_robust(rewards, kept, expected, predicted)


def optimistic_shrinkage(
    rewards: Floats, weights: Floats, expected: Floats, predicted: Floats, *, strength: float
) -> Terms:
    """DRos: DR with the weights w shrunk to strength w / (w^2 + strength).

    An infinite strength is DR, 0 the direct method. Su, Dimakopoulou, Krishnamurthy and Dudik,
    "Doubly robust off-policy evaluation with shrinkage", ICML 2020.
    """
    if np.isinf(strength):
        return doubly_robust(rewards, weights, expected, predicted)
    total = weights**2 + strength
    shrunk = np.divide(strength * weights, total, out=np.zeros_like(weights), where=total > 0)
    return doubly_robust(rewards, shrunk, expected, predicted)
