"""Assignment to arms, and what may be said of them at any time."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadInput, BadSettings, Exposure
from prismrec.exploration.experiment import (
    ARMS,
    EXPERIMENT,
    ExperimentSettings,
    arm_of,
    told,
    watched,
)


def test_a_person_keeps_an_arm_and_the_share_is_right() -> None:
    people = [f"user-{n}" for n in range(20_000)]
    first = np.array([arm_of("one", p, 0.1) == "challenger" for p in people])
    assert abs(first.mean() - 0.1) < 4 * np.sqrt(0.09 / 20_000)
    assert [arm_of("one", p, 0.1) == "challenger" for p in people] == first.tolist()
    more = np.array([arm_of("one", p, 0.3) == "challenger" for p in people])
    assert (more | ~first).all()  # a larger share takes nobody out
    other = np.array([arm_of("two", p, 0.1) == "challenger" for p in people])
    assert abs((first & other).mean() - 0.01) < 0.004  # another experiment mixes anew


def test_settings_that_make_no_sense_are_refused() -> None:
    assert ExperimentSettings(challenger=3).title == "release-3"
    for wrong in ({"share": 0.0}, {"share": 1.0}, {"challenger": -1}, {"name": "a:b"}):
        with pytest.raises(BadSettings):
            ExperimentSettings(**wrong)


def log(rates: tuple[float, float], n: int, seed: int) -> tuple[list[Exposure], np.ndarray]:
    rng, shown, rewards = np.random.default_rng(seed), [], []
    for row in range(n):
        arm = int(rng.random() < 0.5)
        rewards.append(float(rng.random() < rates[arm]))
        shown.append(
            Exposure(
                exposure_id=str(row), at=row, release=arm + 1, policy="p", policy_version="1",
                seed=0, shortlist=("a",), scores=(1.0,), chosen=("a",), propensities=(1.0,),
                context={EXPERIMENT: told("x", ARMS[arm])},
            )
        )  # fmt: skip
    return shown, np.array(rewards)


def test_a_real_difference_is_found_and_none_is_not() -> None:
    better = watched("x", *log((0.2, 0.5), 2000, 0))
    assert better.finding == "challenger is better"
    assert better.interval[0] < 0.3 < better.interval[1]
    assert sum(arm.requests for arm in better.arms) == 2000
    assert watched("x", *log((0.5, 0.2), 2000, 0)).finding == "champion is better"


def test_looking_all_the_time_raises_no_more_false_alarms_than_said() -> None:
    alarms = 0
    for seed in range(60):
        shown, rewards = log((0.3, 0.3), 600, seed)
        looks = (watched("x", shown[:n], rewards[:n]) for n in range(40, 601, 40))
        alarms += any(look.finding != "open" for look in looks)
    assert alarms <= 7  # 3 at most expected


def test_an_arm_that_nobody_met_is_said() -> None:
    shown, rewards = log((0.3, 0.3), 50, 0)
    with pytest.raises(BadInput, match="nobody"):
        watched("y", shown, rewards)
