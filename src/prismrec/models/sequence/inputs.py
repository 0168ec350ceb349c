"""From numpy to the tensors that the multi-view transformer reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core import ItemFeatures, Sequences
from prismrec.core.arrays import Bools, Longs
from prismrec.models.sequence.model import Catalogue, gap_buckets

__all__ = ["Batch", "Task", "Views", "Windows", "batch_of"]


class Views:
    """The views of every item, kept as tensors and cut to the items of a step.

    `known` (n,) says which items have an identity view; `tokens` is how many attribute tokens the
    model knows, later ones are left out.
    """

    def __init__(self, features: ItemFeatures, known: Bools, tokens: int, text: bool) -> None:
        bags = features.attributes
        self.known = torch.from_numpy(np.ascontiguousarray(known))
        vectors = features.text_vectors if text else None
        self.text = None if vectors is None else torch.from_numpy(np.asarray(vectors, np.float32))
        self.bags = None
        if tokens:
            kept = bags.indices < tokens
            before = np.concatenate([[0], np.cumsum(kept)])
            self.bags = (before[bags.indptr], bags.indices[kept].astype(np.int64))

    def __len__(self) -> int:
        return len(self.known)

    def of(self, items: Longs) -> Catalogue:
        """The views of `items` (u,)."""
        rows = torch.from_numpy(items)
        known = self.known[rows]
        tokens = offsets = bagged = None
        if self.bags is not None:
            indptr, indices = self.bags
            lengths = np.diff(indptr)[items]
            ends = np.cumsum(lengths)
            within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
            tokens = torch.from_numpy(indices[np.repeat(indptr[items], lengths) + within])
            offsets, bagged = torch.from_numpy(ends - lengths), torch.from_numpy(lengths > 0)
        text = None if self.text is None else self.text[rows]
        return Catalogue(torch.where(known, rows, 0), known, text, tokens, offsets, bagged)


@dataclass(frozen=True)
class Batch:
    """b sequences of at most l events, left-aligned.

    `items` (b, l) are item positions, 0 at padding; `kinds` (b, l), -1 at padding; `gaps` (b, l)
    are buckets of the time since the event before; `lengths` (b,).
    """

    items: Longs
    kinds: Tensor
    gaps: Tensor
    lengths: Longs


@dataclass(frozen=True)
class Task:
    """What to predict in a batch: after event `columns[i]` of row `rows[i]` came `targets[i]`."""

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
    events `starts .. ends - 1` and predicts, from these, the events `first .. last - 1`.
    """

    def __init__(self, sequences: Sequences, history: int, clock: bool) -> None:
        self.sequences, self.clock = sequences, clock
        self.before = before(sequences, clock)
        begins, stops = sequences.indptr[:-1], sequences.indptr[1:]
        readable = np.zeros(len(sequences), np.int64)  # events of each row that something follows
        some = stops > begins
        readable[some] = self.before[stops[some] - 1] + 1 - begins[some]
        counts = -(-readable // history)  # windows in each row
        rows = np.repeat(np.arange(len(sequences)), counts)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        self.ends = begins[rows] + readable[rows] - nth * history
        self.starts = np.maximum(begins[rows], self.ends - history)
        self.first = np.searchsorted(self.before, self.starts)
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
