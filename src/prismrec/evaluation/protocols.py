"""The two protocols: `model` ranks the whole catalogue, `system` asks the engine as a user would.

A figure of the protocol `model` says what the model knows. A figure of `system` is what people are
shown, after retrieval, rules, diversity and policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from prismrec.core import BadInput, Cases, QueryBatch
from prismrec.core.arrays import Bools, Positions
from prismrec.core.metrics import NEVER, Ranks
from prismrec.evaluation.ranks import HistoryFilter, Ranked, Tick, batches, rank_all

__all__ = ["ListTask", "System", "rank_lists", "rank_model", "rank_system"]

rank_model = rank_all
"""The protocol `model`: every item is scored for every case."""


@dataclass(frozen=True)
class ListTask:
    """Lists of `k` from a catalogue of `n_items`, without what `rule` removes."""

    k: int
    n_items: int
    rule: HistoryFilter

    def allowed(self, queries: QueryBatch) -> Bools:
        """(b, n_items) true where an item may come out."""
        return self.rule.allowed(queries, self.n_items)


class System(Protocol):
    """Anything that answers queries with lists: the engine in batches."""

    def rank(self, queries: QueryBatch, n: int, allowed: Bools | None = None) -> Positions:
        """(b, n) int32 item positions, best first, -1 where a list is shorter; `allowed`
        (b, n_items) says which items may come out of each row."""
        ...


def rank_system(
    system: System, cases: Cases, task: ListTask, *, batch: int, tick: Tick | None = None
) -> Ranked:
    """The protocol `system`: where do the targets stand in the lists that go out?"""
    lists = [np.zeros((0, task.k), np.int32)]
    for rows in batches(len(cases), batch):
        queries = cases.queries.take(rows)
        answered = np.asarray(system.rank(queries, task.k, task.allowed(queries)), np.int32)
        if answered.shape != (len(rows), task.k):
            raise BadInput(
                f"The system answered an array of shape {answered.shape}.",
                hint=f"Answer ({len(rows)}, {task.k}) positions, -1 where a list is shorter.",
            )
        lists.append(answered)
        if tick is not None:
            tick(len(rows))
    return rank_lists(np.concatenate(lists), cases, task.rule)


def rank_lists(lists: Positions, cases: Cases, rule: HistoryFilter) -> Ranked:
    """The ranks of the targets in `lists` (b, k), which know nothing beyond their k-th place.

    Beyond the list a target's rank is infinite. A target that `rule` removes is a miss, and a
    removed item that comes out all the same keeps its place: showing it was a mistake, and the
    mistake costs.
    """
    right = (lists == cases.targets[:, None]) & (cases.targets >= 0)[:, None]
    found = right.any(axis=1) & ~rule.missed(cases)
    ranks = np.where(found, right.argmax(axis=1) + 1, NEVER)
    return Ranked(Ranks.of(ranks, others=lists.shape[1] - 1), lists, whole=False)
