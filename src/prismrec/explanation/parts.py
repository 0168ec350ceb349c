"""The contribution of every part of a score, against the other candidates of the same query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core import Candidates

__all__ = ["Contribution", "contributions"]


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
    if candidates.parts is None or candidates.positions[row, column] < 0:
        return []
    parts = candidates.parts[row, candidates.positions[row] >= 0].astype(np.float64)
    values = candidates.parts[row, column].astype(np.float64) - parts.mean(axis=0)
    total = float(np.abs(values).sum()) or 1.0
    found = [
        Contribution(name, float(value), float(value) / total)
        for name, value in zip(candidates.part_names, values, strict=True)
    ]
    return sorted(found, key=lambda one: -one.value)
