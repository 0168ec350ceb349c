"""What an event says about taste: its weight and sign, and whether it means the item is had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from prismrec.core import BadSettings
from prismrec.core.arrays import Scores

__all__ = ["CONSUMING", "NEGATIVE", "RATINGS", "Feedback", "consumed_names", "consumed_types"]

NEGATIVE = (
    "dislike", "thumbs_down", "downvote", "return", "refund", "refuse", "reject", "hide",
    "not_interested", "block", "report", "unsubscribe", "remove_from_cart",
)  # fmt: skip
RATINGS = ("rating", "rate", "review")
"""The types whose value is a grade; elsewhere it is money or duration."""
CONSUMING = (
    "purchase", "buy", "order", "transaction", "checkout", "rating", "rate", "review", "subscribe",
    "borrow", "watch", "complete",
)  # fmt: skip


@dataclass(frozen=True)
class Feedback:
    """Weights by event type (`[feedback]` in the settings file).

    `weights` overrides the weight of single types; a negative weight is a refusal, zero is no
    evidence. Other types weigh `default`, or `negative` where their name is one of `NEGATIVE`
    (`dislike`, `return`, `refuse`, ...). Ratings are positive whatever their grade, so that figures
    compare with published ones, unless `relevance_by_grade`: then a rating weighs from -1 at
    `lowest_grade` to 1 at `highest_grade`, linearly, times its type's weight.
    """

    weights: dict[str, float] = field(default_factory=dict)
    default: float = 1.0
    negative: float = -1.0
    relevance_by_grade: bool = False
    lowest_grade: float = 1.0
    highest_grade: float = 5.0

    def __post_init__(self) -> None:
        for name, weight in {**self.weights, "default": self.default}.items():
            if not math.isfinite(weight):
                raise BadSettings(f"The weight of {name!r} is {weight}.", hint="Give a number.")
        if not math.isfinite(self.negative) or self.negative > 0:
            raise BadSettings(
                f"negative is {self.negative}.", hint="The weight of a refusal is at most 0."
            )
        if not self.lowest_grade < self.highest_grade:
            raise BadSettings(
                f"lowest_grade is {self.lowest_grade}, highest_grade {self.highest_grade}.",
                hint="Set them to the ends of the rating scale, the lowest below.",
            )

    def weight(self, event_type: str) -> float:
        """The weight of a type, before any grade."""
        fallback = self.negative if event_type in NEGATIVE else self.default
        return float(self.weights.get(event_type, fallback))

    def weights_of(self, event_types: Sequence[str], values: npt.ArrayLike | None = None) -> Scores:
        """The weight of each event from its type and value (NaN where absent), (n,) float32."""
        kinds = {name: kind for kind, name in enumerate(dict.fromkeys(event_types))}
        which = np.array([kinds[name] for name in event_types], np.int64)
        return self.weights_by_kind(list(kinds), which, values)

    def weights_by_kind(
        self, names: Sequence[str], kinds: np.ndarray, values: npt.ArrayLike | None = None
    ) -> Scores:
        """The same where the type of event i is `names[kinds[i]]`; an unknown kind weighs 0."""
        table = np.array([*map(self.weight, names), 0.0], np.float32)
        weights: Scores = table[kinds]
        if self.relevance_by_grade and values is not None:
            graded = np.array([*(name in RATINGS for name in names), False])
            grades = np.asarray(values, np.float32)
            scale = 2 * (grades - self.lowest_grade) / (self.highest_grade - self.lowest_grade) - 1
            known = graded[kinds] & ~np.isnan(grades)
            weights = np.where(known, weights * np.clip(scale, -1, 1), weights)
        return weights.astype(np.float32)


def consumed_types(event_types: Sequence[str], setting: Sequence[str] = ()) -> set[int]:
    """The kinds (indices into `event_types`) that mean a person has the item.

    `setting` names them; empty takes the types of `CONSUMING` that occur, and every type that is
    not a refusal where none does. A type named in the setting that never occurs is left out.
    """
    wanted = set(setting) or set(CONSUMING)
    kinds = {kind for kind, name in enumerate(event_types) if name in wanted}
    if kinds or setting:
        return kinds
    return {kind for kind, name in enumerate(event_types) if name not in NEGATIVE}


def consumed_names(event_types: Sequence[str], setting: Sequence[str] = ()) -> tuple[str, ...]:
    """The event types of `consumed_types` by name; where no event was ever seen, all that could be
    meant, so that a shop without a past knows what was bought."""
    if not event_types:
        return tuple(sorted(setting or CONSUMING))
    return tuple(sorted(event_types[kind] for kind in consumed_types(event_types, setting)))


POSITIVE = Feedback()
"""Every event counts, refusals against."""
