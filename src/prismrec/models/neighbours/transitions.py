"""What follows what: item-to-item transitions, directed and discounted by distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, Scorer, Sequences
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import largest_in_rows

__all__ = ["Transitions", "TransitionsScorer"]


@dataclass(frozen=True)
class Transitions:
    """A Markov chain over items, with memory.

    `C[j, i]` sums, over users and over pairs of positive events at distance d <= `window`, the
    weight `decay^(d-1)` where i came after j, and `backward * decay^(d-1)` where it came before.
    The evidence of i after j is `C[j, i] / (n_j^source_power * n_i^target_power)` with n the row
    and column sums plus `shrinkage`; each row keeps its `neighbours` largest values. A history is
    the mean of its rows, the event of age a weighing `2^(-a / half_life)`.
    Source: the directed, distance-weighted rules of Ludewig & Jannach 2018, "Evaluation of
    session-based recommendation algorithms" (SR and S-KNN family).
    """

    window: int = 10
    decay: float = 0.9
    backward: float = 0.35
    source_power: float = 0.4
    target_power: float = 0.2
    shrinkage: float = 5.0
    neighbours: int = 500
    half_life: float | None = None
    name: str = "transitions"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Count, then choose the half-life where it is not set (see `faded`)."""
        counts = _counts(train.positives, train.n_items, self.window, self.decay, self.backward)
        before = counts.sum(axis=1) + self.shrinkage
        after = counts.sum(axis=0) + self.shrinkage
        rows = np.repeat(np.arange(train.n_items), np.diff(counts.indptr))
        counts.data /= before[rows] ** self.source_power
        counts.data /= after[counts.indices] ** self.target_power
        evidence = largest_in_rows(counts, self.neighbours)

        def make(half_life: float) -> TransitionsScorer:
            return TransitionsScorer(evidence, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def _counts(
    events: Sequences, n_items: int, window: int, decay: float, backward: float
) -> sparse.csr_array:
    """`C`, (n_items, n_items) float32, the diagonal left out."""
    shape = (n_items, n_items)
    counts: Any = sparse.csr_array(shape, dtype=np.float32)
    rows, items = events.rows, events.items
    for distance in range(1, window + 1):
        first = np.flatnonzero(rows[distance:] == rows[:-distance])
        second = first + distance
        apart = items[first] != items[second]
        first, second = first[apart], second[apart]
        weights = decay ** (distance - 1) * np.sqrt(events.weights[first] * events.weights[second])
        pairs = (items[first], items[second])
        counts = counts + sparse.csr_array((weights.astype(np.float32), pairs), shape=shape)
    both: sparse.csr_array = counts + np.float32(backward) * counts.T.tocsr()
    return both


class TransitionsScorer(NeighbourScorer):
    """History times the evidence of what follows."""

    kind: ClassVar[str] = "transitions"
    part_names = ("transitions",)
    stored = "evidence"
