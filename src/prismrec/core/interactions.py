"""Behaviour as learners see it: one time-ordered sequence a user, numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core.arrays import Bools, Longs, Positions, Scores, Vectors
from prismrec.core.features import Bags, ItemFeatures

__all__ = ["Cases", "Interactions", "Links", "QueryBatch", "Sequences"]


@dataclass(frozen=True)
class Sequences:
    """One sequence of events a row, oldest first, as compressed sparse rows.

    Row i holds events `indptr[i]:indptr[i + 1]` of the five parallel columns:
    `items` (int32 item positions), `kinds` (int16 index into the owner's `event_types`, -1 for a
    type unknown to it), `times` (int64 milliseconds, or positions where there is no clock),
    `weights` (float32, feedback weight with its sign) and `values` (float32, NaN where absent).
    """

    indptr: Longs
    items: Positions
    kinds: np.ndarray
    times: Longs
    weights: Scores
    values: Scores

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> Longs:
        """Events in each row, (rows,)."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> Positions:
        """The row of each event, (events,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)

    def select(self, events: np.ndarray, lengths: np.ndarray) -> Sequences:
        """The events at indices `events`, cut into rows of `lengths`."""
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Sequences(
            indptr,
            self.items[events],
            self.kinds[events],
            self.times[events],
            self.weights[events],
            self.values[events],
        )

    def where(self, keep: np.ndarray) -> Sequences:
        """The same rows with only the events for which `keep` (events,) is true."""
        lengths = np.bincount(self.rows[keep], minlength=len(self))
        return self.select(np.flatnonzero(keep), lengths)

    def take(self, rows: np.ndarray) -> Sequences:
        """The rows at `rows`, in that order, repeats allowed."""
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        return self.select(np.repeat(self.indptr[:-1][rows], lengths) + within, lengths)

    def last(self, n: int) -> Sequences:
        """The last `n` events of every row."""
        place = np.arange(len(self.items)) - np.repeat(self.indptr[1:], self.lengths)
        return self.where(place >= -n)

    def padded(self, n: int) -> Positions:
        """The last `n` items of every row, right-aligned, (rows, n) int32, -1 on the left."""
        recent = self.last(n)
        out = np.full((len(self), n), -1, np.int32)
        place = np.arange(len(recent.items)) - np.repeat(recent.indptr[1:], recent.lengths)
        out[recent.rows, place + n] = recent.items
        return out

    @staticmethod
    def of(rows: Sequence[Sequence[int]]) -> Sequences:
        """Sequences of bare item positions; times are places in the row, weights 1."""
        items = np.array([item for row in rows for item in row], np.int32)
        lengths = np.array([len(row) for row in rows], np.int64)
        times = np.array([t for row in rows for t in range(len(row))], np.int64)
        n = len(items)
        return Sequences(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            items,
            np.zeros(n, np.int16),
            times,
            np.ones(n, np.float32),
            np.full(n, np.nan, np.float32),
        )


@dataclass(frozen=True)
class Links:
    """Relations between things of one kind: m pairs of positions, `sources` and `targets` (m,)
    int32, and how strong each is, `weights` (m,) float32, above 0."""

    sources: Positions
    targets: Positions
    weights: Scores

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Interactions:
    """All that a learner may learn from: sequences by user, and the features of items and users.

    Row u of `sequences` is user position u. `has_clock` is false where times are only positions
    within a user; learners then leave time views and decay off. `profiles` holds a bag of profile
    tokens a user; `item_links` relations between items (also bought), `user_links` between users
    (friends), `None` where there are none. `repeats` says whether an item may come again to who had
    it, `None` where the events shall tell. A learner must not look at items beyond `n_items`.
    """

    sequences: Sequences
    features: ItemFeatures
    event_types: tuple[str, ...] = ("event",)
    has_clock: bool = False
    profiles: Bags | None = None
    item_links: Links | None = None
    user_links: Links | None = None
    repeats: bool | None = None

    @property
    def n_users(self) -> int:
        return len(self.sequences)

    @property
    def n_items(self) -> int:
        return len(self.features)

    @property
    def positives(self) -> Sequences:
        """The sequences without events of negative or zero weight."""
        return self.sequences.where(self.sequences.weights > 0)

    def queries(self) -> QueryBatch:
        """One query a user: what comes next, after all of it?"""
        sequences, n = self.sequences, self.n_users
        ends = sequences.indptr[1:]
        last = (
            np.where(sequences.lengths > 0, sequences.times[np.maximum(ends - 1, 0)], 0)
            if len(sequences.items)
            else np.zeros(n, np.int64)
        )
        return QueryBatch(
            histories=sequences,
            at=last + 1,
            users=np.arange(n, dtype=np.int32),
            profiles=self.profiles,
        )


@dataclass(frozen=True)
class QueryBatch:
    """What scorers are asked: b queries at once.

    `histories` has one row a query. `at` (b,) int64 is the time each is asked. `users` (b,) int32
    is the user position known at training, -1 for a new or anonymous one. `text_vectors` (b, d)
    float32 is the encoded text of the query, zeros where it has none, `None` where none has;
    `texts` are those texts as written; `typing` says that they are still being typed, so that the
    last word may be only a beginning.
    """

    histories: Sequences
    at: Longs
    users: Positions
    text_vectors: Vectors | None = None
    texts: tuple[str, ...] | None = None
    profiles: Bags | None = None
    typing: bool = False

    def __len__(self) -> int:
        return len(self.histories)

    def take(self, rows: np.ndarray) -> QueryBatch:
        """The queries at `rows`, in that order."""
        return replace(
            self,
            histories=self.histories.take(rows),
            at=self.at[rows],
            users=self.users[rows],
            text_vectors=None if self.text_vectors is None else self.text_vectors[rows],
            texts=None if self.texts is None else tuple(self.texts[r] for r in rows),
            profiles=None if self.profiles is None else self.profiles.take(rows.astype(np.int32)),
        )

    @staticmethod
    def of(rows: Sequence[Sequence[int]], at: int = 0) -> QueryBatch:
        """Anonymous queries from bare item positions: for tests and tools."""
        n = len(rows)
        return QueryBatch(Sequences.of(rows), np.full(n, at, np.int64), np.full(n, -1, np.int32))


@dataclass(frozen=True)
class Cases:
    """Questions with their answers: after `queries[i]`, the next item was `targets[i]`.

    `clusters` (b,) int32 names the person behind each case (also where the queries are anonymous or
    the user is new to the model), so that intervals can be clustered by user. `cold_user` and
    `cold_item` (b,) mark cases whose user or whose target was unseen in training. `grades` (b,) are
    the values of the target events (ratings), NaN where absent.
    """

    queries: QueryBatch
    targets: Positions
    clusters: Positions
    cold_user: Bools
    cold_item: Bools
    grades: Scores | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: np.ndarray) -> Cases:
        """The cases at `rows`, in that order."""
        return Cases(
            self.queries.take(rows),
            self.targets[rows],
            self.clusters[rows],
            self.cold_user[rows],
            self.cold_item[rows],
            None if self.grades is None else self.grades[rows],
        )
