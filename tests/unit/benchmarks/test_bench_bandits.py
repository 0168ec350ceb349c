"""The bandit problems, and what is told of them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bandit_players import Player, features_of, play
from benchmarks.bandit_problems import PROBLEMS
from benchmarks.bandits import BELIEFS, CHOSEN, CROSSED, RULES, interval
from prismrec.exploration import BeliefSettings, LinUCB


@pytest.mark.parametrize("name", ["linear", "nonlinear", "drifting"])
def test_a_problem_is_the_same_for_a_seed_and_its_rewards_come_as_its_values_say(name: str) -> None:
    one, same, other = PROBLEMS[name](1), PROBLEMS[name](1), PROBLEMS[name](2)
    np.testing.assert_array_equal(one.rewards, same.rewards)
    assert not np.array_equal(one.queries, other.queries)
    assert set(np.unique(one.rewards)) == {0.0, 1.0}
    assert one.rewards.mean() == pytest.approx(one.values.mean(), abs=0.03)
    assert all(len(set(row)) == len(row) for row in one.candidates.tolist())


def test_a_player_learns_and_its_regret_is_repeatable() -> None:
    problem = PROBLEMS["linear"](1)
    player = Player(LinUCB(0.3), BeliefSettings(), "outer")
    regret = play(problem, player, 1)
    np.testing.assert_array_equal(regret, play(problem, player, 1))
    by_chance = (problem.values.max(axis=1) - problem.values.mean(axis=1)).mean()
    assert (regret >= 0).all()
    assert regret[-200:].mean() < 0.5 * by_chance


def test_the_sum_of_the_products_is_what_matches() -> None:
    problem = PROBLEMS["linear"](1)
    x = features_of(problem, "match")
    item = problem.items[problem.candidates[3, 2]]
    assert x[3, 2, 1] == pytest.approx(float(problem.queries[3] @ item))


def test_every_problem_has_its_settings() -> None:
    assert set(PROBLEMS) == set(BELIEFS) == set(CROSSED) == set(CHOSEN)
    assert set(CHOSEN.values()) <= set(RULES)


def test_an_interval_is_the_mean_and_two_standard_errors() -> None:
    assert interval([1.0, 3.0]) == "2.0 (0.0 to 4.0)"
