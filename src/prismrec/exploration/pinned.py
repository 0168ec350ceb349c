"""Items that the shop pinned: they stand first with certainty, the policy fills the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import Candidates, Choice, Exposure, Policy, QueryBatch
from prismrec.core.arrays import Floats, Positions

__all__ = ["Pinned"]


class Pinned:
    """A policy whose first places are given: the item at each of them has propensity 1, and the
    policy inside chooses the other places from the other candidates, as it would without them."""

    def __init__(self, policy: Policy, pinned: Positions) -> None:
        """`pinned` are item positions in their order; those that are no candidates are skipped."""
        self.policy = policy
        self.pinned = pinned
        self.name = policy.name
        self.version = policy.version

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice:
        """The pinned candidates of the one query, then what the policy inside chooses."""
        positions = candidates.positions[0]
        places = [np.flatnonzero(positions == position)[:1] for position in self.pinned]
        first = np.concatenate([np.zeros(0, np.int64), *places])[:n]
        rest = np.setdiff1d(np.arange(len(positions)), first)
        chosen = self.policy.choose(queries, candidates.gather(rest[None, :]), n - len(first), rng)
        columns = chosen.columns[0]
        columns = np.where(columns >= 0, np.append(rest, -1)[columns], -1)
        none = np.zeros(len(first), bool)
        explored = chosen.explored
        return Choice(
            columns=np.concatenate([first, columns])[None, :].astype(np.int32),
            propensities=np.concatenate([np.ones(len(first)), chosen.propensities[0]])[None, :],
            draws=chosen.draws,
            explored=None if explored is None else np.concatenate([none, explored[0]])[None, :],
        )

    def update(self, exposures: Sequence[Exposure], rewards: Floats) -> None:
        """The policy inside learns."""
        self.policy.update(exposures, rewards)
