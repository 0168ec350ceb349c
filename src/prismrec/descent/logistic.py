"""A logistic curve over a few features: how likely something is, learned from whether it happened.

`P(happened | features) = sigmoid(features . weights)`: Platt, "Probabilistic outputs for support
vector machines", 1999, with more than one feature.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from prismrec.core.arrays import Bools, Floats

__all__ = ["curve", "fit_curve"]

PENALTY = 1e-4
"""On the squares of the weights, that of the constant left out."""


def curve(features: Floats, weights: Sequence[float] | Floats) -> Floats:
    """(...) probabilities at `features` (..., f); NaN where a feature is."""
    return np.asarray(expit(features @ np.asarray(weights, np.float64)), np.float64)


def fit_curve(features: Floats, happened: Bools, rising: Sequence[bool]) -> Floats:
    """The weights (f,) of the greatest penalised likelihood of `happened` (n,) at `features`
    (n, f), of which the first is a constant; none of those that are `rising` (f,) is below zero."""
    said = np.asarray(happened, np.float64)
    penalty = np.where(np.arange(features.shape[1]) > 0, PENALTY, 0.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = features @ weights
        surprise = np.logaddexp(0, logits) - said * logits
        value = surprise.mean() + (penalty * weights**2).sum() / 2
        gap = expit(logits) - said
        return float(value), np.asarray(features.T @ gap / len(gap) + penalty * weights)

    bounds = [(0, None) if one else (None, None) for one in rising]
    start = np.zeros(features.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, np.float64)
