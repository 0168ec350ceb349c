"""Metrics against ir-measures, against enumeration of ties, and against values known by hand."""

from __future__ import annotations

import itertools

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, Success, nDCG

from prismrec.core import judged, metrics
from prismrec.core.metrics import NEVER, Ranks

GRADES = st.lists(st.integers(0, 3), min_size=1, max_size=12)


def oracle(measure, grades: list[int], order: list[int]) -> float:
    """What ir-measures says of the list `order`, best first."""
    qrels = {"q": {f"d{i}": g for i, g in enumerate(grades)}}
    run = {"q": {f"d{i}": float(len(order) - place) for place, i in enumerate(order)}}
    return ir_measures.calc_aggregate([measure], qrels, run)[measure]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 20))
def test_one_target_agrees_with_ir_measures(n: int, rank: int, k: int) -> None:
    rank = min(rank, n)
    grades = [1 if i == rank - 1 else 0 for i in range(n)]
    ranks = Ranks.of(np.array([rank]), others=n - 1)
    order = list(range(n))
    assert metrics.ndcg(ranks, k)[0] == pytest.approx(oracle(nDCG @ k, grades, order))
    assert metrics.recall(ranks, k)[0] == pytest.approx(oracle(R @ k, grades, order))
    assert metrics.precision(ranks, k)[0] == pytest.approx(oracle(P @ k, grades, order))
    assert metrics.reciprocal_rank(ranks, k)[0] == pytest.approx(oracle(RR @ k, grades, order))
    assert metrics.average_precision(ranks, k)[0] == pytest.approx(oracle(AP @ k, grades, order))
    assert metrics.hit_rate(ranks, k)[0] == pytest.approx(oracle(Success @ k, grades, order))


@settings(max_examples=100, deadline=None)
@given(GRADES, st.integers(1, 15), st.randoms(use_true_random=False))
def test_judgments_agree_with_ir_measures(grades: list[int], k: int, random) -> None:
    order = list(range(len(grades)))
    random.shuffle(order)
    scores = np.empty(len(grades))
    scores[order] = np.arange(len(grades), 0, -1)
    gains, relevant = np.array(grades, float), np.array(grades) > 0
    assert judged.judged_ndcg(scores, gains, k) == pytest.approx(oracle(nDCG @ k, grades, order))
    assert judged.judged_precision(scores, relevant, k) == pytest.approx(
        oracle(P @ k, grades, order)
    )
    assert judged.judged_recall(scores, relevant, k) == pytest.approx(oracle(R @ k, grades, order))
    assert judged.judged_average_precision(scores, relevant, k) == pytest.approx(
        oracle(AP @ k, grades, order)
    )
    assert judged.judged_reciprocal_rank(scores, relevant, k) == pytest.approx(
        oracle(RR @ k, grades, order)
    )
    assert judged.judged_hit_rate(scores, relevant, k) == pytest.approx(
        oracle(Success @ k, grades, order)
    )


JUDGED = [
    judged.judged_ndcg,
    judged.judged_precision,
    judged.judged_recall,
    judged.judged_f1,
    judged.judged_average_precision,
    judged.judged_reciprocal_rank,
    judged.judged_hit_rate,
]


@pytest.mark.parametrize("metric", JUDGED)
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=6),
    st.integers(1, 7),
)
def test_ties_are_the_mean_over_every_order(metric, rows, k: int) -> None:
    scores = np.array([score for score, _ in rows], float)
    relevant = np.array([flag for _, flag in rows], float)
    values = []
    for jitter in itertools.permutations(range(len(rows))):
        strict = scores + np.array(jitter) / 100
        values.append(metric(strict, relevant, k))
    assert metric(scores, relevant, k) == pytest.approx(np.mean(values))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10), st.integers(1, 12))
def test_a_tied_target_gets_the_mean_over_its_ranks(above, equal, below, k) -> None:
    others = above + equal + below
    tied = Ranks(np.array([above]), np.array([equal]), np.array([others]))
    possible = Ranks.of(np.arange(above + 1, above + equal + 2), others=others)
    for metric in (metrics.ndcg, metrics.recall, metrics.reciprocal_rank, metrics.f1):
        assert metric(tied, k)[0] == pytest.approx(metric(possible, k).mean())
    assert metrics.auc(tied)[0] == pytest.approx(metrics.auc(possible).mean())


def test_a_constant_scorer_gets_what_chance_gets() -> None:
    ranks = Ranks(np.array([0]), np.array([99]), np.array([99]))
    assert metrics.recall(ranks, 10)[0] == pytest.approx(0.1)
    assert metrics.auc(ranks)[0] == pytest.approx(0.5)


def test_a_target_that_can_not_come_out_scores_nothing() -> None:
    ranks = Ranks.of(np.array([NEVER, 1]), others=9)
    assert ranks.missed.tolist() == [True, False]
    for metric in (metrics.ndcg, metrics.recall, metrics.reciprocal_rank, metrics.precision):
        assert metric(ranks, 10)[0] == 0.0
    assert metrics.auc(ranks).tolist() == [0.0, 1.0]


def test_f1_is_the_harmonic_mean_where_the_target_is_found() -> None:
    ranks = Ranks.of(np.array([3]), others=9)
    p, r = metrics.precision(ranks, 5)[0], metrics.recall(ranks, 5)[0]
    assert metrics.f1(ranks, 5)[0] == pytest.approx(2 * p * r / (p + r))


def test_exponential_gains_weigh_the_best_grade_more() -> None:
    grades = np.array([3.0, 0.0, 1.0])
    upside_down = np.array([1.0, 2.0, 3.0])
    linear = judged.judged_ndcg(upside_down, grades, 3)
    assert judged.judged_ndcg(upside_down, 2**grades - 1, 3) < linear
    by_hand = (1 + 3 / np.log2(4)) / (3 + 1 / np.log2(3))
    assert linear == pytest.approx(by_hand)


def test_without_a_relevant_item_everything_is_zero() -> None:
    nothing = np.zeros(4)
    for metric in JUDGED:
        assert metric(np.arange(4.0), nothing, 3) == 0.0
