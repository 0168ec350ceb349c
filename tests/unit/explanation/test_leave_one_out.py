"""Leaving an item out of the history finds the one that caused the score."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from prismrec.core import ItemFeatures, QueryBatch
from prismrec.explanation import influences

CAUSES = {(1, 9): 4.0, (2, 9): 1.0, (3, 9): -2.0, (4, 8): 5.0}
"""(past item, item): how much it adds, once however often it was met."""


class Toy:
    """Adds up causes, and the length of the history to every item: a normaliser of the query."""

    kind: ClassVar[str] = "toy"
    part_names = ("toy",)

    def __init__(self) -> None:
        self.calls = 0

    def score(self, queries: QueryBatch, items: np.ndarray | None = None) -> np.ndarray:
        self.calls += 1
        assert items is not None
        histories = queries.histories
        out = np.repeat(histories.lengths[:, None] * 10.0, len(items), 1).astype(np.float32)
        for row in range(len(histories)):
            seen = set(histories.items[histories.indptr[row] : histories.indptr[row + 1]].tolist())
            for column, item in enumerate(items.tolist()):
                out[row, column] += sum(CAUSES.get((past, item), 0.0) for past in seen)
        return out

    def parts(self, queries: QueryBatch, items: np.ndarray | None = None) -> np.ndarray:
        return self.score(queries, items)[..., None]

    def extended(self, features: ItemFeatures, changed: np.ndarray) -> Toy:
        return self


QUERIES = QueryBatch.of([[4], [1, 2, 1, 3, 4], []])


def test_the_cause_is_found_and_the_normaliser_is_not_mistaken_for_one() -> None:
    scorer = Toy()
    others = np.array([5, 6, 9, -1], np.int32)
    found = influences(scorer, QUERIES, 9, 10, row=1, against=others)
    assert found == [(1, 4.0), (2, 1.0), (4, 0.0), (3, -2.0)]
    assert scorer.calls == 1


def test_only_the_top_come_back() -> None:
    assert [past for past, _ in influences(Toy(), QUERIES, 9, 1, row=1, against=np.array([5]))] == [
        1
    ]


def test_without_others_the_drop_is_of_the_score_itself() -> None:
    assert influences(Toy(), QUERIES, 8) == [(4, 15.0)]


def test_no_history_no_cause() -> None:
    assert influences(Toy(), QUERIES, 9, row=2) == []
