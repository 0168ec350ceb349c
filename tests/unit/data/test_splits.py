"""No split leaks, and each puts every event where its definition says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import BadInput, Bags, Cases, Interactions, ItemFeatures, Sequences
from prismrec.data import Split, by_user, leave_one_out, temporal
from prismrec.data.splits import LONGEST_HISTORY, hold_out

Row = list[tuple[int, int, float]]


def world(rows: list[Row], n_items: int = 8, *, has_clock: bool = True) -> Interactions:
    """Interactions from rows of (item, time, weight), sorted here. The value of each event is its
    number in the whole, so that a test can tell which event came where."""
    ordered = [sorted(row, key=lambda event: event[1]) for row in rows]
    flat = [event for row in ordered for event in row]
    n = len(flat)
    sequences = Sequences(
        np.cumsum([0, *map(len, ordered)]).astype(np.int64),
        np.array([item for item, _, _ in flat], np.int32),
        np.zeros(n, np.int16),
        np.array([time for _, time, _ in flat], np.int64),
        np.array([weight for _, _, weight in flat], np.float32),
        np.arange(n, dtype=np.float32),
    )
    profiles = Bags.of([[u] for u in range(len(rows))], [f"u{u}" for u in range(len(rows))])
    return Interactions(sequences, ItemFeatures.bare(n_items), ("rating",), has_clock, profiles)


def numbers(values: np.ndarray) -> set[int]:
    return {int(value) for value in values}


EVENT = st.tuples(st.integers(0, 7), st.integers(0, 40), st.sampled_from([1.0, 1.0, 1.0, -1.0]))
ROWS = st.lists(st.lists(EVENT, max_size=10), min_size=1, max_size=8)


def check_no_leak(whole: Interactions, split: Split, *, strictly: bool) -> None:
    """The properties that every split has, checked event by event."""
    times, owners = whole.sequences.times, whole.sequences.rows
    train = numbers(split.train.sequences.values)
    test, validation = numbers(split.test.grades), numbers(split.validation.grades)
    assert not train & (test | validation)
    assert not test & validation
    assert len(split.train.sequences) == len(whole.sequences)
    for cases in (split.validation, split.test):
        for i in range(len(cases)):
            target = int(cases.grades[i])
            history = cases.queries.histories.take(np.array([i]))
            assert whole.sequences.weights[target] > 0
            assert cases.targets[i] == whole.sequences.items[target]
            assert cases.clusters[i] == owners[target]
            assert cases.queries.at[i] == times[target]
            assert target not in numbers(history.values)
            assert {int(owners[e]) for e in numbers(history.values)} <= {int(owners[target])}
            before = history.times < times[target] if strictly else history.times <= times[target]
            assert before.all()
            assert (np.diff(history.times) >= 0).all()
            trained = (owners[list(train)] == owners[target]).any() if train else False
            assert cases.cold_user[i] == (not trained)
            assert cases.queries.users[i] == (owners[target] if trained else -1)
            known = {int(whole.sequences.items[e]) for e in train}
            assert cases.cold_item[i] == (int(cases.targets[i]) not in known)
    json.dumps(split.report)


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_leave_one_out_never_leaks(rows: list[Row]) -> None:
    whole = world(rows)
    split = leave_one_out(whole)
    check_no_leak(whole, split, strictly=False)
    for i in range(len(split.test)):
        user = split.test.clusters[i]
        target, held = int(split.test.grades[i]), int(split.validation.grades[i])
        assert split.validation.clusters[i] == user
        start = whole.sequences.indptr[user]
        assert numbers(split.test.queries.histories.take(np.array([i])).values) == set(
            range(start, target)
        )
        assert held in range(start, target)
        mine = split.train.sequences.take(np.array([user]))
        assert numbers(mine.values) == set(range(start, held))


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from([0.1, 0.3, 0.5]))
def test_temporal_never_leaks_and_ties_share_a_side(rows: list[Row], share: float) -> None:
    whole = world(rows)
    try:
        split = temporal(whole, share)
    except BadInput:
        return
    check_no_leak(whole, split, strictly=True)
    first, second = split.report["validation_after"], split.report["test_after"]
    assert (split.train.sequences.times <= first).all()
    assert (split.validation.queries.at > first).all()
    assert (split.validation.queries.at <= second).all()
    assert (split.test.queries.at > second).all()
    positive = whole.sequences.weights > 0
    assert len(split.test) == (positive & (whole.sequences.times > second)).sum()


@settings(max_examples=80, deadline=None)
@given(ROWS, st.integers(0, 5))
def test_by_user_never_leaks(rows: list[Row], seed: int) -> None:
    whole = world(rows)
    try:
        split = by_user(whole, 0.3, np.random.default_rng(seed))
    except BadInput:
        return
    check_no_leak(whole, split, strictly=False)
    assert split.test.cold_user.all()
    assert split.validation.cold_user.all()
    assert not set(split.test.clusters) & set(split.validation.clusters)
    again = by_user(whole, 0.3, np.random.default_rng(seed))
    np.testing.assert_array_equal(split.test.targets, again.test.targets)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.integers(0, 5))
def test_hold_out_never_leaks(rows: list[Row], users: int) -> None:
    whole = world(rows)
    split = hold_out(whole, users, np.random.default_rng(0))
    check_no_leak(whole, split, strictly=False)
    able = sum(sum(weight > 0 for _, _, weight in row) >= 3 for row in rows)
    assert len(split.validation) == min(users, able)
    assert len(split.test) == 0
    others = np.setdiff1d(np.arange(len(rows)), split.validation.clusters)
    np.testing.assert_array_equal(
        split.train.sequences.take(others).values, whole.sequences.take(others).values
    )


def histories(cases: Cases) -> list[list[int]]:
    return [cases.queries.histories.take(np.array([i])).items.tolist() for i in range(len(cases))]


def test_leave_one_out_on_a_world_with_one_answer() -> None:
    rows: list[Row] = [
        [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 4, 1)],
        [(4, 1, 1), (5, 2, 1)],
        [(0, 1, 1), (1, 2, -1), (2, 3, 1), (6, 4, 1), (3, 5, -1)],
    ]
    split = leave_one_out(world(rows))
    assert split.test.targets.tolist() == [3, 6]
    assert split.validation.targets.tolist() == [2, 2]
    assert histories(split.test) == [[0, 1, 2], [0, 1, 2]]
    assert histories(split.validation) == [[0, 1], [0, 1]]
    assert split.train.sequences.items.tolist() == [0, 1, 4, 5, 0, 1]
    assert split.test.cold_item.tolist() == [True, True]
    assert split.test.queries.profiles is not None
    assert split.test.queries.profiles.indices.tolist() == [0, 2]


def test_temporal_on_a_world_with_one_answer() -> None:
    rows: list[Row] = [
        [(0, 0, 1), (1, 50, 1), (2, 85, 1), (3, 95, 1), (4, 95, 1), (5, 100, 1)],
        [(6, 99, 1)],
    ]
    split = temporal(world(rows))
    assert (split.report["validation_after"], split.report["test_after"]) == (81, 90)
    assert split.validation.targets.tolist() == [2]
    assert split.test.targets.tolist() == [3, 4, 5, 6]
    assert histories(split.test) == [[0, 1, 2], [0, 1, 2], [0, 1, 2, 3, 4], []]
    assert split.test.cold_user.tolist() == [False, False, False, True]
    assert split.report["test"] == {"cases": 4, "people": 2, "cold_users": 1, "cold_items": 4}
    assert split.report["trimmed"] is False


def test_a_long_history_is_bounded() -> None:
    rows: list[Row] = [[(n % 8, n, 1.0) for n in range(1000)]]
    split = temporal(world(rows))
    assert split.test.queries.histories.lengths.tolist() == [LONGEST_HISTORY] * len(split.test)
    last = split.test.queries.histories.take(np.array([len(split.test) - 1]))
    assert numbers(last.values) == set(range(999 - LONGEST_HISTORY, 999))


def test_stray_events_do_not_stretch_the_span() -> None:
    rows: list[Row] = [[(n % 8, n, 1.0) for n in range(5000)], [(1, 10**9, 1.0)]]
    split = temporal(world(rows))
    assert split.report["trimmed"] is True
    assert 400 < len(split.test) < 600
    assert 350 < len(split.validation) < 550


@pytest.mark.parametrize(
    ("data", "share", "message"),
    [
        pytest.param(
            world([[(0, 1, 1.0)] * 4], has_clock=False), 0.1, "needs times", id="no-clock"
        ),
        pytest.param(world([[]]), 0.1, "needs times", id="no-events"),
        pytest.param(world([[(0, 7, 1.0)] * 4]), 0.1, "cannot be split", id="one-time"),
        pytest.param(world([[(0, 1, 1.0), (1, 9, 1.0)]]), 1.5, "not between", id="share"),
    ],
)
def test_what_cannot_be_split_by_time_says_so(
    data: Interactions, share: float, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        temporal(data, share)


def test_too_few_users_cannot_be_held_out() -> None:
    with pytest.raises(BadInput, match="2 users with two events"):
        by_user(world([[(0, 1, 1.0), (1, 2, 1.0)]] * 2), 0.5, np.random.default_rng(0))


def test_no_events_leave_one_out() -> None:
    split = leave_one_out(world([[], []]))
    assert len(split.test) == len(split.validation) == 0


def test_only_ratings_are_grades() -> None:
    """Money and duration are no grades: a case of a purchase has none."""
    row = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0)]
    whole = replace(world([row]), event_types=("purchase",))
    assert np.isnan(leave_one_out(whole).test.grades).all()
