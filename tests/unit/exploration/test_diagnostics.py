"""Diagnostics: what a log can and cannot answer, and propensities that are not what they claim."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadInput, PrismError
from prismrec.exploration.diagnostics import (
    NoSupport,
    check_log,
    effective_sample_size,
    frequency_check,
    mean_weight_check,
    require_support,
    support,
)


def test_effective_sample_size() -> None:
    assert effective_sample_size(np.ones(7)) == pytest.approx(7.0)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert effective_sample_size(np.array([2.0, 1.0])) == pytest.approx(9 / 5)
    assert effective_sample_size(np.zeros(3)) == 0.0


def test_support_is_the_targets_mass_on_what_was_seen() -> None:
    target = np.array([[0.5, 0.5, 0.0], [0.2, 0.0, 0.8]])
    seen = np.array([[3.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    assert support(target, seen, np.array([0.4, 0.6])) == pytest.approx(0.4 * 0.5 + 0.6)


def test_no_support_is_refused_with_a_hint() -> None:
    with pytest.raises(NoSupport, match=r"20\.0%") as raised:
        require_support(0.2, np.ones(5))
    assert raised.value.hint
    assert isinstance(raised.value, PrismError)
    with pytest.raises(NoSupport, match="nothing"):
        require_support(1.0, np.zeros(5))
    require_support(1.0, np.ones(5))


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.5, np.nan])
def test_impossible_propensities_are_refused(wrong: float) -> None:
    with pytest.raises(BadInput, match="1 of 2 propensities"):
        check_log(np.ones(2), np.array([0.5, wrong]))


def test_empty_logs_and_rewards_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BadInput, match="no rows"):
        check_log(np.array([]), np.array([]))
    with pytest.raises(BadInput, match="finite"):
        check_log(np.array([np.nan]), np.array([0.5]))


def test_a_planted_error_of_two_points_at_one_action_is_caught() -> None:
    truth = np.full(6, 1 / 6)
    claimed = truth.copy()
    claimed[4] -= 0.02
    claimed[0] += 0.02
    accused = 0
    for seed in range(20):
        actions = np.random.default_rng(seed).choice(6, 100_000, p=truth)
        caught = frequency_check(actions, claimed[actions], 6)
        assert not caught.honest
        assert caught.which in (0, 4)
        accused += not frequency_check(actions, truth[actions], 6).honest
    assert accused <= 2  # at 1% each


def test_honest_propensities_pass_nearly_always_also_when_contexts_differ() -> None:
    rng, false_alarms = np.random.default_rng(1), 0
    for _ in range(200):
        chances = rng.dirichlet(np.ones(5), 400)
        chances = 0.05 + 0.75 * chances
        actions = (rng.random(400)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
        logged = chances[np.arange(400), actions]
        false_alarms += not frequency_check(actions, logged, 5).honest
        false_alarms += not mean_weight_check(0.2 / logged).honest
    assert false_alarms <= 16  # 400 tests at 1%: four expected


def test_the_mean_weight_shows_missing_support() -> None:
    rng = np.random.default_rng(2)
    actions = rng.choice(2, 5000)  # of four that the target may choose
    weights = np.full(len(actions), 0.25 / 0.5)
    assert not mean_weight_check(weights).honest
    assert mean_weight_check(np.ones(5000)).honest


def test_a_log_too_short_to_test_is_not_accused() -> None:
    assert frequency_check(np.array([0, 1]), np.array([0.5, 0.01]), 2).honest
