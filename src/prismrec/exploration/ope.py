"""Off-policy evaluation of a log: every estimator with its interval, and the diagnostics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from prismrec.exploration.intervals import bootstrap, percentiles
from prismrec.exploration.logs import BanditLog, SlateLog
from prismrec.exploration.reward_models import CrossFitted, cross_fit, folds_of, robust_weights
from prismrec.exploration.slate_estimators import (
    cascade_doubly_robust,
    reward_interaction_ips,
    self_normalised_reward_interaction_ips,
    slate_ips,
)
from prismrec.exploration.tuning import clipping_grid, least_squared_error, slope

__all__ = ["Estimate", "OpeReport", "evaluate_log", "evaluate_slates", "greedy_policy"]

FOLDS = 5
RESAMPLED_ROUNDS = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """What one estimator says, with its 95% bootstrap interval."""

    name: str
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class OpeReport:
    """The value of `policy` per round (per slate, for slates), in the unit of the rewards.

    `logged` is what the log itself earned. `overlap` is over the importance weights of the rounds.
    """

    policy: str
    estimates: tuple[Estimate, ...]
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
    intervals = _refitted(policy, log, folds, generator(seed, "ope", "bootstrap"))
    return OpeReport(
        policy if isinstance(policy, str) else "file",
        tuple(Estimate(name, each.value, intervals[name]) for name, each in found.items()),
        _estimate("logged", terms(plain=log.rewards), seed),
        _overlap(weights, supported),
        mean_weight_check(weights),
        frequency_check(log.actions, log.propensities, len(log.items)),
    )


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
        tuple(_estimate(name, each, seed) for name, each in found.items()),
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


def _target(policy: str | Floats, log: BanditLog, model: CrossFitted) -> Floats:
    """The target policy as (folds or 1, positions, items)."""
    if not isinstance(policy, str):
        return policy[None]
    if policy == "greedy":
        return greedy_policy(model)
    return np.full((1, *log.shape), 1.0 / log.shape[1])


def _estimated(
    policy: str | Floats, log: BanditLog, folds: Longs
) -> tuple[Floats, Floats, dict[str, Terms]]:
    """The target as (folds or 1, positions, items), its weights (n,), and every estimate."""
    cells = (log.strata, log.actions)
    model = cross_fit(log.rewards, cells, log.shape, folds)
    target = _target(policy, log, model)
    chances = np.broadcast_to(target, model.means.shape)[folds, log.strata, log.actions]
    weights = importance_weights(chances, log.propensities)
    matter = robust_weights(chances, log.propensities)
    robust = cross_fit(log.rewards, cells, log.shape, folds, matter)
    return target, weights, _all(log, weights, target, (model, robust))


def _refitted(
    policy: str | Floats, log: BanditLog, folds: Longs, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """95% percentile intervals over logs drawn with replacement.

    Everything is done again on each: the model, the greedy policy and the tuning, or estimators
    that lean on them would look more certain than they are. Copies of a round share its fold, so
    that no model sees the round it predicts.

    What no resampling shows is bias: the intervals of `dm`, `switch-dr` and `dr-os`, which accept
    some, hold the truth less often than 95%, and so does `ips` where few large weights decide.
    """
    n, values = len(log), defaultdict(list)
    for _ in range(int(np.clip(RESAMPLED_ROUNDS // n, 100, 500))):
        rows = rng.integers(0, n, n)
        drawn = replace(
            log,
            actions=log.actions[rows],
            strata=log.strata[rows],
            rewards=log.rewards[rows],
            propensities=log.propensities[rows],
        )
        _, used = np.unique(folds[rows], return_inverse=True)
        for name, each in _estimated(policy, drawn, used)[2].items():
            values[name].append(each.value)
    return {name: percentiles(np.asarray(each)) for name, each in values.items()}


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


def _estimate(name: str, found: Terms, seed: int) -> Estimate:
    return Estimate(name, found.value, bootstrap(found, generator(seed, "ope", "bootstrap")))


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
