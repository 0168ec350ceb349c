"""How good a classifier is: pure functions of what it said and what was true."""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs

__all__ = ["error_left", "macro_f1"]


def macro_f1(predicted: Longs, actual: Longs) -> float:
    """The mean over classes of `2 right / (2 right + wrongly taken for it + missed)`, every class
    that was predicted or is true counting the same. Both (n,) class numbers; 0 where n is 0."""
    predicted, actual = np.asarray(predicted, np.int64), np.asarray(actual, np.int64)
    if not len(actual):
        return 0.0
    count = int(max(predicted.max(), actual.max())) + 1
    right = np.bincount(actual[predicted == actual], minlength=count)
    named = np.bincount(predicted, minlength=count) + np.bincount(actual, minlength=count)
    return float((2 * right[named > 0] / named[named > 0]).mean())


def error_left(confidence: Floats, correct: Bools, share: float) -> float:
    """Errors that remain, as a share of all n cases, once the `share` of them with the lowest
    `confidence` (n,) went to a person, who makes none. Ties are handed over in their order.

    One point of the curve of risk and coverage (El-Yaniv and Wiener, "On the foundations of
    noise-free selective classification", 2010).
    """
    wrong = ~np.asarray(correct, bool)
    kept = np.argsort(np.asarray(confidence, np.float64), kind="stable")[
        round(share * len(wrong)) :
    ]
    return float(wrong[kept].sum() / max(len(wrong), 1))
