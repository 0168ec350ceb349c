"""What a classifier says, at other rates than it was trained with.

A classifier trained on as many complaints as praises calls too much a complaint where one text in
seven is one. Its probabilities are turned to the rates of the stream, and those rates are found
from what it says, its own errors accounted for: Saerens, Latinne and Decaestecker, "Adjusting the
outputs of a classifier to new a priori probabilities", Neural Computation 2002.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Floats

__all__ = ["at_rates", "rates_of"]

_ROUNDS = 500
_NEAR = 1e-7


def at_rates(probabilities: Floats, trained: Floats, rates: Floats) -> Floats:
    """(n, c): what `probabilities` would be, had the labels the shares `rates` (c,) in place of the
    `trained` ones (c,)."""
    turned = probabilities * (rates / np.maximum(trained, 1e-12))
    return np.asarray(turned / np.maximum(turned.sum(axis=1, keepdims=True), 1e-300), np.float64)


def rates_of(probabilities: Floats, trained: Floats, least: float = 0.0) -> Floats:
    """(c,) the shares of the labels that make what was said of these texts likeliest, none below
    `least`, by expectation maximisation; at them the mean of `at_rates` is the shares themselves.
    """
    rates = np.asarray(trained, np.float64)
    for _ in range(_ROUNDS):
        found = np.maximum(at_rates(probabilities, trained, rates).mean(axis=0), least)
        found = found / found.sum()
        near = float(np.abs(found - rates).max()) < _NEAR
        rates = found
        if near:
            break
    return rates
