"""Sequences changed a little, so that what they say stays: crop, hide, reorder.

Each is a pure function of rows, a share of the events in [0, 1] and a generator; none changes what
it is given. Source: Xie et al. 2022, "Contrastive learning for sequential recommendation".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Sequences
from prismrec.core.arrays import Bools

__all__ = ["HIDDEN", "crop", "hide", "reorder"]

HIDDEN = -1
"""The item of an event of which nothing is seen but that it was."""


def crop(rows: Sequences, share: float, rng: np.random.Generator) -> Sequences:
    """`share` of the events of each row, rounded up, that follow each other."""
    return rows.where(stretch(rows, share, rng))


def hide(rows: Sequences, share: float, rng: np.random.Generator) -> Sequences:
    """Each event hidden with probability `share`: its item is `HIDDEN`, its kind -1."""
    hidden = rng.random(len(rows.items)) < share
    items = np.where(hidden, HIDDEN, rows.items).astype(np.int32)
    return replace(rows, items=items, kinds=np.where(hidden, -1, rows.kinds).astype(np.int16))


def reorder(rows: Sequences, share: float, rng: np.random.Generator) -> Sequences:
    """A stretch of `share` of each row shuffled; the times stay where they were."""
    moved = stretch(rows, share, rng)
    first = np.full(len(rows), len(moved))  # of the stretch of each row
    np.minimum.at(first, rows.rows[moved], np.flatnonzero(moved))
    sizes = np.bincount(rows.rows[moved], minlength=len(rows))
    place = np.arange(len(moved), dtype=np.float64)
    drawn = rng.random(len(moved)) * sizes[rows.rows]
    place[moved] = (first[rows.rows] + drawn)[moved]
    order = np.argsort(place, kind="stable")
    return replace(rows, items=rows.items[order], kinds=rows.kinds[order])


def stretch(rows: Sequences, share: float, rng: np.random.Generator) -> Bools:
    """Which events lie in a stretch of `share` of their row, rounded up, at a random place."""
    lengths = rows.lengths
    sizes = np.ceil(share * lengths).astype(np.int64)
    begins = rng.integers(lengths - sizes + 1) if len(lengths) else lengths
    place = np.arange(len(rows.items)) - np.repeat(rows.indptr[:-1], lengths)
    begin, size = np.repeat(begins, lengths), np.repeat(sizes, lengths)
    return (place >= begin) & (place < begin + size)
