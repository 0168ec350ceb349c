"""Off-policy evaluation of a log: every estimator with its interval, and the diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.diagnostics import (
    Honesty,
    check_log,
    effective_sample_size,
    frequency_check,
    mean_weight_check,
    require_support,
    support,
)
from prismrec.exploration.estimators import (
    Terms,
    direct_method,
    doubly_robust,
    importance_weights,
    ips,
    optimistic_shrinkage,
    self_normalised_doubly_robust,
    self_normalised_ips,
    switch_doubly_robust,
    terms,
)
from prismrec.exploration.intervals import bootstrap, bootstraps, empirical_bernstein
from prismrec.exploration.logs import BanditLog, SlateLog
from prismrec.exploration.reward_models import (
    CrossFitted,
    cross_fit,
    folds_of,
    log_ratio,
    robust_weights,
)
from prismrec.exploration.slate_estimators import (
    cascade_doubly_robust,
    reward_interaction_ips,
    self_normalised_reward_interaction_ips,
    slate_ips,
)
from prismrec.exploration.tuning import clipping_grid, least_squared_error, slope

__all__ = [
    "Estimate",
    "OpeReport",
    "estimates_of",
    "evaluate_log",
    "evaluate_slates",
    "greedy_policy",
]

FOLDS = 5
HEADLINE = "dr"
"""Of single choices: unbiased where the propensities are right, and the interval to trust."""
SLATE_HEADLINE = "cascade-dr"
BIASED = frozenset({"dm", "switch-dr", "dr-os"})
"""Estimators that trade bias for variance. No resampling shows a bias, so theirs is the interval of
the headline, as far as it must be to hold their own value."""


@dataclass(frozen=True)
class Estimate:
    """What one estimator says, with a 95% interval of the policy's value."""

    name: str
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class OpeReport:
    """The value of `policy` per round (per slate, for slates), in the unit of the rewards.

    `headline` names the estimate to quote. `bernstein` is a 95% interval of the value that holds at
    every size of the log, if no reward ever leaves `reward_range`, the one of the log. `logged` is
    what the log itself earned. `overlap` is over the importance weights of the rounds.
    """

    policy: str
    estimates: tuple[Estimate, ...]
    headline: str
    bernstein: tuple[float, float]
    reward_range: tuple[float, float]
    logged: Estimate
    overlap: Mapping[str, float]
    mean_weight: Honesty
    frequencies: Honesty | None

    def to_json(self) -> dict[str, Any]:
        """As `prismrec ope --json` prints it."""
        honest = self.mean_weight.honest and (self.frequencies is None or self.frequencies.honest)
        return {
            "policy": self.policy,
            "estimates": [_plain(estimate) for estimate in self.estimates],
            "headline": self.headline,
            "bernstein": {
                "interval": list(self.bernstein),
                "reward_range": list(self.reward_range),
            },
            "logged": _plain(self.logged),
            "diagnostics": {
                **self.overlap,
                "mean_weight": self.mean_weight.mean,
                "honest": honest,
            },
        }


def evaluate_log(log: BanditLog, policy: str | Floats, *, seed: int) -> OpeReport:
    """Evaluate `policy` on a table of choices: `uniform`, `greedy`, or (positions, items).

    Uniform draws from the items of the log. Greedy takes, at each position, the item with the
    largest modelled reward; so that it is not judged by the rounds that chose it, every fold is
    judged on the greedy policy of the other folds, and the value is that of such a policy. Rows of
    a given policy that sum to less than 1 put the rest on items that the log does not know. Raises
    `NoSupport`.
    """
    check_log(log.rewards, log.propensities)
    folds = folds_of(len(log), FOLDS, generator(seed, "ope"))
    target, weights, found = _estimated(policy, log, folds)
    share = log.seen.sum(axis=1) / len(log)
    supported = float(np.mean([support(each, log.seen, share) for each in target]))
    require_support(supported, weights)
    return OpeReport(
        policy if isinstance(policy, str) else "file",
        _with_intervals(found, HEADLINE, seed),
        HEADLINE,
        *_bernstein(log.rewards[:, None], weights[:, None]),
        _estimate("logged", terms(plain=log.rewards), seed),
        _overlap(weights, supported),
        mean_weight_check(weights),
        frequency_check(log.actions, log.propensities, len(log.items)),
    )


def estimates_of(policy: str | Floats, log: BanditLog, *, seed: int) -> dict[str, Terms]:
    """Every estimator's terms for `policy` as in `evaluate_log`, without intervals or questions of
    support."""
    return _estimated(policy, log, folds_of(len(log), FOLDS, generator(seed, "ope")))[2]


def evaluate_slates(log: SlateLog, policy: str, *, seed: int) -> OpeReport:
    """Evaluate `uniform` or `greedy` on logged slates, under reading from the top for all but the
    first estimator (`slate_estimators`). Raises `NoSupport`.

    Where a choice was certain (propensity 1) nothing else had support there; elsewhere the policy
    is taken to reach all of its shortlist, which the mean weight then confirms or not.
    """
    check_log(log.rewards, log.propensities)
    target = log.uniform if policy == "uniform" else log.greedy
    weights = importance_weights(target, log.propensities)
    certain = log.propensities >= 1.0 - 1e-12
    supported = float(np.where(certain, target, 1.0).mean())
    whole = np.prod(weights, axis=1)
    require_support(supported, whole)
    places = np.arange(log.rewards.shape[1])
    strata = np.broadcast_to(places, log.rewards.shape)
    folds = folds_of(len(log.rewards), FOLDS, generator(seed, "ope"))
    baseline = np.stack(
        [log.rewards[folds != fold].mean(axis=0) if np.any(folds != fold) else places * 0.0
         for fold in range(int(folds.max()) + 1)]
    )[folds[:, None], strata]  # fmt: skip
    found = {
        "slate-ips": slate_ips(log.rewards, weights),
        "rips": reward_interaction_ips(log.rewards, weights),
        "snrips": self_normalised_reward_interaction_ips(log.rewards, weights),
        "cascade-dr": cascade_doubly_robust(log.rewards, weights, baseline, baseline),
    }
    return OpeReport(
        policy,
        _with_intervals(found, SLATE_HEADLINE, seed),
        SLATE_HEADLINE,
        *_bernstein(log.rewards, np.asarray(np.cumprod(weights, axis=1), np.float64)),
        _estimate("logged", terms(plain=log.rewards), seed),
        _overlap(whole, supported),
        mean_weight_check(whole),
        None,
    )


def greedy_policy(model: CrossFitted) -> Floats:
    """(folds, positions, items): 1 at the best item that the fold's model has seen at the position.

    Equal rewards go to the first item; a position it never saw is given to the first one too.
    """
    best = np.where(model.seen > 0, model.means, -np.inf).argmax(axis=2)
    return np.asarray(np.eye(model.means.shape[2])[best], np.float64)


def _fixed(policy: str | Floats, log: BanditLog) -> Floats | None:
    """A policy that does not depend on rewards, (positions, items); `None` for the greedy one."""
    if not isinstance(policy, str):
        return policy
    return None if policy == "greedy" else np.full(log.shape, 1.0 / log.shape[1])


def _log_ratio(target: Floats, log: BanditLog) -> Floats:
    logged = np.zeros(log.shape)
    np.add.at(logged, (log.strata, log.actions), np.log(log.propensities))
    return log_ratio(target, log.seen, logged)


def _estimated(
    policy: str | Floats, log: BanditLog, folds: Longs
) -> tuple[Floats, Floats, dict[str, Terms]]:
    """The target as (folds or 1, positions, items), its weights (n,), and every estimate."""
    cells = (log.strata, log.actions)
    fixed = _fixed(policy, log)
    prior = None if fixed is None else _log_ratio(fixed, log)
    model = cross_fit(log.rewards, cells, log.shape, folds, covariate=prior)
    target = greedy_policy(model) if fixed is None else fixed[None]
    chances = np.broadcast_to(target, model.means.shape)[folds, log.strata, log.actions]
    weights = importance_weights(chances, log.propensities)
    matter = robust_weights(chances, log.propensities)
    robust = cross_fit(log.rewards, cells, log.shape, folds, matter, prior)
    return target, weights, _all(log, weights, target, (model, robust))


def _all(
    log: BanditLog, weights: Floats, target: Floats, models: tuple[CrossFitted, CrossFitted]
) -> dict[str, Terms]:
    """Every estimator for single choices; clipping tuned by SLOPE, shrinkage by squared error."""
    (expected, predicted), robust = (
        (model.expected(log.strata, target), model.predicted(log.strata, log.actions))
        for model in models
    )
    given = (log.rewards, weights, expected, predicted)
    dr = doubly_robust(*given)
    grid = clipping_grid(weights)
    switched = [switch_doubly_robust(*given, threshold=threshold) for threshold in grid]
    strength = least_squared_error(
        dr, [point**2 for point in grid], lambda s: optimistic_shrinkage(*given, strength=s)
    )
    return {
        "dm": direct_method(expected),
        "ips": ips(log.rewards, weights),
        "snips": self_normalised_ips(log.rewards, weights),
        "dr": dr,
        "sndr": self_normalised_doubly_robust(*given),
        "switch-dr": switched[slope(switched)],
        "dr-os": optimistic_shrinkage(*given, strength=strength),
        "mrdr": doubly_robust(log.rewards, weights, *robust),
    }


def _with_intervals(found: Mapping[str, Terms], headline: str, seed: int) -> tuple[Estimate, ...]:
    """Every estimate with its interval; the models are taken as they are, which is right for
    estimators that stay unbiased whatever their model, and `BIASED` lean on those."""
    drawn = bootstraps(list(found.values()), generator(seed, "ope", "bootstrap"))
    intervals = dict(zip(found, drawn, strict=True))
    low, high = intervals[headline]
    return tuple(
        Estimate(
            name,
            each.value,
            (min(low, each.value), max(high, each.value)) if name in BIASED else intervals[name],
        )
        for name, each in found.items()
    )


def _estimate(name: str, found: Terms, seed: int) -> Estimate:
    return Estimate(name, found.value, bootstrap(found, generator(seed, "ope", "bootstrap")))


def _bernstein(rewards: Floats, weights: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    """The interval that holds at every size of the log, and the range of rewards it supposes."""
    bounds = float(rewards.min()), float(rewards.max())
    return empirical_bernstein(rewards, weights, bounds), bounds


def _overlap(weights: Floats, supported: float) -> dict[str, float]:
    return {
        "effective_sample_size": effective_sample_size(weights),
        "max_weight": float(weights.max()),
        "support": supported,
        "rounds": len(weights),
    }


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "name": estimate.name,
        "value": estimate.value,
        "interval": list(estimate.interval),
    }
