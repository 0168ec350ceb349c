"""How much an expert has to say about a query: what a mixture may weigh it by.

It depends on the query alone, never on an item, and costs little beside the scores. Nothing about a
history is certain in general, but where the neighbours of its items are strong, or where its vector
sets the items of the catalogue far apart, the expert deserves to be heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import numpy as np

from prismrec.core import QueryBatch, Scorer, Sequences
from prismrec.core.arrays import Floats, Scores, Vectors
from prismrec.models.scoring.histories import recency_weights

__all__ = ["Certain", "certainties", "covariance", "spread", "strongest_neighbour"]

FAINT = 1e-4
"""Evidence this small is as good as none."""


@runtime_checkable
class Certain(Protocol):
    """A scorer that knows how much it has to say."""

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,) finite numbers; more is more."""
        ...


def certainties(experts: Iterable[Scorer], queries: QueryBatch) -> Floats:
    """(b, e): those of the experts that have one, 0 for the others."""
    columns = [
        expert.certainty(queries) if isinstance(expert, Certain) else np.zeros(len(queries))
        for expert in experts
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def strongest_neighbour(histories: Sequences, strongest: Scores, half_life: float) -> Floats:
    """(b,): the log of the largest evidence that one event of each history can give, where
    `strongest` (n,) is the largest evidence of each trained item for another."""
    known = histories.items < len(strongest)
    weights = recency_weights(histories, half_life)[known]
    out = np.zeros(len(histories))
    np.maximum.at(out, histories.rows[known], weights * strongest[histories.items[known]])
    return np.asarray(np.log(out + FAINT), np.float64)


def covariance(vectors: Vectors) -> Floats:
    """(d, d) of the rows of `vectors` (n, d); zeros where there are none."""
    if not len(vectors):
        return np.zeros((vectors.shape[1], vectors.shape[1]))
    centred = vectors.astype(np.float64)
    centred -= centred.mean(axis=0)
    return np.asarray(centred.T @ centred / len(vectors), np.float64)


def spread(asked: Vectors, covariance: Floats) -> Floats:
    """(b,): the standard deviation of the scores `asked @ items.T` over a catalogue whose vectors
    have this `covariance` (d, d)."""
    variance = np.einsum("bd,de,be->b", asked, covariance, asked)
    return np.asarray(np.sqrt(np.maximum(variance, 0)), np.float64)
