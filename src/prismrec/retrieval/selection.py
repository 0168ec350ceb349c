"""From scores to candidates: the best k of each row, ties in order of position."""

from __future__ import annotations

import numpy as np

from prismrec.core import Candidates
from prismrec.core.arrays import Bools, Positions, Scores

__all__ = ["best_first", "brought", "fitted", "picked", "ragged_best", "top_k"]

FEW = 4_000
"""So many are sorted whole; of more, the best are first told from the rest."""


def brought(name: str, positions: Positions, scores: Scores) -> Candidates:
    """Candidates that the retriever `name` brought; padding is where `positions` is -1."""
    return Candidates(
        positions=positions.astype(np.int32, copy=False),
        scores=np.where(positions >= 0, scores, -np.inf).astype(np.float32, copy=False),
        sources=(positions >= 0).astype(np.uint32),
        source_names=(name,),
    )


def fitted(allowed: Bools | None, n: int) -> Bools | None:
    """`allowed` over exactly `n` items: those that came after the mask was made are not allowed."""
    if allowed is None or allowed.shape[-1] == n:
        return allowed
    out = np.zeros((*allowed.shape[:-1], n), bool)
    shared = min(n, allowed.shape[-1])
    out[..., :shared] = allowed[..., :shared]
    return out


def best_first(positions: Positions, scores: Scores) -> tuple[Positions, Scores]:
    """Each row sorted by score, equal scores in order of position, -inf last."""
    order = np.lexsort((positions, -scores), axis=1)
    return np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1)


def top_k(scores: Scores, k: int) -> tuple[Positions, Scores]:
    """The columns of the `min(k, n)` best of each row of `scores` (b, n), and their scores.

    Best first, equal scores in order of column, also where a tie crosses the k-th place. Scores of
    -inf are not candidates: their column is -1.
    """
    b, n = scores.shape
    k = max(0, min(k, n))
    if k == 0 or b == 0:
        return np.zeros((b, k), np.int32), np.zeros((b, k), np.float32)
    if n <= FEW:
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(scores, order, axis=1)
        return np.where(np.isneginf(best), -1, order).astype(np.int32), best
    columns = np.argpartition(scores, n - k, axis=1)[:, n - k :] if k < n else _all(b, n)
    best = np.take_along_axis(scores, columns, axis=1)
    if k < n:
        columns, best = _lowest_columns_of_ties(scores, columns, best)
    columns, best = best_first(columns.astype(np.int32), best)
    return np.where(np.isneginf(best), -1, columns).astype(np.int32), best


def picked(scores: Scores, k: int) -> Positions:
    """(b, min(k, n)): the columns that `top_k` finds, in ascending order, -1 first: a third of the
    work where their order is still to come."""
    b, n = scores.shape
    out = np.full((b, max(0, min(k, n))), -1, np.int32)
    for row, values in enumerate(scores if out.shape[1] else ()):
        last = np.partition(values, n - out.shape[1])[n - out.shape[1]]
        found = np.flatnonzero(values >= last if last > -np.inf else values > -np.inf)
        if len(found) > out.shape[1]:
            ties = np.flatnonzero(values[found] == last)
            found = np.delete(found, ties[out.shape[1] - len(found) :])
        out[row, out.shape[1] - len(found) :] = found
    return out


def ragged_best(
    rows: np.ndarray, positions: Positions, scores: np.ndarray, shape: tuple[int, int]
) -> tuple[Positions, Scores, np.ndarray]:
    """The best of each row from one flat list of (row, position, score).

    Returns positions (b, k) with -1 padding, scores (b, k), and (b, k) the place of each in the
    flat list (0 at padding); `shape` is (b, k).
    """
    b, k = shape
    scores = scores.astype(np.float32)  # before the order, so that what ties goes by position
    order = np.lexsort((positions, -scores, rows))
    counts = np.bincount(rows, minlength=b)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    order, place = order[place < k], place[place < k]
    source = np.zeros((b, k), np.int64)
    out = np.full((b, k), -1, np.int32)
    best = np.full((b, k), -np.inf, np.float32)
    at = rows[order], place
    source[at], out[at], best[at] = order, positions[order], scores[order]
    return out, best, source


def _all(b: int, n: int) -> np.ndarray:
    return np.broadcast_to(np.arange(n), (b, n))


def _lowest_columns_of_ties(
    scores: Scores, columns: np.ndarray, best: Scores
) -> tuple[np.ndarray, Scores]:
    """A partition picks any of the columns that tie for the last place; take the lowest."""
    k = columns.shape[1]
    last = best.min(axis=1, keepdims=True)
    cut = (scores == last).sum(axis=1) > (best == last).sum(axis=1)
    for row in np.flatnonzero(cut):
        above = np.flatnonzero(scores[row] > last[row])
        equal = np.flatnonzero(scores[row] == last[row])[: k - len(above)]
        columns[row] = np.concatenate([above, equal])
        best[row] = scores[row, columns[row]]
    return columns, best
