"""Which policy chooses the slate, and how much it explores."""

from __future__ import annotations

import math
from collections.abc import Callable
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

    New items: with the probability `new_chance`, the place `new_place`, counted from 1, goes to a
    candidate created within the last `new_days` days, drawn evenly. That too is exploring, and
    keeps within the price.
    """

    policy: str = "greedy"
    epsilon: float = 0.05
    shortlist: int = 50
    temperature: float = 1.0
    share: float = 1.0
    first_place: int = 1
    max_expected_loss: float = 1.0
    new_chance: float = 0.0
    new_place: int = 1
    new_days: float = 30.0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise BadSettings(
                f"exploration.policy is '{self.policy}'.",
                hint=f"Give one of: {', '.join(POLICIES)}.",
            )
        for names, holds, hint in _RULES:
            for name in names:
                value = getattr(self, name)
                if not holds(value):
                    raise BadSettings(f"exploration.{name} is {value}.", hint=hint)
        if self.new_chance and self.new_place < self.first_place:
            raise BadSettings(
                f"exploration.new_place is {self.new_place}, but nothing is explored before place "
                f"{self.first_place}.",
                hint="Set exploration.new_place to exploration.first_place or later.",
            )


_RULES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (
        ("epsilon", "share", "max_expected_loss", "new_chance"),
        lambda value: 0.0 <= value <= 1.0,
        "Give a number from 0 to 1.",
    ),
    (
        ("shortlist", "first_place", "new_place"),
        lambda value: value >= 1,
        "Give a whole number above 0.",
    ),
    (
        ("temperature", "new_days"),
        lambda value: 0.0 < value < math.inf,
        "Give a number above 0.",
    ),
)
