"""What the ranking of a search may know of an item whatever was asked: price, age, use, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from prismrec.core import Item, ItemFeatures, QueryBatch
from prismrec.core.arrays import Floats, Positions, Scores, with_rows

__all__ = ["ItemFacts", "numbers_of"]

DAY_MS = 86_400_000
MOST_NUMBERS = 8
COMMON = 0.5
"""The share of the catalogue that must have a numeric attribute before a ranker reads it."""


@dataclass(frozen=True)
class ItemFacts:
    """Evidence by item alone, NaN where it is unknown.

    Columns are `item.price`, `item.age` (days before the newest item of the catalogue, so that the
    same catalogue gives the same figures on any day), `item.popularity` (log of 1 + events when the
    release was trained), and one for each numeric attribute in `numbers`. Immutable; `extended`
    makes the next one.
    """

    numbers: tuple[str, ...]
    table: Floats
    features: ItemFeatures
    popularity: Floats

    @staticmethod
    def of(
        numbers: Sequence[str],
        items: Sequence[Item],
        features: ItemFeatures,
        counts: np.ndarray | None = None,
    ) -> ItemFacts:
        """The facts of all `items` by position; `counts` (at most n,) are events of each."""
        popularity = np.zeros(0) if counts is None else np.log1p(np.maximum(counts, 0.0))
        return ItemFacts(tuple(numbers), _table(items, numbers), features, popularity)

    def extended(self, changed: Positions, items: Sequence[Item], features: ItemFeatures) -> Self:
        """The facts after `items` arrived or were replaced at `changed`."""
        rows = _table(items, self.numbers)
        table = with_rows(self.table, len(features), changed, rows)
        return replace(self, table=table, features=features)

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""
        further = (f"item.{name}" for name in self.numbers)
        return ("item.price", "item.age", "item.popularity", *further)

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, f); see `core.Evidence`."""
        out = np.zeros((*positions.shape, len(self.names)), np.float32)
        known = positions >= 0
        at = positions[known]
        out[known, 0] = self.features.prices[at]
        created = self.features.created_at
        newest = created.max(initial=-1)
        out[known, 1] = np.where(created[at] >= 0, (newest - created[at]) / DAY_MS, np.nan)
        counted = at < len(self.popularity)
        out[known, 2] = np.where(counted, self._popularity_at(at, counted), 0.0)
        out[known, 3:] = self.table[at]
        return out

    def _popularity_at(self, at: Positions, counted: np.ndarray) -> Floats:
        if not len(self.popularity):
            return np.zeros(len(at))
        return self.popularity[np.where(counted, at, 0)]


def numbers_of(items: Iterable[Item]) -> tuple[str, ...]:
    """The numeric attributes that at least half of `items` have, at most eight, the commonest
    first."""
    total, counts = 0, dict[str, int]()
    for item in items:
        total += 1
        for name, value in item.attributes.items():
            if isinstance(value, float) and not isinstance(value, bool):
                counts[name] = counts.get(name, 0) + 1
    common = [name for name, count in counts.items() if count >= COMMON * total]
    return tuple(sorted(common, key=lambda name: (-counts[name], name))[:MOST_NUMBERS])


def _table(items: Sequence[Item], numbers: Sequence[str]) -> Floats:
    rows = [[_number(item, name) for name in numbers] for item in items]
    return np.array(rows, np.float64).reshape(len(items), len(numbers))


def _number(item: Item, name: str) -> float:
    value = item.attributes.get(name)
    return float(value) if isinstance(value, float | int) else float("nan")
