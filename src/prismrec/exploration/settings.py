"""Which policy chooses the slate, and how much it explores."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["POLICIES", "ExplorationSettings"]

POLICIES = ("greedy", "epsilon-greedy")


@dataclass(frozen=True, slots=True)
class ExplorationSettings:
    """How a slate is chosen from its candidates.

    `policy` is `greedy` (the best at every place) or `epsilon-greedy` (the best, but with
    probability `epsilon` at each place a uniform draw from what is left of the shortlist).
    `shortlist` is how many of the best-scored candidates epsilon-greedy chooses from, at least as
    many as the slate is long; greedy chooses from all.
    """

    policy: str = "greedy"
    epsilon: float = 0.05
    shortlist: int = 50

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise BadSettings(
                f"exploration.policy is '{self.policy}'.",
                hint=f"Give one of: {', '.join(POLICIES)}.",
            )
        if not 0.0 <= self.epsilon <= 1.0:
            raise BadSettings(
                f"exploration.epsilon is {self.epsilon}.", hint="Give a probability from 0 to 1."
            )
        if self.shortlist < 1:
            raise BadSettings(
                f"exploration.shortlist is {self.shortlist}.", hint="Give a whole number above 0."
            )
