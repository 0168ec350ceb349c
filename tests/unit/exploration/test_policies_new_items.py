"""What the quota gives to new items, and when it gives nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from prismrec.core import BadSettings, Candidates, QueryBatch, generator
from prismrec.exploration import (
    EpsilonGreedy,
    ExplorationSettings,
    Greedy,
    NewItems,
    Price,
    Priced,
    Quota,
    policy_from,
)

DAY = 86_400_000
NOW = 100 * DAY
CREATED = np.array([NOW - 50 * DAY, -1, NOW - 30 * DAY, NOW, NOW + 1], np.int64)
"""Old, unknown, new by a hair, new, not yet created; a sixth item is beyond what is known."""
SCORES = np.array([5, 4, 3, 2, 1, 0], np.float32)
PAIRS = np.array(list(itertools.permutations(range(6), 2)), np.int32)


def claimed(policy: object) -> np.ndarray:
    """(30, 2): the propensities of every slate of two of the six."""
    found = Candidates(
        np.tile(np.arange(6, dtype=np.int32), (len(PAIRS), 1)), np.tile(SCORES, (len(PAIRS), 1))
    )
    return policy.propensities(QueryBatch.of([[]] * len(PAIRS), NOW), found, PAIRS)  # type: ignore[attr-defined,no-any-return]


def at(claims: np.ndarray, place: int, before: tuple[int, ...] = ()) -> dict[int, float]:
    rows = (PAIRS[:, : len(before)] == before).all(axis=1)
    pairs = zip(PAIRS[rows, place].tolist(), claims[rows, place], strict=True)
    return {item: round(float(chance), 9) for item, chance in pairs if chance > 0}


def test_the_place_goes_to_each_new_item_as_often_as_the_quota_says() -> None:
    first = claimed(NewItems(Greedy(), Quota(0.4), CREATED))
    assert at(first, 0) == {0: 0.6, 2: 0.2, 3: 0.2}
    assert at(first, 1, (2,)) == {0: 1.0}
    second = claimed(NewItems(Greedy(), Quota(0.4, place=2), CREATED))
    assert at(second, 0) == {0: 1.0}
    assert at(second, 1, (0,)) == {1: 0.6, 2: 0.2, 3: 0.2}


def test_days_say_what_is_new() -> None:
    claims = claimed(NewItems(Greedy(), Quota(0.4, days=10), CREATED))
    assert at(claims, 0) == {0: 0.6, 3: 0.4}


def test_the_policy_keeps_the_rest() -> None:
    claims = claimed(NewItems(EpsilonGreedy(0.6), Quota(0.5), CREATED))
    assert at(claims, 0) == {0: 0.25, 1: 0.05, 2: 0.3, 3: 0.3, 4: 0.05, 5: 0.05}


def test_without_a_new_candidate_nothing_changes() -> None:
    quota = NewItems(EpsilonGreedy(0.6), Quota(0.9), np.full(6, -1))
    np.testing.assert_array_equal(claimed(quota), claimed(EpsilonGreedy(0.6)))
    empty = Candidates(np.full((1, 2), -1, np.int32), np.full((1, 2), -np.inf, np.float32))
    choice = quota.choose(QueryBatch.of([[]], NOW), empty, 2, generator(1))
    assert choice.columns.tolist() == [[-1, -1]]


def test_the_price_holds_for_new_items_too() -> None:
    priced = Priced(NewItems(Greedy(), Quota(0.4), CREATED), Price(max_expected_loss=0.05))
    first = at(claimed(priced), 0)
    value = np.exp(SCORES.astype(float) - SCORES[0])
    assert sum(chance * value[item] for item, chance in first.items()) == pytest.approx(0.95)
    assert first[2] == pytest.approx(first[3])


def test_settings_make_the_quota() -> None:
    settings = ExplorationSettings(new_chance=0.2, new_place=3, new_days=7)
    made = policy_from(settings, None, CREATED)
    assert isinstance(made, NewItems)
    assert made.quota == Quota(0.2, 3, 7)
    assert made.name == "greedy+new-items"
    with pytest.raises(BadSettings, match="created"):
        policy_from(settings)
