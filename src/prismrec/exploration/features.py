"""What a policy that learns goes by: features of candidates, and the same read from the log."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import BadSettings, Candidates, Exposure
from prismrec.core.arrays import Bools, Floats, Scores

__all__ = ["SCORES", "WORTH", "features_of", "log_features", "logged_features", "part_features"]

ONE, WORTH, PART = "one", "worth", "part:"
SCORES = (ONE, WORTH)
"""The features that every candidate has: 1, and `worths` of the scores."""


def part_features(part_names: Sequence[str]) -> tuple[str, ...]:
    """The names of the features that are `worths` of a single part of the score."""
    return tuple(f"{PART}{name}" for name in part_names)


def worths(scores: Scores | Floats, valid: Bools) -> Floats:
    """(b, m): the model's probability of each candidate as a share of the best one's, by scores
    that are log-probabilities up to a constant; 0 where not valid."""
    known = np.where(valid, scores, -np.inf).astype(np.float64)
    best = known.max(axis=1, keepdims=True, initial=-np.inf)
    worth: Floats = np.exp(known - np.where(np.isfinite(best), best, 0.0))
    return worth


def features_of(candidates: Candidates, names: Sequence[str]) -> Floats:
    """(b, m, d): the features `names` of the candidates, 0 at padding. A part that their scores do
    not have counts as 0: a search is made of other parts than a recommendation.

    Raises `BadSettings` where the candidates do not carry a feature of another kind.
    """
    valid = (candidates.positions >= 0) & np.isfinite(candidates.scores)
    carried = candidates.features
    if carried is not None and tuple(names) == candidates.feature_names:
        x = carried.astype(np.float64)
        if not valid.all():
            x[~valid] = 0.0
        return x
    known: dict[str, Floats] = {
        ONE: np.ones(valid.shape),
        WORTH: worths(candidates.scores, valid),
    }
    if carried is not None:
        wide = carried.astype(np.float64)
        known |= {name: wide[..., i] for i, name in enumerate(candidates.feature_names)}
    if candidates.parts is not None:
        for i, name in enumerate(part_features(candidates.part_names)):
            if name in names:
                known[name] = worths(candidates.parts[..., i], valid)
    missing = [name for name in names if name not in known and not name.startswith(PART)]
    if missing:
        raise BadSettings(
            f"The policy goes by '{missing[0]}', which the candidates do not carry.",
            hint=f"They carry: {', '.join(known)}.",
        )
    none = np.zeros(valid.shape)
    x = np.stack([known.get(name, none) for name in names], axis=2)
    x[~valid] = 0.0
    return x


def log_features(candidates: Candidates, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """The features of the one query's candidates as its exposure keeps them, but for those that
    follow from the scores; padding is left out."""
    kept = [name for name in names if name not in SCORES]
    if not kept:
        return {}
    x = features_of(candidates, kept)[0][candidates.positions[0] >= 0]
    return {name: tuple(np.round(x[:, i], 5).tolist()) for i, name in enumerate(kept)}


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
