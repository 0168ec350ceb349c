"""How good predicted probabilities and ratings are."""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Floats

__all__ = [
    "absolute_errors",
    "area_under_roc",
    "brier_score",
    "expected_calibration_error",
    "log_loss",
    "mae",
    "rmse",
    "squared_errors",
]


def squared_errors(predicted: Floats, actual: Floats) -> Floats:
    """(predicted - actual)^2, (n,)."""
    return (np.asarray(predicted, np.float64) - actual) ** 2


def absolute_errors(predicted: Floats, actual: Floats) -> Floats:
    """|predicted - actual|, (n,)."""
    return np.abs(np.asarray(predicted, np.float64) - actual)


def rmse(predicted: Floats, actual: Floats) -> float:
    """Root mean squared error, in the unit of the ratings."""
    return float(np.sqrt(squared_errors(predicted, actual).mean()))


def mae(predicted: Floats, actual: Floats) -> float:
    """Mean absolute error, in the unit of the ratings."""
    return float(absolute_errors(predicted, actual).mean())


def log_loss(predicted: Floats, happened: Bools, *, floor: float = 1e-7) -> float:
    """Mean negative log-likelihood in nats; probabilities are kept `floor` away from 0 and 1."""
    p = np.clip(np.asarray(predicted, np.float64), floor, 1.0 - floor)
    return float(-np.where(happened, np.log(p), np.log1p(-p)).mean())


def brier_score(predicted: Floats, happened: Bools) -> float:
    """Mean squared error of a probability (Brier, Monthly Weather Review 1950)."""
    return float(squared_errors(predicted, np.asarray(happened, np.float64)).mean())


def area_under_roc(scores: Floats, happened: Bools) -> float:
    """The chance that a random positive scores above a random negative, ties counting half.

    From the rank sum of the positives (Hanley and McNeil, Radiology 1982); NaN where one of the two
    classes is empty.
    """
    happened = np.asarray(happened, bool)
    positives, negatives = int(happened.sum()), int((~happened).sum())
    if not positives or not negatives:
        return float("nan")
    _, group, sizes = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - (sizes - 1) / 2.0
    rank_sum = float(middle[group][happened].sum())
    return (rank_sum - positives * (positives + 1) / 2.0) / (positives * negatives)


def expected_calibration_error(predicted: Floats, happened: Bools, *, bins: int = 15) -> float:
    """Mean gap between what was promised and what happened, over `bins` bins of equal width.

    Each bin weighs as many cases as it holds. Naeini, Cooper and Hauskrecht, "Obtaining well
    calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    p = np.asarray(predicted, np.float64)
    which = np.clip((p * bins).astype(np.int64), 0, bins - 1)
    promised = np.bincount(which, p, bins)
    occurred = np.bincount(which, np.asarray(happened, np.float64), bins)
    return float(np.abs(promised - occurred).sum() / max(len(p), 1))
