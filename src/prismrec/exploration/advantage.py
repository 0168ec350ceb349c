"""Which of two policies would have earned more on the same logged slates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.diagnostics import (
    check_log,
    effective_sample_size,
    mean_weight_check,
    require_support,
)
from prismrec.exploration.estimators import Terms, importance_weights
from prismrec.exploration.intervals import bootstrap
from prismrec.exploration.people import require_people
from prismrec.exploration.slate_estimators import cascade_doubly_robust

__all__ = ["Advantage", "advantage"]


@dataclass(frozen=True)
class Advantage:
    """What the challenger would have earned a slate more than the champion: `difference` with its
    interval, and the two values behind it, in the unit of the rewards.

    The interval draws people, of whom there are `people`, with all their requests. `effective` is
    the effective sample size of the challenger's weights; `honest` whether its mean weight is 1, as
    it is where the log supports it and the propensities are right.
    """

    champion: float
    challenger: float
    difference: float
    interval: tuple[float, float]
    requests: int
    people: int
    effective: float
    honest: bool

    def passes(self, threshold: float) -> bool:
        """Whether the lower bound reaches `threshold`, as a share of the champion's value."""
        return self.honest and self.interval[0] >= threshold * abs(self.champion)


def advantage(
    rewards: Floats,
    logged: Floats,
    champion: Floats,
    challenger: Floats,
    people: Longs,
    *,
    seed: int,
    confidence: float = 0.95,
) -> Advantage:
    """Estimate it from slates; arrays are (n, k), reward 0 and propensities 1 beyond an end.

    `people` (n,) are who saw each, as `people.grouped` numbers them.

    `logged` are the propensities of what was shown, given the places before; `champion` and
    `challenger` those of the same slates under the two. Both values are cascade doubly robust
    (`slate_estimators`) with the mean reward of each place as their model, so that what the two
    have in common cancels: policies that would have shown the same differ by exactly nothing.
    Raises `NoSupport` where the log holds nothing that the challenger would show, or one person.
    """
    check_log(rewards, logged)
    require_people(people)
    middle = np.broadcast_to(rewards.mean(axis=0), rewards.shape)
    weights = [importance_weights(each, logged) for each in (champion, challenger)]
    old, new = (cascade_doubly_robust(rewards, each, middle, middle) for each in weights)
    whole = np.asarray(np.prod(weights[1], axis=1), np.float64)
    require_support(1.0, whole)
    gap = Terms(new.plain - old.plain, new.weighted - old.weighted, new.weights).by(people)
    return Advantage(
        champion=old.value,
        challenger=new.value,
        difference=gap.value,
        interval=bootstrap(gap, generator(seed, "advantage"), confidence=confidence),
        requests=len(rewards),
        people=int(people.max()) + 1,
        effective=effective_sample_size(whole),
        honest=mean_weight_check(whole).honest,
    )
