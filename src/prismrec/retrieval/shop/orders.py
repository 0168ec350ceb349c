"""Orders that a person may ask for instead of the best first."""

from __future__ import annotations

import numpy as np

from prismrec.core import BadInput, Candidates, ItemFeatures
from prismrec.core.arrays import Bools, Floats, Scores

__all__ = ["ORDERS", "in_order"]

ORDERS = ("relevance", "price-asc", "price-desc", "newest", "popularity")
PART = "sorted"
"""The part of the score in a sorted list: minus the place."""


def in_order(
    order: str, features: ItemFeatures, popularity: Scores, mask: Bools, k: int
) -> Candidates:
    """The first k items of `mask` (n,) in an order of `ORDERS` other than relevance.

    Items of unknown price or age come last; equal ones in order of position, so that an item keeps
    its place among the others whatever is added or removed. The score is minus the place.
    """
    places = np.flatnonzero(mask).astype(np.int32)
    keys = _keys(order, features, popularity)[places]
    first = places[np.lexsort((places, keys, np.isnan(keys)))][:k]
    scores = -np.arange(len(first), dtype=np.float32)
    return Candidates(
        positions=first[None, :],
        scores=scores[None, :],
        parts=scores[None, :, None],
        part_names=(PART,),
        sources=np.ones((1, len(first)), np.uint32),
        source_names=(PART,),
    )


def _keys(order: str, features: ItemFeatures, popularity: Scores) -> Floats:
    """(n,) what the order sorts by, smallest first, NaN where it is unknown."""
    if order == "price-asc":
        return features.prices
    if order == "price-desc":
        return -features.prices
    if order == "newest":
        return np.where(features.created_at >= 0, -features.created_at.astype(np.float64), np.nan)
    if order == "popularity":
        return -popularity.astype(np.float64)
    raise BadInput(f"There is no order '{order}'.", hint=f"Use one of: {', '.join(ORDERS)}.")
