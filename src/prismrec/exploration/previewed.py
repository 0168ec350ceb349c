"""What other settings would have earned, from the slates that a collection showed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import BadInput, Exposure, QueryBatch
from prismrec.core.arrays import Floats
from prismrec.exploration.advantage import advantage
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.logs import slate_log
from prismrec.exploration.ope_slates import evaluate_slates
from prismrec.exploration.overview import candidates_of
from prismrec.exploration.sequential import SequentialPolicy

__all__ = ["Previewed", "previewed"]


@dataclass(frozen=True)
class Previewed:
    """What a policy would have earned a slate, `value`, what was earned, `served`, and the
    `difference` of the two, in which what both would have shown cancels; 95% intervals. From
    `slates` recommendations to `people`; `effective_sample_size` is of the policy's weights."""

    value: float
    interval: tuple[float, float]
    served: float
    served_interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]
    slates: int
    people: int
    effective_sample_size: float


def previewed(
    exposures: Sequence[Exposure],
    rewards: Floats,
    policy: SequentialPolicy,
    position: Callable[[str], int],
    seed: int = 0,
) -> Previewed:
    """Estimate it from the logged shortlists and propensities, cascade doubly robust.

    `rewards` (exposures, places) are as `rewards.join_rewards` gives them, `position` says where an
    item id stands, -1 for one that is gone. Slates that answered a text are left out, and those of
    whose shortlist an item is gone. Raises `BadInput` where none is left, `NoSupport` where the log
    never shows enough of what the policy would.
    """
    rows = [
        row
        for row, shown in enumerate(exposures)
        if shown.chosen and not shown.text and all(position(item) >= 0 for item in shown.shortlist)
    ]
    if not rows:
        raise BadInput("No recommendation was logged yet.", hint="Serve for a while.")
    asked, earned = [exposures[row] for row in rows], rewards[rows]
    log = slate_log(asked, earned)
    target = _chances(asked, policy, position, earned.shape[1])
    report = evaluate_slates(log, target, seed=seed)
    if not report.mean_weight.honest:
        raise NoSupport(
            "The log shows too little of what these settings would: importance weights are "
            f"{report.mean_weight.mean:.2f} in the mean instead of 1.",
            hint="Stay closer to the settings that logged, or explore more for a while.",
        )
    best = next(each for each in report.estimates if each.name == report.headline)
    gap = advantage(log.rewards, log.propensities, log.propensities, target, log.people, seed=seed)
    return Previewed(
        value=best.value,
        interval=best.interval,
        served=report.logged.value,
        served_interval=report.logged.interval,
        difference=gap.difference,
        difference_interval=gap.interval,
        slates=len(asked),
        people=gap.people,
        effective_sample_size=gap.effective,
    )


def _chances(
    asked: Sequence[Exposure], policy: SequentialPolicy, position: Callable[[str], int], places: int
) -> Floats:
    """(n, places): how likely the policy shows each choice, given the places before."""
    columns = np.full((len(asked), places), -1, np.int32)
    for row, shown in enumerate(asked):
        columns[row, : len(shown.chosen)] = [shown.shortlist.index(item) for item in shown.chosen]
    times = np.array([shown.at for shown in asked], np.int64)
    queries = replace(QueryBatch.of([[]] * len(asked)), at=times)
    return policy.propensities(queries, candidates_of(asked, position), columns)
