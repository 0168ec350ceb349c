"""What exploring did and would do, on logs small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from prismrec.core import Exposure
from prismrec.exploration import EpsilonGreedy, Greedy, Price, Priced
from prismrec.exploration.overview import by_policy, explored, newcomers, preview

HALF = math.log(0.5)


def shown(
    chosen: str,
    propensities: tuple[float, ...],
    *,
    name: str = "x",
    policy: str = "p",
    release: int = 1,
    text: str = "",
) -> Exposure:
    """A slate from the shortlist a, b, c, worth 1, 1/2 and 1/4."""
    return Exposure(
        exposure_id=name,
        at=0,
        release=release,
        policy=policy,
        policy_version="1",
        seed=0,
        shortlist=("a", "b", "c"),
        scores=(0.0, HALF, 2 * HALF),
        chosen=tuple(chosen),
        propensities=propensities,
        text=text,
    )


def test_a_place_is_explored_where_chance_took_another_than_the_best_left() -> None:
    found = explored([shown("ab", (0.9, 0.9)), shown("ba", (0.1, 0.9)), shown("ca", (1.0, 1.0))])
    assert found.slates == 3
    assert found.requests == pytest.approx(1 / 3)  # The third was certain: no chance in it.
    assert found.places == pytest.approx(1 / 6)  # After b, a is the best that is left.
    assert found.expected_loss == pytest.approx((0 + 0.5 / 1.5 + 0) / 3)
    assert found.items == 3


def test_searches_are_left_out_and_an_empty_log_is_no_error() -> None:
    assert explored([shown("ba", (0.1, 0.9), text="boots")]).slates == 0
    assert explored([]).places == 0.0
    assert preview([], Greedy(), lambda item: 0).slates == 0


def test_reward_by_policy_version_and_release() -> None:
    log = [
        shown("ab", (1.0, 1.0), policy="greedy"),
        shown("ab", (1.0, 1.0), policy="greedy"),
        shown("ba", (0.5, 1.0), policy="plackett-luce", release=2),
    ]
    new, old = by_policy(log, np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]))
    assert (new.policy, new.release, new.slates, new.reward) == ("plackett-luce", 2, 1, 3.0)
    assert (old.policy, old.slates, old.reward) == ("greedy", 2, 1.0)
    assert old.interval == pytest.approx((1.0, 1.0))


def test_what_new_items_got() -> None:
    log = [shown("ab", (1.0, 1.0)), shown("bc", (0.5, 1.0))]
    created = {"a": 0, "b": 100, "c": 200, "d": 300}
    found = newcomers(log, np.array([[0.0, 1.0], [0.0, 3.0]]), created, since=150)
    assert (found.items, found.shown) == (2, 1)
    assert found.places == pytest.approx(1 / 4)
    assert found.reward == pytest.approx(3 / 4)


def test_a_preview_says_what_a_budget_buys() -> None:
    log = [shown("ab", (1.0, 1.0), name=str(n)) for n in range(4000)]
    position = "abc".index
    greedy = preview(log, Greedy(), position)
    assert (greedy.places, greedy.expected_loss, greedy.items) == (0.0, 0.0, 2)
    free = preview(log, EpsilonGreedy(0.3), position)
    # At the first place b or c with 0.1 each; the loss is 0.5 or 0.75 of 1.5 in all, and at the
    # second place something else is the best.
    assert free.requests == pytest.approx(1 - 0.8 * 0.85, abs=0.03)
    assert free.items == 3
    tight = preview(log, Priced(EpsilonGreedy(0.3), Price(max_expected_loss=0.02)), position)
    assert 0.0 < tight.expected_loss <= 0.025
    assert tight.expected_loss < 0.5 * free.expected_loss
    assert tight.places < free.places


def test_items_that_are_gone_are_not_drawn() -> None:
    log = [shown("ab", (1.0, 1.0), name=str(n)) for n in range(50)]
    found = preview(log, EpsilonGreedy(1.0), {"a": 0, "b": 1, "c": -1}.__getitem__)
    assert found.items == 2
