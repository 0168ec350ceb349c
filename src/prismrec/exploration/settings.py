"""Which policy chooses the slate, and how much it explores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prismrec.core import BadSettings
from prismrec.exploration.rewards import DEFAULT_REWARDS, check_rewards

__all__ = ["LEARNING", "POLICIES", "ExplorationSettings"]

LEARNING = ("linucb", "thompson", "bootstrap", "squarecb", "regcb")
"""Policies that learn from what their slates earned."""
FEATURES = ("scores", "parts")
POLICIES = ("greedy", "epsilon-greedy", "plackett-luce", *LEARNING)


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

    Policies that learn from what slates earned (`linucb`, `thompson`, `bootstrap`, `squarecb`,
    `regcb`): `width` is how many standard deviations of what is believed `linucb`, `regcb` and
    `thompson` (and the priors of `bootstrap`) explore; `draws` are the rows of Thompson's table,
    `members` the size of the ensemble; `squarecb` explores by the inverse of
    `gamma * exposures^gamma_exponent`. What is believed: `ridge` and `own_ridge` hold back what
    all items share and what is an item's own, `keep` is what an exposure still weighs after
    another one, `expected` what the best candidate should earn before any feedback, and place k
    is looked at with the chance `k^-position_bias`. See `belief.BeliefSettings`,
    `learned.LearnedSettings` and `bandits`. `features` is what it goes by: `scores` (the model's
    score of an item, and the item's own level) or `parts` (each part of the score beside them,
    logged with every exposure). `rewards` says what each event type earns the item it names,
    when it comes within `window_days` of the exposure (see `rewards.join_rewards`); all are
    divided by the largest of them. The log is looked at every `learn_seconds`.
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
    width: float = 1.0
    draws: int = 32
    members: int = 10
    gamma: float = 10.0
    gamma_exponent: float = 0.5
    ridge: float = 1.0
    own_ridge: float = 1.0
    keep: float = 1.0
    expected: float = 0.1
    position_bias: float = 0.0
    features: str = "scores"
    rewards: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_REWARDS))
    window_days: float = 7.0
    learn_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise BadSettings(
                f"exploration.policy is '{self.policy}'.",
                hint=f"Give one of: {', '.join(POLICIES)}.",
            )
        if self.features not in FEATURES:
            raise BadSettings(
                f"exploration.features is '{self.features}'.",
                hint=f"Give one of: {', '.join(FEATURES)}.",
            )
        check_rewards(self.rewards, self.window_days)
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
        ("epsilon", "share", "max_expected_loss", "new_chance", "gamma_exponent"),
        lambda value: 0.0 <= value <= 1.0,
        "Give a number from 0 to 1.",
    ),
    (
        ("shortlist", "first_place", "new_place", "draws", "members"),
        lambda value: value >= 1,
        "Give a whole number above 0.",
    ),
    (
        ("temperature", "new_days", "ridge", "own_ridge", "window_days", "learn_seconds"),
        lambda value: 0.0 < value < math.inf,
        "Give a number above 0.",
    ),
    (
        ("width", "gamma", "expected", "position_bias"),
        lambda value: 0.0 <= value < math.inf,
        "Give 0 or a number above it.",
    ),
    (("keep",), lambda value: 0.0 < value <= 1.0, "Give a number above 0, at most 1."),
)
