"""Which past item caused a score: by how much it falls when that item had never been met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import QueryBatch, Scorer
from prismrec.core.arrays import Positions

__all__ = ["influences"]

LOOK_BACK = 50
"""Past items tried, most recent first; the cost is one scored query for each."""


def influences(
    scorer: Scorer,
    queries: QueryBatch,
    item: int,
    top: int = 3,
    *,
    row: int = 0,
    against: Positions | None = None,
) -> list[tuple[int, float]]:
    """The `top` past items of query `row` that raise `item` most: (position, drop), largest first.

    The drop is the score of `item` with the whole history, less its score with every event on that
    past item left out; negative where the past item holds `item` back. Scores of different
    queries share no scale, so with `against` (m,), the other candidates, each score is taken
    relative to their mean under the same query: do so wherever there are any. All variants are
    scored in one call. Empty for a query without a history.
    """
    past = _distinct(queries.histories.take(np.array([row])).items)
    if not len(past):
        return []
    variants = _without(queries, row, past)
    others = np.zeros(0, np.int32) if against is None else against[against >= 0]
    items = np.concatenate([[item], others[others != item]]).astype(np.int32)
    scores = scorer.score(variants, items).astype(np.float64)
    relative = scores[:, 0] - (scores[:, 1:].mean(axis=1) if len(items) > 1 else 0.0)
    drops = relative[0] - relative[1:]
    order = np.argsort(-drops, kind="stable")[:top]
    return [(int(past[i]), float(drops[i])) for i in order]


def _distinct(items: Positions) -> Positions:
    """The last distinct items of a history, most recent first."""
    _, first = np.unique(items[::-1], return_index=True)
    return items[::-1][np.sort(first)][:LOOK_BACK]


def _without(queries: QueryBatch, row: int, past: Positions) -> QueryBatch:
    """The query as it is, then once without each past item."""
    copies = queries.take(np.full(len(past) + 1, row))
    left_out = np.concatenate([[-1], past])[copies.histories.rows]
    return replace(copies, histories=copies.histories.where(copies.histories.items != left_out))
