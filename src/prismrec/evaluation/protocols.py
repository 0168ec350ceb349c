"""The two protocols: `model` ranks the whole catalogue, `system` asks the engine as a user would.

A figure of the protocol `model` says what the model knows. A figure of `system` is what people are
shown, after retrieval, rules, diversity and policy.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from prismrec.core import BadInput, Cases, QueryBatch
from prismrec.core.arrays import Positions
from prismrec.core.metrics import NEVER, Ranks
from prismrec.evaluation.ranks import Ranked, Tick, batches, in_history, rank_all

__all__ = ["System", "rank_lists", "rank_model", "rank_system"]


class System(Protocol):
    """Anything that answers queries with lists: the engine in batches."""

    def answer(self, queries: QueryBatch, n: int) -> Positions:
        """(b, n) int32 item positions, best first, -1 where a list is shorter."""
        ...


rank_model = rank_all
"""The protocol `model`: every item is scored for every case."""


def rank_system(
    system: System, cases: Cases, *, k: int, repeats: bool, batch: int, tick: Tick | None = None
) -> Ranked:
    """The protocol `system`: where do the targets stand in the lists of `k` that go out?

    Beyond the list a target's rank is infinite. Unless `repeats` are wanted, a target that stands
    in the history is a miss, and an item of the history that comes out all the same keeps its
    place: showing it was a mistake, and the mistake costs.
    """
    lists = [np.zeros((0, k), np.int32)]
    for rows in batches(len(cases), batch):
        answered = np.asarray(system.answer(cases.queries.take(rows), k), np.int32)
        if answered.shape != (len(rows), k):
            raise BadInput(
                f"The system answered an array of shape {answered.shape}.",
                hint=f"Answer ({len(rows)}, {k}) positions, -1 where a list is shorter.",
            )
        lists.append(answered)
        if tick is not None:
            tick(len(rows))
    return rank_lists(np.concatenate(lists), cases, repeats=repeats)


def rank_lists(lists: Positions, cases: Cases, *, repeats: bool) -> Ranked:
    """The ranks of the targets in `lists` (b, k), which know nothing beyond their k-th place."""
    k = lists.shape[1]
    right = (lists == cases.targets[:, None]) & (cases.targets >= 0)[:, None]
    found = right.any(axis=1)
    if not repeats:
        found &= ~in_history(cases.queries, cases.targets)
    ranks = np.where(found, right.argmax(axis=1) + 1, NEVER)
    return Ranked(Ranks.of(ranks, others=k - 1), lists, whole=False)
