"""A time budget becomes the same plan wherever it is made, and the clock may only shorten it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadSettings, Interactions, ItemFeatures, Sequences, generator
from prismrec.descent.clock import Deadline, until
from prismrec.models.artifacts import content_hash
from prismrec.models.budget import (
    LEAST,
    NETWORKS,
    counts_of,
    plan_of,
    seconds_in,
    seconds_of,
    weighing_seconds,
)
from prismrec.models.default import default_learner, experts_for, facts_of, planned
from prismrec.models.settings import ModelSettings

COUNTS = {
    "events": 1.0, "pairs": 30.0, "people": 0.1, "cells": 30.0, "cases": 0.005, "wide": 100.0,
    "cubes": 8.0, "texts": 0.02,
}  # fmt: skip
NAMES = ("popularity", "text_knn", "item_knn", "transitions", "ease", "als", "two_tower", "prism")
TINY = ModelSettings(
    dimension=16, layers=1, heads=1, history=10, dropout=0.1, negatives=30, batch=256,
    learning_rate=0.01, work=0.02,
)  # fmt: skip


def world(users: int = 150, n: int = 24) -> Interactions:
    rows = [[(3 * u + t) % n for t in range(8)] for u in range(users)]
    return Interactions(Sequences.of(rows), ItemFeatures.bare(n))


def test_a_wide_budget_leaves_nothing_out():
    plan = plan_of(NAMES, 4.0, 1e9, COUNTS)
    assert plan.experts == NAMES
    assert plan.work == 4.0
    assert not plan.left_out


def test_no_budget_is_too_small_for_the_cheapest():
    plan = plan_of(NAMES, 4.0, 1e-3, COUNTS)
    assert plan.experts == ("popularity",)
    assert set(plan.left_out) == set(NAMES[1:])


def test_networks_train_longer_before_the_budget_is_left_unused():
    whole = plan_of(NAMES, 4.0, 1e9, COUNTS).seconds
    plan = plan_of(NAMES, 4.0, 0.7 * whole, COUNTS)
    assert set(plan.experts) >= set(NETWORKS) & set(NAMES)
    assert LEAST * 4.0 < plan.work < 4.0
    assert plan.seconds == pytest.approx(0.9 * 0.7 * whole)


def test_what_is_left_out_is_dearer_than_what_is_in():
    whole = plan_of(NAMES, 4.0, 1e9, COUNTS).seconds
    plan = plan_of(NAMES, 4.0, 0.4 * whole, COUNTS)
    assert plan.left_out
    weighing = weighing_seconds(COUNTS, 1)
    dearest = weighing + max(seconds_of(name, COUNTS, LEAST * 4.0) for name in plan.experts)
    assert min(plan.left_out.values()) >= round(dearest, 1)


@given(st.floats(1e-3, 1e5), st.floats(1e-3, 1e5))
def test_more_time_is_never_less_of_anything(one, other):
    less, more = (plan_of(NAMES, 4.0, b, COUNTS) for b in sorted((one, other)))
    assert set(less.experts) <= set(more.experts)
    for budget, plan in zip(sorted((one, other)), (less, more), strict=True):
        assert LEAST * 4.0 <= plan.work <= 4.0
        assert len(plan.experts) == 1 or plan.seconds <= budget


def test_costs_grow_with_the_data():
    double = {name: 2 * count for name, count in COUNTS.items()}
    networks = set(NETWORKS) & set(NAMES)
    for name in set(NAMES) - networks:
        assert seconds_of(name, double, 4.0) > seconds_of(name, COUNTS, 4.0) > 0
    for name in networks:  # as much work as they are given, however much there is to read
        assert seconds_of(name, COUNTS, 4.0) == 2 * seconds_of(name, COUNTS, 2.0) > 0


def test_every_expert_of_the_default_has_a_cost():
    facts = replace(facts_of(world(), True), text=True, events=10_000)
    for name in experts_for(facts):
        assert seconds_of(name, COUNTS, 4.0) > 0, name


def test_counts_are_of_positive_events():
    train = world(2, 30)
    weights = train.sequences.weights.copy()
    weights[0] = -1
    train = replace(train, sequences=replace(train.sequences, weights=weights))
    counts = counts_of(train, None)
    assert counts["events"] == 15 / 1e6
    assert counts["pairs"] == (7**2 + 8**2) / 1e6
    assert counts["people"] == 32 / 1e6
    assert counts["cells"] == counts["texts"] == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), (" 10m", 600), ("1.5h", 5400), (30.0, 30)]
)
def test_spans_of_time(text, seconds):
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3m", "0", "10 minutes", 0.0])
def test_what_is_no_span_of_time(text):
    with pytest.raises(BadSettings, match="span of time"):
        seconds_in(text)


def test_without_a_budget_all_that_the_data_can_feed_is_fitted():
    train = world()
    plan = planned(TINY, train, None, False)
    assert plan.experts == experts_for(facts_of(train, False))
    assert plan.work == TINY.work


def test_the_same_budget_learns_the_same_bytes_and_a_wide_one_those_of_none():
    train = world()
    free = replace(TINY, experts=("popularity", "transitions", "two_tower"))
    tight, wide = replace(free, budget=0.3), replace(free, budget=1e6)

    def learned(settings: ModelSettings) -> str:
        with until(Deadline(1e6)):  # the plan alone, not the clock of a slow machine
            return content_hash(default_learner(settings).fit(train, generator(1, "fit")).state())

    assert 0 < planned(tight, train, None, False).work < free.work
    assert learned(tight) == learned(tight) != learned(free)
    assert learned(wide) == learned(free)


def test_when_the_clock_runs_out_the_first_expert_still_answers():
    end = Deadline(0)
    with until(end):
        scorer = default_learner(replace(TINY, budget=1e6)).fit(world(), generator(1, "fit"))
    assert list(scorer.experts) == ["popularity"]
    assert set(end.stopped) == set(experts_for(facts_of(world(), False))) - {"popularity"}
    assert np.isfinite(scorer.score(world().queries())).all()
