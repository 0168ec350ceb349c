"""How much each part of a classifier counts: weights that make held-out probabilities likely.

`log p(class) = sum over parts of w_part * logit_part(class) - normaliser`: a logarithmic opinion
pool (Genest and Zidek, "Combining probability distributions", 1986). With one part the weight is
the inverse of a temperature (Guo et al., "On calibration of modern neural networks", 2017); with
more of them one fit does both, blends them and makes the blend's probabilities honest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from prismrec.core.arrays import Floats, Longs, Scores

__all__ = ["held_out_loss", "pooled", "weights_of"]

LEAST_GAIN = 0.002
"""Nats a text: a part that brings less than this is left out."""
_LOWEST = 1e-3  # of all weights together, so that something is said of every text


def pooled(logits: Sequence[Scores], weights: Sequence[float] | Floats) -> Floats:
    """(n, c) probabilities of the parts' `logits`, (n, c) each."""
    total = sum(
        weight * part.astype(np.float64) for weight, part in zip(weights, logits, strict=True)
    )
    return np.asarray(np.exp(log_softmax(total, axis=1)), np.float64)


def held_out_loss(
    logits: Sequence[Scores], weights: Sequence[float] | Floats, classes: Longs
) -> float:
    """Mean negative log-likelihood of `classes` (n,), nats."""
    chances = pooled(logits, weights)[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(chances, 1e-300)).mean())


def weights_of(logits: Sequence[Scores], classes: Longs) -> tuple[float, ...]:
    """The weights (parts,), none below zero, with which held-out texts of these `classes` (n,) are
    likeliest. A part without which they are hardly less likely weighs 0."""
    best = _fitted(logits, classes)
    for part in range(len(logits)):
        kept = [i for i in range(len(logits)) if i != part and best[i] > 0]
        if not kept or best[part] == 0:
            continue
        fewer = _fitted([logits[i] for i in kept], classes)
        trial = np.zeros(len(logits))
        trial[kept] = fewer
        if (
            held_out_loss(logits, trial, classes)
            < held_out_loss(logits, best, classes) + LEAST_GAIN
        ):
            best = trial
    return tuple(float(weight) for weight in best)


def _fitted(logits: Sequence[Scores], classes: Longs) -> Floats:
    stacked = np.stack([part.astype(np.float64) for part in logits])  # (p, n, c)
    own = stacked[:, np.arange(len(classes)), classes]  # (p, n)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logged = log_softmax(np.tensordot(weights, stacked, 1), axis=1)  # (n, c)
        chances = np.exp(logged)
        expected = (stacked * chances[None]).sum(axis=2)  # (p, n)
        surprise = -logged[np.arange(len(classes)), classes].mean()
        return float(surprise), np.asarray((expected - own).mean(axis=1))

    start = np.full(len(stacked), 1.0 / len(stacked))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, 100)] * len(stacked))
    weights = np.asarray(found.x, np.float64)
    return weights if weights.sum() >= _LOWEST else np.full(len(stacked), _LOWEST)
