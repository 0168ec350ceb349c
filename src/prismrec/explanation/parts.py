"""The contribution of every part of a score, against the other candidates of the same query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Candidates

__all__ = ["Contribution", "contributions", "contributions_of_all"]


@dataclass(frozen=True, slots=True)
class Contribution:
    """How far one part puts an item ahead of (above 0) or behind (below 0) the other candidates.

    `name` is the part: `expert` or `expert.view`. `value` is in units of the score. `share` is
    `value` over the sum of the absolute values of all contributions, so in [-1, 1].
    """

    name: str
    value: float
    share: float


def contributions(candidates: Candidates, row: int, column: int) -> list[Contribution]:
    """Why the item at `column` of query `row` scores what it does, largest first.

    A log-score says nothing by itself, so each part is compared with its mean over the row's
    candidates. The values sum exactly to the item's score less the candidates' mean score, as the
    parts do. Empty where the candidates carry no parts, or where there is no item at `column`.
    """
    return contributions_of_all(candidates, row, [column])[0]


def contributions_of_all(
    candidates: Candidates, row: int, columns: Sequence[int]
) -> list[list[Contribution]]:
    """`contributions` of the item at each of `columns`."""
    if candidates.parts is None or not columns:
        return [[] for _ in columns]
    real = candidates.positions[row] >= 0
    parts = candidates.parts[row].astype(np.float64)
    values = parts[columns] - parts[real].mean(axis=0)
    totals = np.abs(values).sum(axis=1).tolist()
    found = [
        [
            Contribution(name, value, value / (total or 1.0))
            for name, value in zip(candidates.part_names, told, strict=True)
        ]
        for told, total in zip(values.tolist(), totals, strict=True)
    ]
    for column, told in zip(columns, found, strict=True):
        told.sort(key=lambda one: -one.value)
        if not real[column]:
            told.clear()
    return found
