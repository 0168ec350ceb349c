"""Intervals: coverage in seeded simulations with bounds that can fail, and exact corner cases."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadInput
from prismrec.exploration.estimators import ips, self_normalised_ips
from prismrec.exploration.intervals import (
    bootstrap,
    confidence_sequence,
    empirical_bernstein,
    lower_sequence,
    normal,
)

LOGGED, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
CLICK = np.array([0.2, 0.4, 0.6])
VALUE = float(TARGET @ CLICK)
BOUNDS = (0.0, 2.5)  # of weight times reward


def logs(count: int, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(11)
    out = []
    for _ in range(count):
        a = rng.choice(3, n, p=LOGGED)
        out.append(((rng.random(n) < CLICK[a]).astype(float), (TARGET / LOGGED)[a]))
    return out


@pytest.mark.parametrize("made", [ips, self_normalised_ips])
def test_the_bootstrap_covers_about_as_often_as_it_says(made) -> None:
    rng, inside = np.random.default_rng(1), 0
    for rewards, weights in logs(300, 300):
        low, high = bootstrap(made(rewards, weights), rng, resamples=200)
        inside += low <= VALUE <= high
    assert 0.915 <= inside / 300 <= 0.98  # 0.95 give or take three standard errors


def test_bootstrap_and_normal_agree_on_a_long_log_and_the_seed_decides() -> None:
    terms = ips(*logs(1, 5000)[0])
    drawn = bootstrap(terms, np.random.default_rng(4), resamples=500)
    assert drawn == pytest.approx(normal(terms), abs=0.005)
    assert drawn == bootstrap(terms, np.random.default_rng(4), resamples=500)
    assert drawn != bootstrap(terms, np.random.default_rng(5), resamples=500)


def test_the_bootstrap_leans_to_the_side_of_the_large_weights() -> None:
    terms = ips(np.ones(200), np.r_[np.zeros(190), np.full(10, 20.0)])
    low, high = bootstrap(terms, np.random.default_rng(0))
    assert high - terms.value > 1.3 * (terms.value - low)


def test_a_log_without_spread_gets_the_estimate_itself() -> None:
    for rewards in (np.zeros(50), np.ones(50), np.ones(1)):
        terms = ips(rewards, np.ones(len(rewards)))
        assert bootstrap(terms, np.random.default_rng(0)) == (terms.value, terms.value)


def test_bernstein_covers_always_and_narrows() -> None:
    inside = 0
    for rewards, weights in logs(300, 300):
        low, high = empirical_bernstein(rewards[:, None], weights[:, None], (0.0, 1.0))
        inside += low <= VALUE <= high
    assert inside / 300 >= 0.95
    short, long = (
        empirical_bernstein(r[:, None], w[:, None], (0.0, 1.0))
        for (r, w) in (logs(1, 200)[0], logs(1, 20000)[0])
    )
    assert long[1] - long[0] < (short[1] - short[0]) / 5


def test_bernstein_moves_with_its_rewards_and_sums_over_places() -> None:
    rewards, weights = (each[:, None] for each in logs(1, 2000)[0])
    low, high = empirical_bernstein(rewards, weights, (0.0, 1.0))
    moved = empirical_bernstein(10.0 * rewards - 4.0, weights, (-4.0, 6.0))
    assert moved == pytest.approx((10 * low - 4, 10 * high - 4))
    twice = empirical_bernstein(np.tile(rewards, 2), np.tile(weights, 2), (0.0, 1.0))
    assert twice == pytest.approx((2 * low, 2 * high))
    assert empirical_bernstein(np.ones((5, 2)), np.ones((5, 2)), (1.0, 1.0)) == (2.0, 2.0)


def test_bernstein_needs_no_bound_on_the_weights() -> None:
    rng, inside = np.random.default_rng(6), 0
    for _ in range(300):
        weights = np.where(rng.random(400) < 0.01, 100.0, 0.0)  # 1 in the mean, often unseen
        rewards = (rng.random(400) < 0.5).astype(float)
        low, high = empirical_bernstein(rewards[:, None], weights[:, None], (0.0, 1.0))
        inside += low <= 0.5 <= high
    assert inside / 300 >= 0.95


def test_lower_bounds_hold_at_all_times_at_once() -> None:
    inside = 0
    for rewards, weights in logs(300, 500):
        inside += bool(np.all(lower_sequence(rewards * weights, alpha=0.05) <= VALUE))
    assert inside / 300 >= 0.95
    values = np.full(5000, 0.5)
    assert lower_sequence(values, alpha=0.05)[-1] > 0.45


def test_the_sequence_covers_at_all_times_at_once() -> None:
    inside = 0
    for rewards, weights in logs(300, 500):
        lower, upper = confidence_sequence(rewards * weights, BOUNDS)
        inside += bool(np.all((lower <= VALUE) & (upper >= VALUE)))
    assert inside / 300 >= 0.95


def test_the_sequence_only_narrows_and_in_the_end_decides() -> None:
    rewards, weights = logs(1, 20_000)[0]
    lower, upper = confidence_sequence(rewards * weights, BOUNDS)
    assert np.all(np.diff(lower) >= 0)
    assert np.all(np.diff(upper) <= 0)
    assert upper[-1] - lower[-1] < 0.1
    assert lower[-1] > 0.3  # the value is 0.46, what the log earned 0.34


def test_a_value_out_of_bounds_is_refused() -> None:
    with pytest.raises(BadInput, match="outside"):
        empirical_bernstein(np.array([[0.0], [3.0]]), np.ones((2, 1)), (0.0, 2.0))
    with pytest.raises(BadInput, match="outside"):
        confidence_sequence(np.array([0.0, np.nan]), (0.0, 2.0))
    assert empirical_bernstein(np.ones((1, 1)), np.ones((1, 1)), (0.0, 2.0)) == (0.0, 2.0)
