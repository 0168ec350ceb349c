"""The marketplace benchmark counts what it says it counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import marketplace
from benchmarks.marketplace import EARNED, REACHED, Ran, Reach, told
from prismrec.evaluation.simulator import Environment, SimulatorSettings, simulate

SMALL = SimulatorSettings(items=200, users=300, events=2_000, days=60, new_items=0.4)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(marketplace, "WORLD", SMALL)
    people = replace(marketplace.PEOPLE, visits=2_000, together=50)
    return Environment(simulate(SMALL, 1), people, 1)


def test_a_new_product_is_known_once_enough_of_its_audience_met_it(world: Environment) -> None:
    """The newest ten products to everybody: one is known when ten of its audience have come."""
    reach, visits = Reach(world), world.reset()
    met: dict[int, set[int]] = {}
    created = world.market.truth.products.created_at
    first = int(np.searchsorted(created, world.begins))
    while visits is not None:
        newest = np.arange(visits.live - 10, visits.live)
        slates = np.tile(newest, (len(visits.users), 1))
        reach.see(visits, slates)
        for new in newest[newest >= first] - first:
            met.setdefault(int(new), set()).update(visits.users.tolist())
        _, visits = world.step(slates)
    waited = reach.waited
    assert len(waited) == len(reach.good)
    assert reach.good.sum() == pytest.approx(0.25 * len(waited), abs=1)
    never = [new for new in range(len(waited)) if len(met.get(new, ())) < REACHED]
    ends = world.settings.visits - reach._from
    np.testing.assert_allclose(waited[never], np.maximum(ends[never], 1.0))
    assert (waited < ends).any()


def test_an_arm_is_compared_with_greedy_person_by_person(world: Environment) -> None:
    reach, rng = Reach(world), np.random.default_rng(0)
    users = rng.integers(0, SMALL.users, 2_000)
    earned = EARNED[rng.integers(0, 3, 2_000)]
    shown = np.arange(200) < 50
    greedy = Ran(earned, users, shown.astype(int), reach, [np.zeros(10)])
    better = Ran(1.2 * earned, users, np.ones(200, int), reach, [np.full(10, 0.03)])
    row = told([better], [greedy])
    assert row["gain"] == pytest.approx(0.2)
    assert 0.15 < row["gain_low"] < 0.2 < row["gain_high"] < 0.25
    assert row["worst_checkpoint"] == pytest.approx(0.2)
    assert row["expected_loss"] == pytest.approx(0.03)
    assert row["coverage_ratio"] == pytest.approx(4.0)
    assert row["sooner"] == 1.0
