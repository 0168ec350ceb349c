"""From scores to chances: how likely it is that a shown item is clicked, bought, or taken next.

A score orders items; it promises nothing. This head stands beside the mixture and changes no order:
of what was shown and what came of it, it learns a logistic curve over the score and its
surroundings (Platt, "Probabilistic outputs for support vector machines", 1999, with more than one
feature). Items and people without any history of their own still get a chance, from their score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from prismrec.core.arrays import Bools, Floats
from prismrec.descent.logistic import curve, fit_curve

__all__ = ["FEATURES", "Calibration"]

FEATURES = ("one", "page", "ahead", "place")
"""What the chance depends on: a constant; the mean score of the page; how far the item's score is
above that; the logarithm of its place, counted from 1."""
FEWEST = 50
"""With fewer items that the outcome came of, or did not, nothing is learned of it."""


@dataclass(frozen=True)
class Calibration:
    """`P(outcome | shown) = sigmoid(features . weights[outcome])`, see `FEATURES`.

    Scores are first taken less `centre` and divided by `scale`, their mean and deviation in the
    release they are of: so weights learned of one release serve the next. Where a better score
    meant a worse chance, the score is taken to mean nothing.
    """

    centre: float = 0.0
    scale: float = 1.0
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @staticmethod
    def of(scores: Floats) -> Calibration:
        """Nothing learned yet; the centre and scale of `scores`, NaN where there are none."""
        shown = scores[np.isfinite(scores)]
        if not shown.size:
            return Calibration()
        return Calibration(float(shown.mean()), max(float(shown.std()), 1e-6))

    def learned(self, outcome: str, scores: Floats, happened: Bools) -> Calibration:
        """With the chances of `outcome` from pages as they were shown: `scores` (p, k) in the order
        of the places, NaN beyond a page's end, and whether it `happened` (p, k)."""
        shown = np.isfinite(scores)
        said = happened[shown]
        came = int(np.count_nonzero(said))
        if min(came, len(said) - came) < FEWEST:
            return self
        rising = [name == "ahead" for name in FEATURES]
        found = fit_curve(self.features(scores)[shown], said, rising)
        return replace(self, weights={**self.weights, outcome: tuple(found.tolist())})

    def joined(self, earlier: Calibration) -> Calibration:
        """With the chances of an `earlier` release that this one has not learned itself."""
        return replace(self, weights={**earlier.weights, **self.weights})

    def chances(self, outcome: str, scores: Floats) -> Floats:
        """(p, k): how likely the outcome is of each shown item, NaN beyond a page's end."""
        return curve(self.features(scores), self.weights[outcome])

    def features(self, scores: Floats) -> Floats:
        """(p, k, f), NaN beyond a page's end."""
        own = (np.asarray(scores, np.float64) - self.centre) / self.scale
        shown = np.isfinite(own)
        total = np.where(shown, own, 0).sum(axis=1, keepdims=True)
        page = total / np.maximum(shown.sum(axis=1, keepdims=True), 1)
        places = np.log1p(np.arange(own.shape[1]))
        columns = (np.ones_like(own), page + 0 * own, own - page, places + 0 * own)
        return np.where(shown[..., None], np.stack(columns, axis=-1), np.nan)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes an equal one of."""
        weights = {outcome: list(found) for outcome, found in self.weights.items()}
        return {"centre": self.centre, "scale": self.scale, "weights": weights}

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Calibration:
        """The one that was told."""
        weights = {outcome: tuple(found) for outcome, found in told["weights"].items()}
        return Calibration(told["centre"], told["scale"], weights)
