"""Off-policy evaluation of a table of choices: every estimator with its interval, and the
diagnostics."""

from __future__ import annotations

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.diagnostics import (
    check_log,
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
from prismrec.exploration.logs import BanditLog
from prismrec.exploration.people import require_people
from prismrec.exploration.report import OpeReport, bernstein, estimate, overlap, with_intervals
from prismrec.exploration.reward_models import (
    CrossFitted,
    cross_fit,
    folds_of,
    log_ratio,
    robust_weights,
)
from prismrec.exploration.tuning import clipping_grid, least_squared_error, slope

__all__ = ["estimates_of", "evaluate_log", "greedy_policy"]

FOLDS = 5
HEADLINE = "dr"
"""Of single choices: unbiased where the propensities are right, and the interval to trust."""


def evaluate_log(log: BanditLog, policy: str | Floats, *, seed: int) -> OpeReport:
    """Evaluate `policy` on a table of choices: `uniform`, `greedy`, or (positions, items).

    Uniform draws from the items of the log. Greedy takes, at each position, the item with the
    largest modelled reward; so that it is not judged by the rounds that chose it, every fold is
    judged on the greedy policy of the other folds, and the value is that of such a policy. Rows of
    a given policy that sum to less than 1 put the rest on items that the log does not know. Raises
    `NoSupport`.
    """
    check_log(log.rewards, log.propensities)
    require_people(log.people)
    target, weights, found = _estimated(policy, log, _folds(log, seed))
    share = log.seen.sum(axis=1) / len(log)
    supported = float(np.mean([support(each, log.seen, share) for each in target]))
    require_support(supported, weights)
    return OpeReport(
        policy if isinstance(policy, str) else "file",
        with_intervals(found, HEADLINE, seed),
        HEADLINE,
        *bernstein(log.rewards[:, None], weights[:, None], log.people, seed),
        estimate("logged", terms(plain=log.rewards).by(log.people), seed),
        overlap(weights, log.people, supported),
        mean_weight_check(weights),
        frequency_check(log.actions, log.propensities, len(log.items)),
    )


def estimates_of(policy: str | Floats, log: BanditLog, *, seed: int) -> dict[str, Terms]:
    """Every estimator's terms by person for `policy` as in `evaluate_log`, without intervals or
    questions of support."""
    return _estimated(policy, log, _folds(log, seed))[2]


def greedy_policy(model: CrossFitted) -> Floats:
    """(folds, positions, items): 1 at the best item that the fold's model has seen at the position.

    Equal rewards go to the first item; a position it never saw is given to the first one too.
    """
    best = np.where(model.seen > 0, model.means, -np.inf).argmax(axis=2)
    return np.asarray(np.eye(model.means.shape[2])[best], np.float64)


def _folds(log: BanditLog, seed: int) -> Longs:
    """A fold for each round; all rounds of a person are in one."""
    count = int(log.people.max()) + 1
    return folds_of(count, FOLDS, generator(seed, "ope"))[log.people]


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
    """Every estimator for single choices, by person; clipping tuned by SLOPE, shrinkage by squared
    error."""
    (expected, predicted), robust = (
        (model.expected(log.strata, target), model.predicted(log.strata, log.actions))
        for model in models
    )
    given = (log.rewards, weights, expected, predicted)

    def switched(threshold: float) -> Terms:
        return switch_doubly_robust(*given, threshold=threshold).by(log.people)

    def shrunk(strength: float) -> Terms:
        return optimistic_shrinkage(*given, strength=strength).by(log.people)

    dr = doubly_robust(*given).by(log.people)
    grid = clipping_grid(weights)
    steps = [switched(threshold) for threshold in grid]
    found = {
        "dm": direct_method(expected),
        "ips": ips(log.rewards, weights),
        "snips": self_normalised_ips(log.rewards, weights),
        "dr": dr,
        "sndr": self_normalised_doubly_robust(*given),
        "switch-dr": steps[slope(steps)],
        "dr-os": shrunk(least_squared_error(dr, [point**2 for point in grid], shrunk)),
        "mrdr": doubly_robust(log.rewards, weights, *robust),
    }
    return {name: each.by(log.people) for name, each in found.items()}
