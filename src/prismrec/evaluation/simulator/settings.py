"""How large the simulated marketplace is, and how strong each effect in it."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["LANGUAGES", "SimulatorSettings"]

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """Sizes, time, and the strength of what is planted.

    `items` and `users` are exact, `events` is about how many there will be, over `days` from
    `start` (milliseconds since 1970 UTC). A share `new_items` of the products and `new_users` of
    the people arrive later than `start`. `drift` is how fast tastes change (0: never).
    `position_bias` is the exponent a of the chance 1 / place^a that a place of a page is looked at
    (0: all are), `popularity_bias` how strongly pages favour what was clicked before. A share
    `searches` of pages with an intent is searched for. `page` is how many products a page shows.
    """

    items: int = 2_000
    users: int = 3_000
    events: int = 80_000
    days: int = 180
    start: int = 1_735_689_600_000
    language: str = "en"
    new_items: float = 0.3
    new_users: float = 0.4
    drift: float = 0.2
    position_bias: float = 0.7
    popularity_bias: float = 0.75
    searches: float = 0.25
    page: int = 16

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise BadSettings(
                f"The simulator does not speak '{self.language}'.",
                hint=f"Give one of: {', '.join(LANGUAGES)}.",
            )
        for name in ("items", "users", "events", "days", "page"):
            if getattr(self, name) < 1:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Give 1 or more.")
        for name in ("new_items", "new_users", "searches", "drift"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadSettings(
                    f"{name} is {getattr(self, name)}.", hint="Give a number from 0 to 1."
                )
        for name in ("position_bias", "popularity_bias"):
            if not 0.0 <= getattr(self, name) <= 5.0:
                raise BadSettings(
                    f"{name} is {getattr(self, name)}.", hint="Give a number from 0 to 5."
                )

    @property
    def end(self) -> int:
        """When the simulation ends, milliseconds since 1970 UTC."""
        return self.start + self.days * 86_400_000
