"""Scorers that are one sparse matrix: what each item of a history says for others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

from scipy import sparse

from prismrec.core import ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.models.scoring.certainty import strongest_neighbour
from prismrec.models.scoring.histories import history_evidence
from prismrec.models.scoring.sparse_matrices import arrays_of, largest_of_rows, matrix_of
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["NeighbourScorer"]


@dataclass(frozen=True)
class NeighbourScorer(WholeCatalogueScorer):
    """History times `neighbours` (trained items, trained items), the event of age a weighing
    `2^(-a / half_life)`; never negative. A subclass sets `kind`, `part_names`, and what the matrix
    is called in a release (`stored`)."""

    log_ready: ClassVar[bool] = False
    stored: ClassVar[str]

    neighbours: sparse.csr_array
    half_life: float
    n_items: int

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        return [history_evidence(queries.histories, self.neighbours, self.half_life, self.n_items)]

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `strongest_neighbour`."""
        return strongest_neighbour(queries.histories, self._strongest, self.half_life)

    @cached_property
    def _strongest(self) -> Scores:
        return largest_of_rows(self.neighbours)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_strongest")

    def state(self) -> State:
        settings = {"half_life": self.half_life}
        return State(self.kind, settings, arrays_of(self.stored, self.neighbours))

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        neighbours = matrix_of(cls.stored, state.arrays)
        return cls(neighbours, **state.settings, n_items=len(features))
