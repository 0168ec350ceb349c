"""What is known of items and users besides behaviour, by position; numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Positions, Vectors

__all__ = ["Bags", "ItemFeatures"]


@dataclass(frozen=True)
class Bags:
    """A bag of tokens for each row, as compressed sparse rows.

    Row i holds `indices[indptr[i]:indptr[i + 1]]`, each an index into `names`
    (`"brand=Acme"`, `"category=Shoes"`). `names` is append-only, like positions.
    """

    indptr: Longs
    indices: Positions
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, i: int) -> Positions:
        """The tokens of row `i`."""
        return self.indices[self.indptr[i] : self.indptr[i + 1]]

    def take(self, rows: Positions) -> Bags:
        """The bags of `rows`, in that order; -1 gives an empty bag."""
        lengths = np.where(rows >= 0, np.diff(self.indptr)[rows], 0) if len(self) else rows * 0
        starts = self.indptr[:-1][rows] if len(self) else rows * 0
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(indptr[-1]) - np.repeat(indptr[:-1], lengths)
        indices = self.indices[np.repeat(starts, lengths) + within]
        return Bags(indptr, indices.astype(np.int32), self.names)

    def first(self, n: int) -> Bags:
        """The first `n` bags."""
        return Bags(self.indptr[: n + 1], self.indices[: self.indptr[n]], self.names)

    @staticmethod
    def empty(rows: int) -> Bags:
        """`rows` empty bags."""
        return Bags(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32))

    @staticmethod
    def of(rows: Iterable[Sequence[int]], names: Sequence[str]) -> Bags:
        """Bags from lists of token indices."""
        lists = [np.asarray(row, np.int32) for row in rows]
        indptr = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        indices = np.concatenate(lists) if lists else np.zeros(0, np.int32)
        return Bags(indptr, indices.astype(np.int32), tuple(names))


@dataclass(frozen=True)
class ItemFeatures:
    """The catalogue as learners and scorers see it: one row an item position.

    `text_vectors` (n, d) float32, L2-normalised, a row of zeros where an item has no text, `None`
    where the collection has none at all. `prices` is NaN and `created_at` -1 where unknown;
    `created_at` is milliseconds since 1970 UTC. `vectors` are named media vectors, (n, d_name).
    `titles` are what the items are called, (n,), or none at all.
    `given` are the attributes that the catalogue itself states, where `attributes` holds others
    too that were read from texts; `None` where all are given.
    """

    text_vectors: Vectors | None
    attributes: Bags
    prices: Floats
    created_at: Longs
    available: Bools
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    given: Bags | None = None

    def __len__(self) -> int:
        return len(self.prices)

    @staticmethod
    def bare(n_items: int) -> ItemFeatures:
        """A catalogue of which nothing but the number of items is known."""
        return ItemFeatures(
            text_vectors=None,
            attributes=Bags.empty(n_items),
            prices=np.full(n_items, np.nan),
            created_at=np.full(n_items, -1, np.int64),
            available=np.ones(n_items, bool),
        )

    def first(self, n: int) -> ItemFeatures:
        """The features of the first `n` positions."""
        return replace(
            self,
            text_vectors=None if self.text_vectors is None else self.text_vectors[:n],
            attributes=self.attributes.first(n),
            prices=self.prices[:n],
            created_at=self.created_at[:n],
            available=self.available[:n],
            vectors={name: rows[:n] for name, rows in self.vectors.items()},
            titles=self.titles[:n],
            given=None if self.given is None else self.given.first(n),
        )

    def as_given(self) -> ItemFeatures:
        """The features without what was read from texts: what filters and facets may promise."""
        return self if self.given is None else replace(self, attributes=self.given, given=None)
