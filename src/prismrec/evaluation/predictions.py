"""Predicted ratings and probabilities against what happened, with intervals by user."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from prismrec.core import Cases, QueryBatch, Scorer
from prismrec.core.arrays import Bools, Floats, Positions, Scores
from prismrec.core.probabilities import (
    area_under_roc,
    brier_score,
    expected_calibration_error,
    log_loss,
    mae,
    rmse,
)
from prismrec.evaluation.ranks import batches

__all__ = ["ValueScorer", "probability_errors", "rating_errors"]


@runtime_checkable
class ValueScorer(Protocol):
    """A scorer that also predicts the value (the rating) of an event."""

    def predict_values(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32 in the unit of the ratings; `items` as in `Scorer.score`."""
        ...


def rating_errors(scorer: Scorer, cases: Cases, *, batch: int) -> dict[str, float]:
    """`rmse` and `mae` of the ratings of the test events; empty where the scorer predicts none or
    no test event has one."""
    if not isinstance(scorer, ValueScorer) or cases.grades is None:
        return {}
    rated = np.flatnonzero(~np.isnan(cases.grades))
    if not len(rated):
        return {}
    known = cases.take(rated)
    predicted = np.zeros(len(rated), np.float64)
    for rows in batches(len(rated), batch):
        part = known.take(rows)
        predicted[rows] = scorer.predict_values(part.queries, part.targets[:, None])[:, 0]
    actual = cases.grades[rated].astype(np.float64)
    return {"rmse": rmse(predicted, actual), "mae": mae(predicted, actual)}


def probability_errors(predicted: Floats, happened: Bools) -> dict[str, float]:
    """`log_loss`, `brier`, `calibration_error` and `auc` of probabilities (n,) of yes-or-no events:
    clicks on what was shown, say."""
    return {
        "log_loss": log_loss(predicted, happened),
        "brier": brier_score(predicted, happened),
        "calibration_error": expected_calibration_error(predicted, happened),
        "auc": area_under_roc(predicted, happened),
    }
