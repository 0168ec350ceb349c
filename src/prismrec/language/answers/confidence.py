"""How likely an answer is the right one: a logistic curve over what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from prismrec.core import BadInput, Corrupt
from prismrec.core.arrays import Bools, Floats
from prismrec.language.answers.passages import FEATURES

__all__ = ["FEWEST", "Confidence"]

FEWEST = 20
"""Right and wrong answers, each, from which something is learned."""
_PENALTY = 1e-4


@dataclass(frozen=True)
class Confidence:
    """`P(right | features) = sigmoid(features . weights)` (Platt, "Probabilistic outputs for
    support vector machines", 1999, with more than one feature); `examples` it was learned from."""

    weights: tuple[float, ...]
    examples: int

    @staticmethod
    def learned(features: Floats, right: Bools) -> Confidence:
        """From what was seen of answers (n, f) and whether each was `right` (n,); no feature but
        the constant may count against an answer. Raises `BadInput` where there are too few."""
        said = np.asarray(right, np.float64)
        if min(said.sum(), (1 - said).sum()) < FEWEST:
            raise BadInput(
                f"{int(said.sum())} right and {int((1 - said).sum())} wrong answers are too few.",
                hint=f"Give {FEWEST} of each; questions with their answers make both.",
            )
        penalty = np.where(np.arange(features.shape[1]) > 0, _PENALTY, 0.0)

        def loss(weights: Floats) -> tuple[float, Floats]:
            logits = features @ weights
            surprise = np.logaddexp(0, logits) - said * logits
            gap = 1 / (1 + np.exp(-logits)) - said
            value = surprise.mean() + (penalty * weights**2).sum() / 2
            return float(value), np.asarray(features.T @ gap / len(gap) + penalty * weights)

        bounds = [(None, None) if name == "one" else (0, None) for name in FEATURES]
        start = np.zeros(features.shape[1])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
        return Confidence(tuple(float(weight) for weight in found.x), len(said))

    def of(self, features: Floats) -> Floats:
        """(n,) probabilities of features (n, f)."""
        return np.asarray(1 / (1 + np.exp(-(features @ np.array(self.weights)))), np.float64)

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
