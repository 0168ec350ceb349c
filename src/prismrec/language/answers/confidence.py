"""How likely an answer is the right one: a logistic curve over what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prismrec.core import BadInput, Corrupt
from prismrec.core.arrays import Bools, Floats
from prismrec.descent.logistic import curve, fit_curve
from prismrec.language.answers.passages import FEATURES

__all__ = ["FEWEST", "Confidence"]

FEWEST = 20
"""Right and wrong answers, each, from which something is learned."""


@dataclass(frozen=True)
class Confidence:
    """`P(right | features) = sigmoid(features . weights)` (see `descent.logistic`), and how many
    `examples` it was learned from."""

    weights: tuple[float, ...]
    examples: int

    @staticmethod
    def learned(features: Floats, right: Bools) -> Confidence:
        """From what was seen of answers (n, f) and whether each was `right` (n,); no feature but
        the constant may count against an answer. Raises `BadInput` where there are too few."""
        good = int(np.count_nonzero(right))
        if min(good, len(right) - good) < FEWEST:
            raise BadInput(
                f"{good} right and {len(right) - good} wrong answers are too few.",
                hint=f"Give {FEWEST} of each; questions with their answers make both.",
            )
        found = fit_curve(features, right, [name != "one" for name in FEATURES])
        return Confidence(tuple(float(weight) for weight in found), len(right))

    def of(self, features: Floats) -> Floats:
        """(n,) probabilities of features (n, f)."""
        return curve(features, self.weights)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes an equal one of."""
        named = dict(zip(FEATURES, self.weights, strict=True))
        return {"format": 1, "weights": named, "examples": self.examples}

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Confidence:
        """The one that was told. Raises `Corrupt` where it has another form."""
        try:
            weights = tuple(float(told["weights"][name]) for name in FEATURES)
            return Confidence(weights, int(told["examples"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(
                f"What was learned about answers cannot be read: {error!r}.",
                hint="Learn it again: prismrec answer COLLECTION --learn.",
            ) from None
