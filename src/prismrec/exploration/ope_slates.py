"""Off-policy evaluation of logged slates."""

from __future__ import annotations

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Floats
from prismrec.exploration.diagnostics import (
    NoSupport,
    check_log,
    mean_weight_check,
    require_support,
)
from prismrec.exploration.estimators import Terms, importance_weights, terms
from prismrec.exploration.logs import SlateLog
from prismrec.exploration.marginals import marginal_weights
from prismrec.exploration.people import require_people
from prismrec.exploration.report import OpeReport, bernstein, estimate, overlap, with_intervals
from prismrec.exploration.reward_models import folds_of
from prismrec.exploration.slate_estimators import (
    cascade_doubly_robust,
    independent_ips,
    reward_interaction_ips,
    self_normalised_reward_interaction_ips,
    slate_ips,
)

__all__ = ["SLATE_HEADLINE", "evaluate_slates"]

FOLDS = 5
SLATE_HEADLINE = "cascade-dr"


def evaluate_slates(log: SlateLog, policy: str | Floats, *, seed: int) -> OpeReport:
    """Evaluate a policy on logged slates, under reading from the top for all but the first
    estimator (`slate_estimators`): `uniform`, `greedy`, or how likely it is to give each choice of
    the log, given the places before, (m, k). Raises `NoSupport`.

    Where a choice was certain (propensity 1) nothing else had support there; elsewhere the policy
    is taken to reach all of its shortlist, which the mean weight then confirms or not.
    """
    check_log(log.rewards, log.propensities)
    require_people(log.people)
    target = _target(log, policy)
    weights = importance_weights(target, log.propensities)
    certain = log.propensities >= 1.0 - 1e-12
    supported = float(np.where(certain, target, 1.0).mean())
    whole = np.asarray(np.prod(weights, axis=1), np.float64)
    require_support(supported, whole)
    baseline = _baseline(log, seed)
    found = {
        "slate-ips": slate_ips(log.rewards, weights),
        "rips": reward_interaction_ips(log.rewards, weights),
        "snrips": self_normalised_reward_interaction_ips(log.rewards, weights),
        "cascade-dr": cascade_doubly_robust(log.rewards, weights, baseline, baseline),
    }
    refused = _marginal(log, policy, found)
    upto = np.asarray(np.cumprod(weights, axis=1), np.float64)
    return OpeReport(
        policy if isinstance(policy, str) else "given",
        with_intervals(
            {name: each.by(log.people) for name, each in found.items()}, SLATE_HEADLINE, seed
        ),
        SLATE_HEADLINE,
        *bernstein(log.rewards, upto, log.people, seed),
        estimate("logged", terms(plain=log.rewards).by(log.people), seed),
        overlap(whole, log.people, supported),
        mean_weight_check(whole),
        None,
        refused,
    )


def _marginal(log: SlateLog, policy: str | Floats, found: dict[str, Terms]) -> dict[str, str]:
    """Add the estimators that need an item's chance at a place whatever stands before it, or say
    why the log does not allow them."""
    if not isinstance(policy, str):
        return {}
    try:
        weights, whole = marginal_weights(log, policy)
    except NoSupport as error:
        return dict.fromkeys(("iips", "pi"), str(error))
    found["iips"] = independent_ips(log.rewards, weights)
    found["pi"] = terms(weighted=whole * log.rewards.sum(axis=1))
    return {}


def _target(log: SlateLog, policy: str | Floats) -> Floats:
    if isinstance(policy, str):
        return log.uniform if policy == "uniform" else log.greedy
    return policy


def _baseline(log: SlateLog, seed: int) -> Floats:
    """(m, k): what each place earned in the slates of other people, who are in other folds."""
    folds = folds_of(int(log.people.max()) + 1, FOLDS, generator(seed, "ope"))[log.people]
    means = np.zeros((int(folds.max()) + 1, log.rewards.shape[1]))
    for fold in range(len(means)):
        if np.any(folds != fold):
            means[fold] = log.rewards[folds != fold].mean(axis=0)
    return np.asarray(means[folds], np.float64)
