"""Full ranking: against a naive oracle, under ties, and without leaking the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prismrec.core import Cases, QueryBatch, TrainingDiverged, metrics
from prismrec.core.metrics import NEVER
from prismrec.evaluation.protocols import ListTask, rank_lists, rank_model, rank_system
from prismrec.evaluation.ranks import HistoryFilter, rank_batch, top

HAD = HistoryFilter()


def cases_of(histories: list[list[int]], targets: list[int]) -> Cases:
    n = len(targets)
    return Cases(
        QueryBatch.of(histories),
        np.array(targets, np.int32),
        np.arange(n, dtype=np.int32),
        np.zeros(n, bool),
        np.zeros(n, bool),
    )


class Table:
    """Scores by a fixed row for each query, told apart by the first item of its history."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = np.asarray(rows, np.float32)

    def score(self, queries: QueryBatch, items: np.ndarray | None = None) -> np.ndarray:
        first = queries.histories.items[queries.histories.indptr[:-1]]
        return self.rows[first]


class HistoryFirst:
    """Puts what the user had already before everything else."""

    def score(self, queries: QueryBatch, items: np.ndarray | None = None) -> np.ndarray:
        scores = np.tile(-np.arange(6, dtype=np.float32), (len(queries), 1))
        scores[queries.histories.rows, queries.histories.items] = 100
        return scores

    def rank(self, queries: QueryBatch, n: int, allowed: np.ndarray | None = None) -> np.ndarray:
        return top(self.score(queries), n)  # deaf to what is allowed


LEVELS = st.integers(-2, 2).map(float)


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(np.float32, (3, 7), elements=LEVELS),
    st.lists(st.integers(0, 6), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(0, 6), max_size=4), min_size=3, max_size=3),
    st.booleans(),
)
def test_ranks_and_lists_agree_with_a_naive_ranking(scores, targets, histories, repeats) -> None:
    ranked = rank_batch(
        scores.copy(), cases_of(histories, targets), k=4, rule=HistoryFilter(repeats)
    )
    for row, (target, history) in enumerate(zip(targets, histories, strict=True)):
        eligible = [i for i in range(7) if repeats or i not in history]
        best = sorted(eligible, key=lambda i: (-scores[row, i], i))[:4]
        assert ranked.lists[row].tolist() == best + [-1] * (4 - len(best))
        if target not in eligible:
            assert ranked.ranks.greater[row] == NEVER
            continue
        others = [scores[row, i] for i in eligible if i != target]
        assert ranked.ranks.others[row] == len(others)
        assert ranked.ranks.greater[row] == sum(s > scores[row, target] for s in others)
        assert ranked.ranks.equal[row] == sum(s == scores[row, target] for s in others)


def test_batches_change_nothing() -> None:
    rng = np.random.default_rng(0)
    scorer = Table(rng.standard_normal((9, 9)))
    cases = cases_of([[i] for i in range(9)], [(i + 3) % 9 for i in range(9)])
    whole = rank_model(scorer, cases, k=3, rule=HAD, batch=100)
    cut = rank_model(scorer, cases, k=3, rule=HAD, batch=2)
    assert np.array_equal(whole.ranks.greater, cut.ranks.greater)
    assert np.array_equal(whole.lists, cut.lists)


def test_history_first_gains_nothing_where_the_history_is_filtered() -> None:
    cases = cases_of([[4, 5], [4, 5]], [4, 0])
    for ranked in (
        rank_model(HistoryFirst(), cases, k=3, rule=HAD, batch=8),
        rank_system(HistoryFirst(), cases, ListTask(3, 6, HAD), batch=8),
    ):
        assert metrics.recall(ranked.ranks, 3)[0] == 0.0
    filtered = rank_model(HistoryFirst(), cases, k=3, rule=HAD, batch=8)
    assert filtered.lists.tolist() == [[0, 1, 2], [0, 1, 2]]
    wanted = rank_model(HistoryFirst(), cases, k=3, rule=HistoryFilter(repeats=True), batch=8)
    assert metrics.recall(wanted.ranks, 3).tolist() == [1.0, 1.0]


def test_a_target_unknown_to_the_scorer_is_a_miss() -> None:
    cases = cases_of([[0], [0]], [6, -1])
    ranked = rank_model(HistoryFirst(), cases, k=3, rule=HAD, batch=8)
    assert ranked.ranks.missed.all()


def test_the_system_is_held_to_its_list() -> None:
    cases = cases_of([[0], [0], [0]], [3, 2, 5])
    lists = np.array([[3, 1], [1, 2], [1, -1]], np.int32)
    ranked = rank_lists(lists, cases, HAD)
    assert metrics.reciprocal_rank(ranked.ranks, 2).tolist() == [1.0, 0.5, 0.0]


def test_both_protocols_agree_on_a_system_that_shows_the_best() -> None:
    rng = np.random.default_rng(1)
    scorer = Table(rng.standard_normal((9, 9)))
    cases = cases_of([[i] for i in range(9)], [(i + 3) % 9 for i in range(9)])
    model = rank_model(scorer, cases, k=5, rule=HAD, batch=4)
    system = rank_lists(model.lists, cases, HAD)
    for metric in (metrics.recall, metrics.ndcg, metrics.reciprocal_rank):
        assert np.allclose(metric(model.ranks, 5), metric(system.ranks, 5))


def test_a_score_that_is_not_a_number_is_refused() -> None:
    scores = np.zeros((2, 6), np.float32)
    scores[1, 3] = np.nan
    with pytest.raises(TrainingDiverged, match="finite"):
        rank_batch(scores, cases_of([[0], [0]], [1, 2]), k=2, rule=HAD)


def test_no_cases_give_no_ranks() -> None:
    ranked = rank_model(HistoryFirst(), cases_of([], []), k=3, rule=HAD, batch=8)
    assert len(ranked.ranks) == 0
    assert ranked.lists.shape == (0, 3)


def test_only_what_was_consumed_or_refused_stays_away() -> None:
    cases = cases_of([[4, 5, 3]], [4])
    histories = cases.queries.histories
    kinds = replace(histories, kinds=np.array([0, 1, 0], np.int16))
    viewed = replace(cases, queries=replace(cases.queries, histories=kinds))
    bought = HistoryFilter(consumed=frozenset({1}))
    assert bought.allowed(viewed.queries, 6).tolist() == [[True, True, True, True, True, False]]
    assert not bought.missed(viewed).any()
    weights = replace(histories, weights=np.array([1, 1, -1], np.float32))
    disliked = replace(cases.queries, histories=weights)
    again = HistoryFilter(repeats=True).allowed(disliked, 6)
    assert again.tolist() == [[True, True, True, False, True, True]]


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 300), st.integers(1, 12), st.integers(0, 1000), st.sampled_from([2, 1000]))
def test_the_top_of_long_rows_is_the_top_of_a_stable_sort(n, k, seed, levels) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (4, n)).astype(np.float32)
    scores[rng.random((4, n)) < 0.2] = -np.inf
    expected = np.full((4, k), -1)
    for row in range(4):
        order = np.argsort(-scores[row], kind="stable")
        order = order[scores[row, order] > -np.inf][:k]
        expected[row, : len(order)] = order
    assert np.array_equal(top(scores, k), expected)
