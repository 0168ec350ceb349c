"""Item neighbours by what is said to belong together: also bought, of the same series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, Scorer
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import largest_in_rows, links_both_ways

__all__ = ["Related", "RelatedScorer"]


@dataclass(frozen=True)
class Related:
    """`s(j, i) = w_ij / sqrt(d_i d_j)` with w the strength of the link between two items, whichever
    way it was told, and d its sum over the links of an item: who is linked to everything says
    little. An item needs no event to be found by it.

    Nothing is learned but the half-life: a query is the mean of the rows of its history, an event
    of age a weighing `2^(-a / half_life)`; each row keeps its `neighbours` largest values.
    Source: the symmetric normalisation of Zhou et al. 2003, "Learning with local and global
    consistency", of one step.
    """

    neighbours: int = 300
    half_life: float | None = None
    name: str = "related"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Read the links of the items, then choose the half-life where it is not set (see
        `faded`)."""
        strength = normalised(links_both_ways(train.item_links, train.n_items))
        similarity = largest_in_rows(strength, self.neighbours)

        def make(half_life: float) -> RelatedScorer:
            return RelatedScorer(similarity, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def normalised(links: sparse.csr_array) -> sparse.csr_array:
    """`links` (n, n), symmetric, each divided by the roots of the sums of both of its rows."""
    roots = np.sqrt(np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1e-9))
    rows = np.repeat(np.arange(links.shape[0]), np.diff(links.indptr))
    data = (links.data / (roots[rows] * roots[links.indices])).astype(np.float32)
    return sparse.csr_array((data, links.indices, links.indptr), shape=links.shape)


class RelatedScorer(NeighbourScorer):
    """History times the links between items."""

    kind: ClassVar[str] = "related"
    part_names = ("related",)
    stored = "links"
