"""Which policy chooses the slate, and how much it explores."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["POLICIES", "ExplorationSettings"]

POLICIES = ("greedy", "epsilon-greedy", "plackett-luce")


@dataclass(frozen=True, slots=True)
class ExplorationSettings:
    """How a slate is chosen from its candidates, and what exploring may cost.

    `policy` is `greedy` (the best at every place), `epsilon-greedy` (the best, but with
    probability `epsilon` at each place a uniform draw from what is left of the shortlist) or
    `plackett-luce` (a draw by the softmax of the scores divided by `temperature`, without
    replacement). `shortlist` is how many of the best-scored candidates a policy that explores
    chooses from, at least as many as the slate is long; greedy chooses from all.

    The price: `share` of the requests may explore at all; places before `first_place`, counted
    from 1, are never explored; the expected value of a slate that explores, by the model's own
    estimate, may not fall more than `max_expected_loss` below the greedy slate's, as a share of it
    (1 sets no limit).
    """

    policy: str = "greedy"
    epsilon: float = 0.05
    shortlist: int = 50
    temperature: float = 1.0
    share: float = 1.0
    first_place: int = 1
    max_expected_loss: float = 1.0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise BadSettings(
                f"exploration.policy is '{self.policy}'.",
                hint=f"Give one of: {', '.join(POLICIES)}.",
            )
        for name in ("epsilon", "share", "max_expected_loss"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadSettings(
                    f"exploration.{name} is {getattr(self, name)}.", hint="Give 0 to 1."
                )
        for name in ("shortlist", "first_place"):
            if getattr(self, name) < 1:
                raise BadSettings(
                    f"exploration.{name} is {getattr(self, name)}.",
                    hint="Give a whole number above 0.",
                )
        if not 0.0 < self.temperature < math.inf:
            raise BadSettings(
                f"exploration.temperature is {self.temperature}.",
                hint="Give a number above 0; the greedy policy is the limit towards 0.",
            )
