"""From numpy to the tensors that the multi-view transformer reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from prismrec.core import ItemFeatures, Sequences
from prismrec.core.arrays import Bools, Longs
from prismrec.models.sequence.model import Catalogue, Tokens, gap_buckets
from prismrec.models.sequence.people import People, kept, tokens_of

__all__ = ["Batch", "Task", "Views", "Windows", "batch_of"]


class Views:
    """The views of every item, kept as tensors and cut to the items of a step.

    `known` (n,) says which items have an identity view; `tokens` is how many attribute tokens the
    model knows, later ones are left out; `media` are the named vectors that it reads.
    """

    def __init__(
        self,
        features: ItemFeatures,
        known: Bools,
        tokens: int,
        text: bool,
        media: Collection[str] = (),
    ) -> None:
        bags = features.attributes
        self.known = torch.from_numpy(np.ascontiguousarray(known))
        vectors = features.text_vectors if text else None
        self.text = None if vectors is None else torch.from_numpy(np.asarray(vectors, np.float32))
        self.media = {
            name: torch.from_numpy(np.asarray(features.vectors[name], np.float32))
            for name in media
            if name in features.vectors
        }
        self.bags = None
        if tokens:
            self.bags = kept(bags, np.where(bags.indices < tokens, bags.indices, -1))

    def __len__(self) -> int:
        return len(self.known)

    def of(self, items: Longs) -> Catalogue:
        """The views of `items` (u,)."""
        rows = torch.from_numpy(items)
        known = self.known[rows]
        bags = None if self.bags is None else tokens_of(*self.bags, items)
        return Catalogue(
            items=torch.where(known, rows, 0),
            known=known,
            text=None if self.text is None else self.text[rows],
            tokens=None if bags is None else bags.tokens,
            offsets=None if bags is None else bags.offsets,
            bagged=None if bags is None else bags.there,
            media={name: vectors[rows] for name, vectors in self.media.items()},
        )


@dataclass(frozen=True)
class Batch:
    """b sequences of at most l events, left-aligned.

    `items` (b, l) are item positions, 0 at padding; `kinds` (b, l), -1 at padding; `gaps` (b, l)
    are buckets of the time since the event before; `lengths` (b,). `profiles` (b,) are those of the
    people, `None` where the model reads none.
    """

    items: Longs
    kinds: Tensor
    gaps: Tensor
    lengths: Longs
    profiles: Tokens | None = None


@dataclass(frozen=True)
class Task:
    """What to predict in a batch: after event `columns[i]` of row `rows[i]` came `targets[i]`; -1
    is before any event, from the profile alone."""

    batch: Batch
    rows: Longs
    columns: Longs
    targets: Longs

    def __len__(self) -> int:
        return len(self.targets)


def batch_of(sequences: Sequences, starts: Longs, ends: Longs, clock: bool) -> Batch:
    """The events `starts[i] .. ends[i] - 1` of each row i as a batch."""
    lengths = ends - starts
    width = max(int(lengths.max(initial=0)), 1)
    real = np.arange(width) < lengths[:, None]  # (b, l)
    place = np.where(real, starts[:, None] + np.arange(width), 0)
    items = np.zeros(place.shape, np.int64)
    kinds, gaps = items - 1, items - 1
    if len(sequences.items):
        items = np.where(real, sequences.items[place], 0).astype(np.int64)
        kinds = np.where(real, sequences.kinds[place], -1).astype(np.int64)
        if clock:
            gaps[:, 1:] = np.where(real[:, 1:], np.diff(sequences.times[place], axis=1), -1)
    buckets = gap_buckets(torch.from_numpy(gaps)) if clock else torch.zeros(items.shape).long()
    return Batch(items, torch.from_numpy(kinds), buckets, lengths)


class Windows:
    """Training sequences cut into windows of at most `history` events to read.

    Each event is predicted from the last one before it; with a clock, from the last one at an
    earlier time, so that the lines of one invoice do not give each other away. A window reads the
    events `starts .. ends - 1` and predicts, from these, the events `first .. last - 1`. Where the
    profiles of the `people` (rows,) are read, the events that no other comes before are predicted
    from these.
    """

    def __init__(
        self, sequences: Sequences, history: int, clock: bool, people: People | None = None
    ) -> None:
        self.sequences, self.clock, self.people = sequences, clock, people
        self.before = before(sequences, clock)
        begins, stops = sequences.indptr[:-1], sequences.indptr[1:]
        readable = np.zeros(len(sequences), np.int64)  # events of each row that something follows
        some = stops > begins
        readable[some] = self.before[stops[some] - 1] + 1 - begins[some]
        told = np.zeros(len(sequences), bool)
        if people is not None:
            told = some & people.told(np.arange(len(sequences)))
        counts = np.maximum(-(-readable // history), told)  # windows in each row
        self.rows = rows = np.repeat(np.arange(len(sequences)), counts)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.ends = begins[rows] + readable[rows] - nth * history
        self.starts = np.maximum(begins[rows], self.ends - history)
        opening = told[rows] & (self.starts == begins[rows])
        first = np.searchsorted(self.before, self.starts)
        self.first = np.where(opening, self.starts, first)
        self.last = np.minimum(np.searchsorted(self.before, self.ends), stops[rows])

    @property
    def predictions(self) -> int:
        """How many events a pass predicts."""
        return int((self.last - self.first).sum())

    def epoch(self, rng: np.random.Generator, predictions: int) -> Iterator[Task]:
        """One pass in random order, in batches of about `predictions`.

        Windows of similar length share a batch, so that little is computed on padding.
        """
        lengths = self.ends - self.starts
        costs = np.maximum(lengths, self.last - self.first)
        order = rng.permutation(len(lengths))
        order = order[np.argsort(lengths[order], kind="stable")]
        cuts = np.unique(np.cumsum(costs[order]) // predictions, return_index=True)[1][1:]
        batches = np.split(order, cuts)
        for i in rng.permutation(len(batches)):
            yield self.task(batches[i])

    def epochs(self, rng: np.random.Generator, predictions: int) -> Iterator[Task]:
        """One pass after the other, without end."""
        while True:
            yield from self.epoch(rng, predictions)

    def task(self, windows: Longs) -> Task:
        """The windows as a batch, with what is to be predicted in it."""
        starts, counts = self.starts[windows], self.last[windows] - self.first[windows]
        total = np.cumsum(counts)
        rows = np.repeat(np.arange(len(windows)), counts)
        targets = np.arange(total[-1]) + np.repeat(self.first[windows] - (total - counts), counts)
        batch = batch_of(self.sequences, starts, self.ends[windows], self.clock)
        if self.people is not None:
            batch = replace(batch, profiles=self.people.of(self.rows[windows]))
        items = self.sequences.items[targets].astype(np.int64)
        return Task(batch, rows, self.before[targets] - starts[rows], items)


def before(sequences: Sequences, clock: bool) -> Longs:
    """For each event the index of the one to predict it from, ascending; for those that no event of
    their row comes before, the index before the row."""
    n = len(sequences.items)
    first = np.arange(n)
    if clock:
        starts = sequences.indptr[:-1][sequences.rows]
        fresh = np.ones(n, bool)
        fresh[1:] = (sequences.times[1:] != sequences.times[:-1]) | (starts[1:] != starts[:-1])
        first = np.maximum.accumulate(np.where(fresh, first, 0))
    return (first - 1).astype(np.int64)
