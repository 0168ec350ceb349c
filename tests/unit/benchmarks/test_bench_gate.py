"""The benchmark of the gate: its worlds are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gate import World, chances, judged


def test_the_worth_of_a_policy_is_the_mean_over_its_slates() -> None:
    rng = np.random.default_rng(0)
    world = World(rng.uniform(0, 1, (50, 5)), rng.normal(size=(50, 5)))
    draws = [np.take_along_axis(world.click, world.drawn(rng), 1).sum(1).mean() for _ in range(400)]
    assert np.mean(draws) == pytest.approx(world.worth(world.champion), abs=0.02)
    better = world.scores_worth(1.05, world.click)
    assert world.worth(better) == pytest.approx(1.05 * world.worth(world.champion), rel=1e-2)


def test_propensities_are_those_of_drawing_without_replacement() -> None:
    found = chances(np.zeros((1, 4)), np.array([[2, 0, 1]]))
    np.testing.assert_allclose(found, [[1 / 4, 1 / 3, 1 / 2]])


def test_a_better_release_passes_and_a_worse_one_does_not() -> None:
    assert judged(4000, 5, True, (0, 0)).passes(0.0)
    assert not judged(4000, 5, False, (0, 1)).passes(0.0)
