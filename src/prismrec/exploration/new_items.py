"""A guaranteed chance for items that are new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs
from prismrec.exploration.sequential import Place, PolicyAround, SequentialPolicy

__all__ = ["NewItems", "Quota"]

DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Quota:
    """With the probability `chance`, the place `place`, counted from 1, goes to an item created
    within the last `days` days."""

    chance: float
    place: int = 1
    days: float = 30.0


class NewItems(PolicyAround):
    """A policy that gives one place to new items with a stated probability.

    With c for the chance, the policy's own chances p are mixed at that place with a uniform draw
    from the r new candidates that are left: `(1 - c) p + c [new] / r`, so that a new item stands
    there with at least probability c, and each of them with at least `c / r`, however low a model
    that has seen nobody take them scores them. Where no candidate is new, p stays as it is: the
    quota is one among the candidates of the shortlist, it brings none (`retrieval.arrivals` does).
    An item whose time of creation is unknown, or lies after the request, is not new.
    """

    def __init__(self, policy: SequentialPolicy, quota: Quota, created_at: Longs) -> None:
        """`created_at` (n_items,) is milliseconds since 1970 UTC by item position, -1 unknown."""
        super().__init__(policy, quota)
        self.quota = quota
        self.created_at = created_at
        self.name = f"{policy.name}+new-items"

    def chances(self, place: Place) -> Floats:
        """The chances of the policy inside, at the quota's place mixed with those of new items."""
        chances = self.policy.chances(place)
        if place.index + 1 != self.quota.place:
            return chances
        new = self._new(place)
        count = new.sum(axis=1, keepdims=True)
        quota = np.where(count > 0, self.quota.chance, 0.0)
        uniform: Floats = new / np.maximum(count, 1)
        return (1.0 - quota) * chances + quota * uniform

    def _new(self, place: Place) -> Bools:
        """(b, m): left, and created within the days before the request."""
        known = (place.positions >= 0) & (place.positions < len(self.created_at))
        created = np.full(place.positions.shape, -1, np.int64)
        created[known] = self.created_at[place.positions[known]]
        age = place.at[:, None] - created
        new: Bools = place.left & (created >= 0) & (age >= 0) & (age <= self.quota.days * DAY)
        return new
