"""Champion against challenger: who meets which release, and what is known of both at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from prismrec.core import BadInput, BadSettings, Exposure
from prismrec.core.arrays import Floats
from prismrec.exploration.intervals import confidence_sequence
from prismrec.exploration.people import people_of

__all__ = ["ARMS", "EXPERIMENT", "Arm", "ExperimentSettings", "Watch", "arm_of", "told", "watched"]

EXPERIMENT = "experiment"
"""The key of an exposure's context that says its experiment and arm, as `told` writes them."""
ARMS = ("champion", "challenger")


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """Serve release `challenger` to `share` of the people beside the one that is served; 0: no
    experiment. People are assigned by a hash of themselves and `name`, by default the challenger's
    number, so that each always meets the same release, and another experiment mixes them anew.
    Requests that name neither user nor session belong to no arm and get the served release.
    """

    challenger: int = 0
    share: float = 0.1
    name: str = ""

    def __post_init__(self) -> None:
        if self.challenger < 0 or not 0.0 < self.share < 1.0:
            raise BadSettings(
                f"experiment.challenger is {self.challenger}, experiment.share {self.share}.",
                hint="Give a release's number and a share above 0 and below 1.",
            )
        if ":" in self.name:
            raise BadSettings("experiment.name has a colon.", hint="Give a name without one.")

    @property
    def title(self) -> str:
        """The name under which exposures are logged."""
        return self.name or f"release-{self.challenger}"


def arm_of(experiment: str, person: str, share: float) -> str:
    """The arm of a person: the same each time, `challenger` for `share` of all people."""
    digest = hashlib.sha256(f"{experiment}\\0{person}".encode()).digest()
    return ARMS[int.from_bytes(digest[:8], "big") < share * 2.0**64]


def told(experiment: str, arm: str) -> str:
    """What an exposure's context says of them."""
    return f"{experiment}:{arm}"


@dataclass(frozen=True)
class Arm:
    """One side: how many requests of how many people, what a request of a person earned in the mean
    over people, and bounds of that which hold at all times at once."""

    name: str
    requests: int
    people: int
    mean: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Watch:
    """Both arms, and the bounds of the challenger's mean minus the champion's. All of them hold at
    all times at once with 95%, so that one may look as often as one likes and stop when the
    difference is sure, if no reward of a request ever leaves `reward_range`."""

    experiment: str
    arms: tuple[Arm, ...]
    difference: float
    interval: tuple[float, float]
    reward_range: tuple[float, float]

    @property
    def finding(self) -> str:
        """What may be said by now."""
        low, high = self.interval
        return "challenger is better" if low > 0 else "champion is better" if high < 0 else "open"

    def to_json(self) -> dict[str, Any]:
        """As `prismrec experiment --json` prints it."""
        return {**asdict(self), "finding": self.finding}


def watched(experiment: str, exposures: Sequence[Exposure], rewards: Floats) -> Watch:
    """What the exposures of an experiment, with what each of n earned (n,), say of its arms.

    A person counts once, with the mean of their requests, in the order in which people came; so
    nobody counts for more because they ask often, and what one person does may be as alike as it
    likes. Each arm has a confidence sequence with 97.5%; the difference of their bounds then holds
    with 95%. That what a newcomer earns is the same in the mean all along is supposed: a change of
    season strains it, and so does a person's mean that moves as they come back. Raises `BadInput`
    where an arm has no requests.
    """
    bounds = min(0.0, float(rewards.min(initial=0.0))), max(1.0, float(rewards.max(initial=1.0)))
    order = np.argsort([shown.at for shown in exposures], kind="stable")
    arms = []
    for name in ARMS:
        mark = told(experiment, name)
        rows = [row for row in order if exposures[row].context.get(EXPERIMENT) == mark]
        if not rows:
            raise BadInput(
                f"The {name} of the experiment '{experiment}' was shown to nobody yet.",
                hint="Set experiment.challenger, serve for a while, then look again.",
            )
        means = _by_person([exposures[row] for row in rows], rewards[rows])
        lower, upper = confidence_sequence(means, bounds, confidence=0.975)
        interval = float(lower[-1]), float(upper[-1])
        arms.append(Arm(name, len(rows), len(means), float(means.mean()), interval))
    old, new = arms
    gap = new.interval[0] - old.interval[1], new.interval[1] - old.interval[0]
    return Watch(experiment, (old, new), new.mean - old.mean, gap, bounds)


def _by_person(shown: Sequence[Exposure], rewards: Floats) -> Floats:
    """(people,) the mean reward of each person's requests, in the order in which they came."""
    people = people_of(shown)
    return np.asarray(np.bincount(people, rewards) / np.bincount(people), np.float64)
