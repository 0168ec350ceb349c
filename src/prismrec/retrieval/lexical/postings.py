"""Which rows carry a token: inverted lists that grow, and are never seen half changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Bags
from prismrec.core.arrays import Longs, Positions

__all__ = ["Inverted", "Postings"]

REBUILT_SHARE = 0.1
"""The share of changed rows from which building anew costs less than going round them."""
NOTHING = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Postings:
    """For each token, the sorted rows that carry it: `rows[starts[t]:starts[t + 1]]`."""

    rows: Positions
    starts: Longs

    @staticmethod
    def of(bags: Bags, owners: Positions, tokens: int | None = None) -> Postings:
        """The postings of `bags`, whose row i is item `owners[i]`; `owners` is ascending."""
        return Postings.paired(
            np.repeat(owners, np.diff(bags.indptr)),
            bags.indices,
            len(bags.names) if tokens is None else tokens,
        )

    @staticmethod
    def paired(rows: Positions, tokens: Positions, n_tokens: int) -> Postings:
        """The postings of pairs (row, token) whose rows ascend."""
        order = np.argsort(tokens, kind="stable")
        counts = np.bincount(tokens, minlength=n_tokens)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Postings(rows[order].astype(np.int32, copy=False), starts)

    def of_token(self, token: int) -> Positions:
        """The rows with `token`; none for a token that is newer than the postings."""
        return self.of_range(token, token + 1)

    def of_range(self, low: int, high: int) -> Positions:
        """The rows with any token of [low, high), once for each that a row has."""
        high = min(high, len(self.starts) - 1)
        return self.rows[self.starts[low] : self.starts[high]] if low < high else NOTHING


@dataclass(frozen=True)
class Inverted:
    """Postings of rows whose tokens may change: a large base, and beside it the rows that did.

    Immutable, so any number of threads may ask; `with_rows` makes the next one and costs only the
    rows that ever changed, until they are so many that a new base is made.
    """

    base: Postings
    n_rows: int
    changed: Mapping[int, Positions]
    fresh: Postings

    @staticmethod
    def of(rows: Sequence[Sequence[int]], n_tokens: int) -> Inverted:
        """Row i carries the tokens `rows[i]`, each below `n_tokens`."""
        bags = Bags.of(rows, ())
        base = Postings.of(bags, np.arange(len(rows), dtype=np.int32), n_tokens)
        return Inverted(base, len(rows), {}, Postings(NOTHING, np.zeros(1, np.int64)))

    def with_rows(
        self, at: Sequence[int], rows: Sequence[Sequence[int]], n_tokens: int
    ) -> Inverted:
        """The index in which the rows `at` carry `rows` instead; rows beyond the last are new."""
        changed = dict(self.changed)
        for row, carried in zip(at, rows, strict=True):
            changed[int(row)] = np.asarray(carried, np.int32)
        size = max(self.n_rows, max(changed, default=-1) + 1)
        places = sorted(changed)
        owners = np.repeat(np.array(places, np.int32), [len(changed[p]) for p in places])
        tokens = np.concatenate([NOTHING, *(changed[p] for p in places)])
        fresh = Postings.paired(owners, tokens, n_tokens)
        grown = Inverted(self.base, size, changed, fresh)
        return grown if len(changed) <= max(64, REBUILT_SHARE * size) else grown._rebuilt(n_tokens)

    def rows(self, token: int) -> Positions:
        """The rows with `token`, in no order, each once."""
        return self.rows_of_range(token, token + 1)

    def rows_of_range(self, low: int, high: int) -> Positions:
        """The rows with any token of [low, high), once for each that a row has."""
        found = self.base.of_range(low, high)
        if self.changed:
            gone = np.fromiter(self.changed, np.int32, len(self.changed))
            mask = np.zeros(self.n_rows, bool)
            mask[gone] = True
            found = np.concatenate([found[~mask[found]], self.fresh.of_range(low, high)])
        return found

    def renumbered(self, numbers: Positions) -> Inverted:
        """The same rows, token t being called `numbers[t]`, in one new base."""
        return self._rebuilt(len(numbers), numbers)

    def _rebuilt(self, n_tokens: int, numbers: Positions | None = None) -> Inverted:
        tokens = np.repeat(np.arange(len(self.base.starts) - 1), np.diff(self.base.starts))
        mask = np.zeros(self.n_rows, bool)
        mask[list(self.changed)] = True
        kept = ~mask[self.base.rows]
        fresh = np.repeat(np.arange(len(self.fresh.starts) - 1), np.diff(self.fresh.starts))
        rows = np.concatenate([self.base.rows[kept], self.fresh.rows])
        both = np.concatenate([tokens[kept], fresh]).astype(np.int32)
        both = both if numbers is None else numbers[both]
        order = np.argsort(rows, kind="stable")
        base = Postings.paired(rows[order], both[order], n_tokens)
        return Inverted(base, self.n_rows, {}, Postings(NOTHING, np.zeros(1, np.int64)))
