"""Many lists of candidates become one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import Candidates
from prismrec.retrieval.selection import ragged_best

__all__ = ["reciprocal_rank_fusion", "union"]


def reciprocal_rank_fusion(
    lists: Sequence[Candidates], k: int, *, constant: float = 60.0
) -> Candidates:
    """The k best by `sum_r 1 / (constant + rank_r)`, ranks from 1, over the lists with the item.

    Only ranks are used, so that lists whose scores share no scale can be joined (Cormack, Clarke
    and Buettcher, SIGIR 2009). `lists` are one a retriever, over the same b queries; `parts` of the
    result has one column a list, summing to the score, and `sources` one bit a list. With no lists,
    no candidates: at least one is needed to know b.
    """
    b = len(lists[0])
    names = tuple(name for found in lists for name in found.source_names[:1])
    flat = [_flat(found) for found in lists]
    width = max((int(items.max(initial=-1)) + 1 for _, items, _ in flat), default=0)
    keys = [rows * width + items for rows, items, _ in flat]
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    parts = np.zeros((len(pairs), len(lists)), np.float32)
    place = np.split(inverse, np.cumsum([len(key) for key in keys])[:-1])
    for column, (_, _, ranks) in enumerate(flat):
        parts[place[column], column] = 1.0 / (constant + ranks)
    scores = parts.sum(axis=1, dtype=np.float32)
    rows = pairs // max(width, 1)
    items = (pairs % max(width, 1)).astype(np.int32)
    most = int(np.bincount(rows, minlength=b).max(initial=0))
    positions, best, source = ragged_best(rows, items, scores, (b, min(k, most)))
    return _joined(positions, best, parts, source, names)


def union(lists: Sequence[Candidates]) -> Candidates:
    """All items of all lists, once each, ordered by reciprocal-rank fusion."""
    return reciprocal_rank_fusion(lists, sum(found.positions.shape[1] for found in lists))


def _flat(found: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(row, position, rank from 1) of every candidate that is not padding."""
    rows, columns = np.nonzero(found.positions >= 0)
    return rows.astype(np.int64), found.positions[rows, columns].astype(np.int64), columns + 1


def _joined(
    positions: np.ndarray,
    scores: np.ndarray,
    parts: np.ndarray,
    source: np.ndarray,
    names: tuple[str, ...],
) -> Candidates:
    real = positions >= 0
    if len(parts) == 0:
        parts = np.zeros((1, len(names)), np.float32)
    chosen = np.where(real[:, :, None], parts[source], np.float32(0))
    bits = np.uint32(1) << np.arange(len(names), dtype=np.uint32)
    return Candidates(
        positions=positions,
        scores=scores,
        parts=chosen,
        part_names=names,
        sources=((chosen > 0) * bits).sum(axis=2, dtype=np.uint32),
        source_names=names,
    )
