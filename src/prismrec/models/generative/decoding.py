"""Beam search that can only spell what exists: every step goes to a child in the prefix tree."""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Bools, Longs, Positions, Scores, Vectors
from prismrec.models.generative.names import Names, log_shares

__all__ = ["beam_search"]


def beam_search(
    names: Names, asked: Vectors, n: int, width: int, allowed: Bools | None = None
) -> tuple[Positions, Scores]:
    """The n likeliest items of b queries that the beam found, best first: (b, n) positions, -1
    where there are fewer, and their log-probabilities, -inf there.

    `asked` (levels, b, w) is what each query asks of each level. `width` prefixes are kept at every
    level but the last, equal ones in their order; with as many as a level has, the search is exact.
    Prefixes of no item of `allowed`, (n_items,) or (b, n_items), are not followed.
    """
    tree, b = names.tree, asked.shape[1]
    living = living_of(names, b, allowed)
    rows = np.repeat(np.arange(b), tree.roots)
    nodes = np.tile(np.arange(tree.roots), b)
    scores = names.level(asked[0], 0).ravel()
    for level in range(tree.levels):
        if level:
            rows, nodes, scores = expanded(names, asked[level], rows, nodes, scores)
        if living is not None:
            kept = living[rows, nodes]
            rows, nodes, scores = rows[kept], nodes[kept], scores[kept]
        most = n if level == tree.levels - 1 else max(width, n)
        best, place = best_of_rows(rows, nodes, scores, most)
        rows, nodes, scores = rows[best], nodes[best], scores[best]
    items = np.full((b, n), -1, np.int32)
    found = np.full((b, n), -np.inf, np.float32)
    if len(rows):
        items[rows, place], found[rows, place] = tree.item_at[nodes], scores
    return items, found


def living_of(names: Names, b: int, allowed: Bools | None) -> Bools | None:
    """(b, N): the prefixes that lead each query to an allowed item."""
    if allowed is None:
        return None
    if allowed.ndim == 1:
        return np.broadcast_to(names.tree.living(allowed), (b, len(names.tree)))
    return np.stack([names.tree.living(row) for row in allowed]).reshape(b, len(names.tree))


def expanded(
    names: Names, asked: Vectors, rows: Longs, nodes: Longs, scores: Scores
) -> tuple[Longs, Longs, Scores]:
    """All children of the prefixes `nodes` (t,) of queries `rows` (t,), with their scores."""
    counts = names.tree.count[nodes]
    starts = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    children = np.repeat(names.tree.first[nodes], counts) + within
    owners = np.repeat(rows, counts)
    logits = np.einsum("tw,tw->t", asked[owners], names.answers[children])
    shares = log_shares(logits, starts, names.counts[children])
    return owners, children, np.repeat(scores, counts) + shares


def best_of_rows(rows: Longs, nodes: Longs, scores: Scores, most: int) -> tuple[Longs, Longs]:
    """Indices of the `most` best entries of each row, in order of row and score, and the place of
    each in its row."""
    order = np.lexsort((nodes, -scores, rows))
    ordered = rows[order]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    index = np.arange(len(ordered))
    place = index - np.maximum.accumulate(np.where(fresh, index, 0))
    kept = place < most
    return order[kept], place[kept]
