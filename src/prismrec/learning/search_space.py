"""What `tune` may vary, and over which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prismrec.core import BadSettings
from prismrec.models.settings import ModelSettings

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["SPACE", "Choice", "Space", "Span", "applied", "space_around"]


@dataclass(frozen=True)
class Choice:
    """One of these values."""

    values: tuple[float, ...]

    def holding(self, value: float) -> Choice:
        """The same, with `value` among them."""
        return Choice(tuple(sorted({*self.values, value})))

    def drawn(self, name: str, trial: Trial) -> float:
        value: float = trial.suggest_categorical(name, list(self.values))
        return value


@dataclass(frozen=True)
class Span:
    """Any value from `low` to `high`, evenly on the scale, or on that of its logarithm."""

    low: float
    high: float
    log: bool = False

    def holding(self, value: float) -> Span:
        """The same, wide enough for `value`."""
        return replace(self, low=min(self.low, value), high=max(self.high, value))

    def drawn(self, name: str, trial: Trial) -> float:
        return trial.suggest_float(name, self.low, self.high, log=self.log)


Space = Mapping[str, Choice | Span]
SPACE: Space = {
    "dimension": Choice((32, 64, 96, 128)),
    "layers": Choice((1, 2, 3)),
    "dropout": Span(0.1, 0.7),
    "negatives": Choice((256, 512, 1024, 2048)),
    "learning_rate": Span(0.0005, 0.01, log=True),
    "weight_decay": Choice((0.0, 0.0001, 0.001, 0.01, 0.1)),
    "history": Choice((20, 50, 100, 200)),
    "work": Choice((1.0, 2.0, 4.0, 8.0)),
}
"""What may vary, named as in `[models]` of the settings; what one begins with is always inside."""


def space_around(base: ModelSettings, vary: Sequence[str]) -> dict[str, Choice | Span]:
    """The part of `SPACE` to search, around `base`."""
    unknown = sorted(set(vary) - set(SPACE))
    if unknown:
        raise BadSettings(
            f"{', '.join(unknown)} cannot be tuned.", hint=f"Choose among: {', '.join(SPACE)}."
        )
    chosen = {name: scale for name, scale in SPACE.items() if not vary or name in vary}
    space = {name: scale.holding(getattr(base, name)) for name, scale in chosen.items()}
    widths = space.get("dimension")
    if isinstance(widths, Choice):
        fitting = tuple(width for width in widths.values if width % base.heads == 0)
        space["dimension"] = Choice(fitting)
    return space


def applied(base: ModelSettings, drawn: Mapping[str, float]) -> ModelSettings:
    """`base` with what was drawn, whole numbers where it has them."""
    kinds = {name: type(getattr(base, name)) for name in drawn}
    return replace(base, **{name: kinds[name](value) for name, value in drawn.items()})
