"""The prefix tree of all semantic IDs as flat arrays: after each prefix, what may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from prismrec.core.arrays import Bools, Longs

__all__ = ["PrefixTree"]


@dataclass(frozen=True)
class PrefixTree:
    """N prefixes of n IDs of equal length, numbered level by level and in the order of their
    tokens, so that the children of a prefix stand side by side.

    `starts` (levels + 1,) are the first prefix of each level, and N. By prefix, (N,): its last
    `tokens`, its `parents` (-1 at the first level), its `first` child and the `count` of them, and
    the range `low .. high - 1` of the IDs that begin with it, in the order of `items` (n,), item
    positions sorted by ID. `paths` (n, levels) are the prefixes of each item, `paths[:, -1]` whole.
    """

    starts: Longs
    tokens: Longs
    parents: Longs
    first: Longs
    count: Longs
    low: Longs
    high: Longs
    items: Longs
    paths: Longs

    @property
    def levels(self) -> int:
        return len(self.starts) - 1

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def roots(self) -> int:
        """How many tokens may come first."""
        return int(self.starts[1])

    @cached_property
    def item_at(self) -> Longs:
        """(N,): the item that a whole ID names, -1 at shorter prefixes."""
        out = np.full(len(self), -1, np.int64)
        out[self.paths[:, -1]] = np.arange(len(self.paths))
        return out

    @cached_property
    def only_children(self) -> Bools:
        """(N,): the prefixes that are all that may come after those before them."""
        return np.asarray((self.parents >= 0) & (self.count[self.parents] == 1))

    @classmethod
    def of(cls, ids: Longs) -> Self:
        """The tree of `ids` (n, levels), whose rows are all different and hold no negatives."""
        n, levels = ids.shape
        items = np.lexsort((np.arange(n), *ids.T[::-1]))
        ordered, fresh = ids[items], np.zeros(n, bool)
        fresh[:1] = True
        paths = np.empty((n, levels), np.int64)
        starts, tokens, parents, low = [0], [], [], []
        for level in range(levels):
            fresh[1:] |= ordered[1:, level] != ordered[:-1, level]
            begin = np.flatnonzero(fresh)
            paths[items, level] = starts[-1] + np.cumsum(fresh) - 1
            tokens.append(ordered[begin, level])
            parents.append(paths[items[begin], level - 1] if level else np.full(len(begin), -1))
            low.append(begin)
            starts.append(starts[-1] + len(begin))
        parent = np.concatenate(parents)
        count = np.bincount(parent[parent >= 0], minlength=starts[-1]).astype(np.int64)
        first = starts[1] + np.concatenate([[0], np.cumsum(count)[:-1]]) if n else count
        high = [np.append(begin[1:], n)[: len(begin)] for begin in low]
        return cls(
            starts=np.array(starts, np.int64),
            tokens=np.concatenate(tokens),
            parents=parent,
            first=first.astype(np.int64),
            count=count,
            low=np.concatenate(low),
            high=np.concatenate(high),
            items=items,
            paths=paths,
        )

    def find(self, prefix: Sequence[int]) -> int:
        """The number of `prefix`, -1 where no ID begins so; the empty prefix has none."""
        node, begin, end = -1, 0, self.roots
        for depth, token in enumerate(prefix):
            if depth:
                begin, end = int(self.first[node]), int(self.first[node] + self.count[node])
            node = begin + int(np.searchsorted(self.tokens[begin:end], token))
            if node >= end or self.tokens[node] != token:
                return -1
        return node

    def allowed(self, prefix: Sequence[int]) -> Longs:
        """The tokens that may follow `prefix`, ascending; none after one that no ID begins with."""
        if not len(prefix):
            return self.tokens[: self.roots]
        node = self.find(prefix)
        if node < 0:
            return np.zeros(0, np.int64)
        return self.tokens[self.first[node] : self.first[node] + self.count[node]]

    def living(self, allowed: Bools) -> Bools:
        """(N,): whether some item of `allowed` (n,) begins with each prefix."""
        before = np.concatenate([[0], np.cumsum(allowed[self.items])])
        return np.asarray(before[self.high] > before[self.low])
