"""Independent and pseudo-inverse weights of logged slates, on worlds small enough to enumerate."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Exposure
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.logs import SlateLog, slate_log
from prismrec.exploration.marginals import marginal_weights
from prismrec.exploration.ope_slates import evaluate_slates

ITEMS = "abcd"
SHOWN = Exposure(
    exposure_id="e", at=0, release=1, policy="p", policy_version="1", seed=0,
    shortlist=tuple("cadb"), scores=(2.0, 4.0, 1.0, 3.0), chosen=("a",), propensities=(1.0,),
)  # fmt: skip
WORTH = np.random.default_rng(3).normal(size=(3, 4))  # of each item at each place


def world(chances: dict[str, tuple[float, ...]]) -> tuple[SlateLog, np.ndarray]:
    """Every slate that a policy may show, and how often it does."""
    shown = [
        replace(SHOWN, exposure_id=slate, user_id=slate, chosen=tuple(slate), propensities=chance)
        for slate, chance in chances.items()
    ]
    rewards = np.array(
        [[WORTH[place, ITEMS.index(item)] for place, item in enumerate(slate)] for slate in chances]
    )
    return slate_log(shown, rewards), np.array([np.prod(chance) for chance in chances.values()])


def value(policy: str, places: int) -> float:
    """What it earns, summed over every slate it shows."""
    slates = (
        [tuple(range(places))] if policy == "greedy" else itertools.permutations(range(4), places)
    )
    return float(np.mean([sum(WORTH[p, i] for p, i in enumerate(slate)) for slate in slates]))


def uniform(places: int) -> dict[str, tuple[float, ...]]:
    chance = tuple(1 / (4 - place) for place in range(places))
    return {"".join(slate): chance for slate in itertools.permutations(ITEMS, places)}


LAST = {"abc": (1.0, 1.0, 0.7), "abd": (1.0, 1.0, 0.3)}  # a, b for certain, then a draw


@pytest.mark.parametrize("places", [1, 2, 3])
@pytest.mark.parametrize("policy", ["uniform", "greedy"])
def test_both_are_unbiased_for_sums_over_places_from_uniform_slates(
    policy: str, places: int
) -> None:
    log, chance = world(uniform(places))
    weights, whole = marginal_weights(log, policy)
    assert chance @ (weights * log.rewards).sum(axis=1) == pytest.approx(value(policy, places))
    assert chance @ (whole * log.rewards.sum(axis=1)) == pytest.approx(value(policy, places))
    assert chance @ whole == pytest.approx(1.0)


def test_both_are_unbiased_where_only_the_last_place_is_drawn() -> None:
    log, chance = world(LAST)
    weights, whole = marginal_weights(log, "greedy")
    assert chance @ (weights * log.rewards).sum(axis=1) == pytest.approx(value("greedy", 3))
    assert chance @ (whole * log.rewards.sum(axis=1)) == pytest.approx(value("greedy", 3))
    np.testing.assert_allclose(whole, [1 / 0.7, 0.0])
    with pytest.raises(NoSupport):  # uniform shows other items first, which this log never does
        marginal_weights(log, "uniform")


def test_slates_that_are_drawn_from_above_are_refused_with_the_reason() -> None:
    log, _ = world({"ab": (0.8, 1.0), "ba": (0.2, 1.0)})
    with pytest.raises(NoSupport, match="above the last place"):
        marginal_weights(log, "greedy")
    report = evaluate_slates(log, "greedy", seed=0)
    assert set(report.refused) == {"iips", "pi"}
    assert "iips" not in [each.name for each in report.estimates]
    told = evaluate_slates(world(uniform(2))[0], "greedy", seed=0)
    assert told.refused == {}
    assert [each.name for each in told.estimates][-2:] == ["iips", "pi"]
