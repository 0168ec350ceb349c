"""What off-policy evaluation reports: estimates with their intervals, and the diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.diagnostics import Honesty, effective_sample_size
from prismrec.exploration.estimators import Terms
from prismrec.exploration.intervals import (
    bernstein_by_person,
    bootstrap,
    bootstraps,
    empirical_bernstein,
)

__all__ = [
    "Estimate",
    "OpeReport",
    "bernstein",
    "estimate",
    "overlap",
    "with_intervals",
]

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
    Every interval takes a person, not a round, as one draw. `refused` says of each estimator that
    the log does not allow why.
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
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `prismrec ope --json` prints it."""
        honest = self.mean_weight.honest and (self.frequencies is None or self.frequencies.honest)
        return {
            "policy": self.policy,
            "estimates": [_plain(estimate) for estimate in self.estimates],
            "refused": dict(self.refused),
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


def with_intervals(found: Mapping[str, Terms], headline: str, seed: int) -> tuple[Estimate, ...]:
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


def estimate(name: str, found: Terms, seed: int) -> Estimate:
    """One estimate with its interval."""
    return Estimate(name, found.value, bootstrap(found, generator(seed, "ope", "bootstrap")))


def bernstein(
    rewards: Floats, weights: Floats, people: Longs, seed: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The interval that holds at every size of the log, and the range of rewards it supposes."""
    bounds, count = (float(rewards.min()), float(rewards.max())), int(people.max()) + 1
    if count == len(people):
        return empirical_bernstein(rewards, weights, bounds), bounds
    # Busy people come first in a log, and the bound needs an order that says nothing of them.
    order = generator(seed, "ope", "people").permutation(count)
    return bernstein_by_person(rewards, weights, bounds, order[people]), bounds


def overlap(weights: Floats, people: Longs, supported: float) -> dict[str, float]:
    """How much the log says of the policy. Weights are looked at by round: given the past the mean
    of each is 1, whosever it is."""
    return {
        "effective_sample_size": effective_sample_size(weights),
        "max_weight": float(weights.max()),
        "support": supported,
        "rounds": len(weights),
        "people": int(people.max()) + 1,
    }


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "name": estimate.name,
        "value": estimate.value,
        "interval": list(estimate.interval),
    }
