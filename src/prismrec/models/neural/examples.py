"""What to learn from: what came next after a history, and what did not come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from prismrec.core import Interactions, QueryBatch, Sequences
from prismrec.core.arrays import Floats, Longs
from prismrec.models.sequence.inputs import before

__all__ = ["MOST_ROUNDS", "Examples", "Negatives", "Recent", "shuffled"]

MOST_ROUNDS = 60
"""Passes over few examples after which more of them teach nothing."""


@dataclass(frozen=True)
class Recent:
    """The last items of b histories: `items` (b, l) positions, the latest in the last column, and
    `real` (b, l), false where a history is shorter."""

    items: Longs
    real: Tensor

    @classmethod
    def of(cls, queries: QueryBatch, length: int, known: int) -> Self:
        """From the positive events of items below `known`."""
        histories = queries.histories
        readable = (histories.weights > 0) & (histories.items < known)
        padded = histories.where(readable).padded(length)
        return cls(np.maximum(padded, 0).astype(np.int64), torch.from_numpy(padded >= 0))


@dataclass(frozen=True)
class Examples:
    """Every positive event of the training users, to be predicted from the `length` events before
    it; with a clock, only from those at an earlier time. The first event of a user is predicted
    from nothing, so that an empty history is learned too."""

    sequences: Sequences
    length: int
    ends: Longs
    starts: Longs

    @classmethod
    def of(cls, train: Interactions, length: int) -> Self:
        sequences = train.positives
        ends = before(sequences, train.has_clock) + 1
        starts = np.maximum(sequences.indptr[:-1][sequences.rows], ends - length)
        return cls(sequences, length, ends, starts)

    def __len__(self) -> int:
        return len(self.sequences.items)

    def take(self, events: Longs) -> tuple[Recent, Longs]:
        """What was known before each of `events` (b,), and which items they are of, (b,)."""
        place = self.ends[events][:, None] + np.arange(-self.length, 0)
        real = place >= self.starts[events][:, None]
        items = self.sequences.items[np.where(real, place, 0)].astype(np.int64)
        return Recent(items, torch.from_numpy(real)), self.sequences.items[events].astype(np.int64)


class Negatives:
    """Items that all examples of a step share as wrong answers, drawn with replacement: half of
    them as often as people took them, half uniformly from the items seen.

    Popular items alone teach nothing of the rest of the catalogue, uniform ones little of the hard
    cases. Yang et al., "Mixed negative sampling for learning two-tower neural networks in
    recommendations", 2020.
    """

    def __init__(self, counts: Floats, draws: int) -> None:
        seen = counts > 0
        self.draws = min(draws, 4 * int(seen.sum()))
        shares = counts / max(counts.sum(), 1) + seen / max(seen.sum(), 1)
        self._cumulated = np.cumsum(shares / 2)
        self._log_expected = np.log(np.maximum(self.draws * shares / 2, 1e-30)).astype(np.float32)

    def draw(self, rng: np.random.Generator) -> tuple[Longs, Tensor]:
        """(k,) items, and the log of how often each is expected among them, (k,)."""
        total = self._cumulated[-1]
        items = np.searchsorted(self._cumulated, rng.random(self.draws) * total, side="right")
        items = np.minimum(items, len(self._cumulated) - 1)
        return items, torch.from_numpy(self._log_expected[items])


def shuffled(examples: int, size: int, batch: int, rng: np.random.Generator) -> Iterator[Longs]:
    """Batches of indices of `examples` without end: of each random order the first `size`."""
    while True:
        chosen = rng.permutation(examples)[:size]
        for start in range(0, size, batch):
            yield chosen[start : start + batch]
