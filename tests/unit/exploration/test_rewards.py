"""Rewards joined to exposures: each fault of a real feed has its test."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import BadSettings, Event, Exposure
from prismrec.exploration.rewards import join_rewards

HOUR = 3_600_000
SHOWN = Exposure(
    exposure_id="e1", at=1000, release=1, policy="greedy", policy_version="1", seed=0,
    shortlist=("a", "b", "c"), scores=(3.0, 2.0, 1.0), chosen=("b", "a"),
    propensities=(0.5, 0.5), user_id="ann",
)  # fmt: skip
OTHER = replace(SHOWN, exposure_id="e2", chosen=("c",), propensities=(1.0,), user_id="bob")
CLICK = Event("a", "click", user_id="ann", timestamp=2000, event_id="1", exposure_id="e1")
WORTH = {"click": 1.0, "purchase": 10.0, "return": -5.0}


def joined(*events: Event, window: int = HOUR):
    return join_rewards([SHOWN, OTHER], events, WORTH, window=window)


def test_a_reward_goes_to_the_place_of_its_item() -> None:
    bought = replace(
        CLICK, event="purchase", event_id="2", item_id="c", user_id="bob", exposure_id="e2"
    )
    found = joined(CLICK, bought)
    np.testing.assert_array_equal(found.rewards, [[0.0, 1.0], [10.0, 0.0]])
    assert found.counts == {"counted": 2}


def test_types_add_up_and_a_return_takes_away() -> None:
    steps = [replace(CLICK, event=kind, event_id=kind) for kind in WORTH]
    assert joined(*steps).rewards[0, 1] == 6.0


@pytest.mark.parametrize(
    ("event", "fate"),
    [
        (replace(CLICK, exposure_id="e9"), "unknown"),
        (replace(CLICK, exposure_id=""), "unnamed"),
        (replace(CLICK, item_id="c"), "elsewhere"),
        (replace(CLICK, user_id="eve"), "foreign"),
        (replace(CLICK, timestamp=999), "early"),
        (replace(CLICK, timestamp=1001 + HOUR), "late"),
        (replace(CLICK, event="view"), "unrewarded"),
    ],
)
def test_what_does_not_count_is_counted_as_such(event: Event, fate: str) -> None:
    found = joined(event)
    assert not found.rewards.any()
    assert found.counts == {fate: 1}


def test_the_window_includes_its_end_and_the_moment_itself() -> None:
    assert joined(replace(CLICK, timestamp=1000)).rewards.sum() == 1.0
    assert joined(replace(CLICK, timestamp=1000 + HOUR)).rewards.sum() == 1.0


def test_doubled_feedback_counts_once() -> None:
    again = replace(CLICK, event_id="7", timestamp=2500)
    found = joined(CLICK, CLICK, again)
    assert found.rewards.sum() == 1.0
    assert found.counts == {"counted": 1, "repeated": 2}


def test_a_session_that_became_a_user_is_not_foreign() -> None:
    anonymous = replace(SHOWN, user_id="", session_id="s1")
    later = replace(CLICK, user_id="ann", session_id="s1")
    assert join_rewards([anonymous], [later], WORTH).rewards.sum() == 1.0
    forged = replace(CLICK, user_id="", session_id="s2")
    assert join_rewards([anonymous], [forged], WORTH).counts == {"foreign": 1}


def test_dwelling_earns_by_the_second_and_the_longest_look_counts() -> None:
    looks = [15.0, 45.0, 30.0, float("nan"), -3.0]
    events = [
        replace(CLICK, event="dwell", value=seconds, event_id=str(number))
        for number, seconds in enumerate(looks)
    ]
    for order in (events, events[::-1]):
        assert join_rewards([SHOWN], order, {"dwell": 2.0}).rewards[0, 1] == 1.5
    long = replace(events[0], value=7_200.0)
    assert join_rewards([SHOWN], [long, long], {"dwell": 2.0}).rewards[0, 1] == 2.0
    assert not join_rewards([SHOWN], [replace(long, value=None)], {"dwell": 2.0}).rewards.any()


def test_order_does_not_matter_and_lost_feedback_takes_only_its_own() -> None:
    events = [
        CLICK, replace(CLICK, event_id="2"), replace(CLICK, event="purchase", event_id="3"),
        replace(CLICK, item_id="b", event_id="4"), replace(CLICK, timestamp=10**12, event_id="5"),
    ]  # fmt: skip
    right = joined(*events)
    for seed in range(10):
        random.Random(seed).shuffle(events)
        np.testing.assert_array_equal(joined(*events).rewards, right.rewards)
    kept = [event for event in events if event.item_id != "b"]
    np.testing.assert_array_equal(joined(*kept).rewards[0], [0.0, right.rewards[0, 1]])


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadSettings, match="window"):
        joined(window=0)
    with pytest.raises(BadSettings, match="click"):
        join_rewards([SHOWN], [], {"click": float("nan")})


def test_nothing_shown_gives_nothing() -> None:
    assert join_rewards([], [CLICK], WORTH).counts == {"unknown": 1}
