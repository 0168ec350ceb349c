"""Experts that say what a table says, for tests of mixtures."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from prismrec.core import Cases, ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Positions, Scores
from prismrec.models.scoring.whole_catalogue import choose_items

N = 30


class Fixed:
    """Gives item i the evidence `table[last item of the history, i]`, in two parts."""

    kind: ClassVar[str] = "fixed"

    def __init__(self, table: np.ndarray, log_ready: bool = False) -> None:
        self.table, self.log_ready = table.astype(np.float32), log_ready
        self.part_names = ("head", "tail")

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        last = queries.histories.padded(1)[:, 0]
        rows = np.where((last >= 0)[:, None], self.table[np.maximum(last, 0)], 0)
        return choose_items(rows.astype(np.float32), items)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        score = self.score(queries, items)
        return np.stack([0.25 * score, 0.75 * score], axis=-1)

    def extended(self, features: ItemFeatures, changed: np.ndarray) -> Fixed:
        table = np.zeros((len(features), len(features)), np.float32)
        table[: len(self.table), : len(self.table)] = self.table
        return Fixed(table, self.log_ready)

    def state(self) -> State:
        return State(self.kind, {}, {"table": self.table})


def cases_of(targets: np.ndarray, histories: list[list[int]]) -> Cases:
    n = len(targets)
    none = np.zeros(n, bool)
    people = np.arange(n, dtype=np.int32)
    return Cases(QueryBatch.of(histories), targets.astype(np.int32), people, none, none)
