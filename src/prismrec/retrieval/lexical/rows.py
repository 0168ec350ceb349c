"""The words of all items in one array, field after field, and how they are replaced in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Positions
from prismrec.retrieval.settings import FIELDS

__all__ = ["Rows", "put"]


@dataclass(frozen=True)
class Rows:
    """The words of all items. Position p has `tokens[starts[p]:starts[p] + ends[p, -1]]`, its field
    f ending at `ends[p, f]` from there; `used` tokens are in use or were, the rest is spare.
    `items_with[t]` counts items with token t; `lengths` (fields,) sums words over the `items` that
    have any."""

    tokens: Positions
    used: int
    starts: Longs
    ends: Longs
    items_with: Longs
    lengths: Floats
    items: int

    @staticmethod
    def none() -> Rows:
        """Of no items."""
        empty = np.zeros(0, np.int64)
        ends = np.zeros((0, len(FIELDS)), np.int64)
        return Rows(np.zeros(0, np.int32), 0, empty, ends, empty, np.zeros(len(FIELDS)), 0)

    def of(self, positions: Positions) -> tuple[Positions, Longs]:
        """The tokens of the items at `positions` (m,), one after the other, and where in those of
        each its fields end (m, fields)."""
        ends = self.ends[positions]
        sizes = ends[:, -1]
        places = np.repeat(self.starts[positions] - (np.cumsum(sizes) - sizes), sizes)
        places += np.arange(len(places))
        return self.tokens[places], ends

    def standing(self, tokens: Positions, positions: Positions) -> Bools:
        """(m,) in which of the items at `positions` (m,) the `tokens` stand side by side in one
        field."""
        found, ends = self.of(positions)
        at = np.arange(len(found) - len(tokens) + 1)
        for place, token in enumerate(tokens.tolist()):
            at = at[found[at + place] == token]
        last = np.cumsum(ends[:, -1])
        owner = np.searchsorted(last, at, side="right")
        start = at - (last - ends[:, -1])[owner]
        fields = [
            (place[:, None] >= ends[owner]).sum(1) for place in (start, start + len(tokens) - 1)
        ]
        out = np.zeros(len(positions), bool)
        out[owner[fields[0] == fields[1]]] = True
        return out


def put(old: Rows, positions: Longs, tokens: list[list[int]], ends: Longs, n_tokens: int) -> Rows:
    """`old` with the words of `tokens` at `positions`, whose fields end at `ends`; there are
    `n_tokens` different words in all."""
    n = max(len(old.starts), int(positions.max(initial=-1)) + 1)
    starts = np.concatenate([old.starts, np.zeros(n - len(old.starts), np.int64)])
    all_ends = np.concatenate([old.ends, np.zeros((n - len(old.ends), len(FIELDS)), np.int64)])
    items_with = np.concatenate(
        [old.items_with, np.zeros(n_tokens - len(old.items_with), np.int64)]
    )
    before = [
        old.tokens[s : s + e]
        for s, e in zip(starts[positions], all_ends[positions, -1], strict=True)
    ]
    lengths = old.lengths - _sizes(all_ends[positions]).sum(axis=0) + _sizes(ends).sum(axis=0)
    for row in before:
        items_with[np.unique(row)] -= 1
    for words in tokens:
        items_with[np.unique(np.array(words, np.int64))] += 1
    flat = np.array([t for row in tokens for t in row], np.int32)
    counts = ends[:, -1] if len(ends) else np.zeros(0, np.int64)
    buffer, used = old.tokens, old.used
    if used + len(flat) > len(buffer):
        buffer, used, starts = _compacted(old, starts, all_ends, positions, len(flat))
    buffer[used : used + len(flat)] = flat
    items = old.items + int((counts > 0).sum()) - sum(len(row) > 0 for row in before)
    starts[positions] = used + np.cumsum(counts) - counts
    all_ends[positions] = ends
    return replace(
        old, tokens=buffer, used=used + len(flat), starts=starts, ends=all_ends,
        items_with=items_with, lengths=lengths, items=items,
    )  # fmt: skip


def _compacted(
    old: Rows, starts: Longs, ends: Longs, going: Longs, more: int
) -> tuple[Positions, int, Longs]:
    """The tokens without those that were replaced or are at `going`, with room for `more`."""
    sizes = ends[:, -1].copy()
    sizes[going] = 0
    total = int(sizes.sum())
    buffer = np.zeros((total + more) * 5 // 4 + 64, np.int32)
    within = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    buffer[:total] = old.tokens[np.repeat(starts, sizes) + within]
    return buffer, total, np.cumsum(sizes) - sizes


def _sizes(ends: Longs) -> Longs:
    """How many words each field has, from where it ends."""
    return np.diff(ends, axis=1, prepend=0)
