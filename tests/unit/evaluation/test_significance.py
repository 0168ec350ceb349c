"""Intervals hold what they promise, and people are not mistaken for independent cases."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadInput
from prismrec.evaluation.significance import (
    bootstrap_means,
    interval,
    paired,
    pooled,
    totals,
    wilson,
)


def width(values: np.ndarray, clusters: np.ndarray) -> float:
    draws = bootstrap_means(totals(values, clusters), 1000, np.random.default_rng(3))
    low, high = interval(draws[:, 0])
    return high - low


def test_a_95_percent_interval_covers_about_95_percent_of_the_time() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        values = rng.exponential(1.0, 120)
        draws = bootstrap_means(totals(values, np.arange(120)), 400, rng)
        low, high = interval(draws[:, 0])
        hits += low <= 1.0 <= high
    assert 0.89 <= hits / 300 <= 0.98


def test_the_bootstrap_spread_is_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(0, 2, 1000)
    expected = 2 * 1.96 * values.std() / np.sqrt(1000)
    assert width(values, np.arange(1000)) == pytest.approx(expected, rel=0.1)


def test_clustered_intervals_are_wider_where_users_repeat() -> None:
    rng = np.random.default_rng(2)
    users = np.repeat(np.arange(100), 10)
    values = np.repeat(rng.normal(size=100), 10) + rng.normal(0, 0.1, 1000)
    assert width(values, users) > 2.5 * width(values, np.arange(1000))


def test_means_are_over_cases_not_over_users() -> None:
    data = totals(np.array([1.0, 1.0, 1.0, 0.0]), np.array([7, 7, 7, 9]))
    assert data.means[0] == pytest.approx(0.75)
    assert data.counts.tolist() == [3.0, 1.0]


def test_equal_models_do_not_differ_and_unequal_ones_do() -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(size=500)
    users = np.arange(500)
    same = paired(a, a, users, rng)
    assert (same.mean, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    better = paired(a + 0.2 + rng.normal(0, 0.3, 500), a, users, rng)
    assert better.significant
    assert better.p < 0.01
    assert better.low < better.mean < better.high


def test_p_is_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    clusters = np.arange(60)
    zeros = np.zeros(60)
    ps = [paired(rng.normal(size=60), zeros, clusters, rng, resamples=199).p for _ in range(300)]
    assert np.mean(np.array(ps) <= 0.05) < 0.09
    assert np.mean(ps) == pytest.approx(0.5, abs=0.06)


def test_every_data_set_has_the_same_say_when_pooled() -> None:
    large = totals(np.full(1000, 0.0), np.arange(1000))
    small = totals(np.full(10, 0.4), np.arange(10))
    verdict = pooled([large, small], np.random.default_rng(6))
    assert verdict.mean == pytest.approx(0.2)


def test_pooling_finds_what_no_single_set_shows() -> None:
    rng = np.random.default_rng(7)
    sets = [totals(rng.normal(0.15, 1.0, 120), np.arange(120)) for _ in range(8)]
    alone = [pooled([one], rng).p for one in sets]
    assert pooled(sets, rng).p < np.median(alone)


def test_pooling_nothing_is_refused() -> None:
    with pytest.raises(BadInput):
        pooled([], np.random.default_rng(0))


def test_wilson_against_published_values() -> None:
    low, high = wilson(10, 100)
    assert (low, high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 50)[0] == 0.0


def test_the_same_generator_gives_the_same_interval() -> None:
    data = totals(np.random.default_rng(8).normal(size=50), np.arange(50))
    a = bootstrap_means(data, 100, np.random.default_rng(9))
    b = bootstrap_means(data, 100, np.random.default_rng(9))
    assert np.array_equal(a, b)
