"""What a policy that learns goes by: features of candidates, and the same read from the log."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import BadSettings, Exposure
from prismrec.core.arrays import Bools, Floats, Scores
from prismrec.exploration.sequential import Shortlist

__all__ = ["ONE", "SCORES", "WORTH", "features_of", "logged_features", "worths"]

ONE, WORTH = "one", "worth"
SCORES = (ONE, WORTH)
"""The features that every candidate has: 1, and `worths` of the scores."""


def worths(scores: Scores, valid: Bools) -> Floats:
    """(b, m): the model's probability of each candidate as a share of the best one's, by scores
    that are log-probabilities up to a constant; 0 where not valid."""
    known = np.where(valid, scores, -np.inf).astype(np.float64)
    best = known.max(axis=1, keepdims=True, initial=-np.inf)
    worth: Floats = np.exp(known - np.where(np.isfinite(best), best, 0.0))
    return worth


def features_of(shortlist: Shortlist, names: Sequence[str]) -> Floats:
    """(b, m, d): the features `names` of the candidates, 0 at padding.

    Raises `BadSettings` where the candidates do not carry one of them.
    """
    carried = shortlist.features
    if carried is not None and tuple(names) == shortlist.feature_names:
        return np.where(shortlist.valid[:, :, None], carried, 0.0).astype(np.float64)
    known: dict[str, Floats] = {
        ONE: np.ones(shortlist.scores.shape),
        WORTH: worths(shortlist.scores, shortlist.valid),
    }
    if carried is not None:
        wide = carried.astype(np.float64)
        known |= {name: wide[..., i] for i, name in enumerate(shortlist.feature_names)}
    missing = [name for name in names if name not in known]
    if missing:
        raise BadSettings(
            f"The policy goes by '{missing[0]}', which the candidates do not carry.",
            hint=f"They carry: {', '.join(known)}.",
        )
    x = np.stack([known[name] for name in names], axis=2)
    x[~shortlist.valid] = 0.0
    return x


def logged_features(shown: Exposure, names: Sequence[str]) -> Floats | None:
    """(k, d): the features of the shortlist of an exposure; `None` where one was not logged."""
    scores = np.array([shown.scores], np.float32)
    known: dict[str, Sequence[float] | Floats] = {
        ONE: np.ones(len(shown.scores)),
        WORTH: worths(scores, np.isfinite(scores))[0],
    }
    known |= shown.features
    if not all(name in known and len(known[name]) == len(shown.shortlist) for name in names):
        return None
    return np.stack([np.asarray(known[name], np.float64) for name in names], axis=1)
