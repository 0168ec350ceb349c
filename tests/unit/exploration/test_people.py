"""Rounds of one person depend on each other: what estimates and intervals make of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prismrec.core import Exposure
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.estimators import (
    Terms,
    doubly_robust,
    ips,
    self_normalised_doubly_robust,
    self_normalised_ips,
    terms,
)
from prismrec.exploration.experiment import ARMS, EXPERIMENT, told, watched
from prismrec.exploration.intervals import bernstein_by_person, bootstrap, empirical_bernstein
from prismrec.exploration.logs import read_log
from prismrec.exploration.ope import evaluate_log
from prismrec.exploration.people import grouped, people_of

VALUE = 0.5


def log(people: int, each: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards, weights and people: `each` rounds of every person, who likes all or nothing."""
    rng = np.random.default_rng(seed)
    likes = np.repeat(rng.random(people) < VALUE, each).astype(float)
    return likes, rng.choice([0.5, 1.5], people * each), np.repeat(np.arange(people), each)


def test_people_are_numbered_as_they_come_and_the_nameless_are_alone() -> None:
    assert grouped(["b", "", "a", "b", "", "a"]).tolist() == [0, 1, 2, 0, 3, 2]
    shown = Exposure(
        exposure_id="e", at=0, release=1, policy="p", policy_version="1", seed=0,
        shortlist=("a",), scores=(1.0,), chosen=("a",), propensities=(1.0,), user_id="ann",
    )  # fmt: skip
    session = replace(shown, user_id="", session_id="ann")
    assert people_of([shown, session, shown, session]).tolist() == [0, 1, 0, 1]


@given(
    hnp.arrays(float, (12, 3), elements=st.floats(-5, 5)),
    hnp.arrays(np.int64, 12, elements=st.integers(0, 4)),
)
def test_summing_by_person_changes_no_estimate(values: np.ndarray, who: np.ndarray) -> None:
    people = grouped(map(str, who))
    weights = np.abs(values[:, 1]) + 0.1
    for found in (
        ips(values[:, 0], weights),
        self_normalised_ips(values[:, 0], weights),
        doubly_robust(values[:, 0], weights, values[:, 1], values[:, 2]),
        self_normalised_doubly_robust(values[:, 0], weights, values[:, 1], values[:, 2]),
        Terms(values, values[:, ::-1], np.abs(values) + 0.1),
        terms(plain=values),
    ):
        assert found.by(people).value == pytest.approx(found.value, abs=1e-9)
    assert terms(plain=values).by(np.arange(12)).plain is not None
    assert len(terms(plain=values).by(people)) == people.max() + 1


def test_one_person_a_round_gives_the_very_same_terms_and_interval() -> None:
    found = self_normalised_ips(*log(50, 1, 0)[:2])
    assert found.by(np.arange(50)) is found


def test_a_person_asked_again_and_again_adds_nothing_to_what_is_known() -> None:
    rewards, weights, _ = log(200, 1, 3)
    again = np.repeat(rewards, 9), np.repeat(weights, 9), np.repeat(np.arange(200), 9)
    once = bootstrap(ips(rewards, weights), np.random.default_rng(1))
    nine = bootstrap(ips(*again[:2]).by(again[2]), np.random.default_rng(1))
    assert nine == pytest.approx(once)
    by_round = bootstrap(ips(*again[:2]), np.random.default_rng(1))
    assert by_round[1] - by_round[0] < 0.4 * (once[1] - once[0])


def test_by_person_covers_and_by_round_does_not() -> None:
    rng, by_person, by_round = np.random.default_rng(2), 0, 0
    for seed in range(200):
        rewards, weights, people = log(80, 8, seed)
        found = ips(rewards, weights)
        low, high = bootstrap(found.by(people), rng, resamples=200)
        by_person += low <= VALUE <= high
        low, high = bootstrap(found, rng, resamples=200)
        by_round += low <= VALUE <= high
    assert by_person >= 181  # 190 expected; three standard errors below
    assert by_round < 150


def test_bernstein_by_person_covers_where_by_round_does_not() -> None:
    by_person, by_round = 0, 0
    for seed in range(60):
        rewards, weights, people = log(60, 40, seed)
        low, high = bernstein_by_person(rewards[:, None], weights[:, None], (0.0, 1.0), people)
        by_person += low <= VALUE <= high
        low, high = empirical_bernstein(rewards[:, None], weights[:, None], (0.0, 1.0))
        by_round += low <= VALUE <= high
    assert by_person >= 57
    assert by_round < 50


def test_bernstein_by_person_is_the_plain_one_for_one_round_each() -> None:
    rewards, weights, people = log(400, 1, 5)
    given_ = rewards[:, None], weights[:, None], (0.0, 1.0)
    assert bernstein_by_person(*given_, people) == pytest.approx(
        empirical_bernstein(*given_), abs=2e-6
    )
    assert bernstein_by_person(np.ones((4, 1)), np.ones((4, 1)), (1.0, 1.0), people[:4]) == (1, 1)


def test_a_table_with_people_gets_the_same_values_and_wider_intervals(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(4), tmp_path / "log.csv"
    likes = np.repeat(rng.random(60) < VALUE, 20).astype(int)
    frame = pl.DataFrame(
        {"item": rng.choice(["a", "b"], 1200), "propensity": np.full(1200, 0.5), "reward": likes}
    )
    frame.write_csv(path)
    alone = evaluate_log(read_log(path), "uniform", seed=0)
    users = [f"u{row // 20}" for row in range(1200)]
    frame.with_columns(user_id=pl.Series(users)).write_csv(path)
    people = evaluate_log(read_log(path), "uniform", seed=0)
    assert (alone.overlap["people"], people.overlap["people"]) == (1200, 60)
    for one, other in zip(alone.estimates, people.estimates, strict=True):
        if one.name in ("ips", "snips"):
            assert other.value == pytest.approx(one.value)
            assert np.diff(other.interval) > 3 * np.diff(one.interval)
    assert np.diff(people.bernstein) > np.diff(alone.bernstein)
    frame.with_columns(user_id=pl.lit("ann")).write_csv(path)
    with pytest.raises(NoSupport, match="one person"):
        evaluate_log(read_log(path), "uniform", seed=0)


def test_a_busy_person_counts_once_in_an_experiment() -> None:
    base = Exposure(
        exposure_id="", at=0, release=1, policy="p", policy_version="1", seed=0,
        shortlist=("a",), scores=(1.0,), chosen=("a",), propensities=(1.0,),
    )  # fmt: skip
    shown = [
        replace(base, exposure_id=f"{arm}-{user}-{n}", user_id=f"{arm}-{user}",
                context={EXPERIMENT: told("x", arm)})
        for arm in ARMS
        for user, asks in enumerate((1, 1, 98))
        for n in range(asks)
    ]  # fmt: skip
    rewards = np.array([float(each.user_id.endswith("2")) for each in shown])
    champion, challenger = watched("x", shown, rewards).arms
    assert (champion.requests, champion.people) == (100, 3)
    assert champion.mean == challenger.mean == pytest.approx(1 / 3)
    assert champion.interval == (0.0, 1.0)
