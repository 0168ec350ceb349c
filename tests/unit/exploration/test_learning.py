"""Policies that learn: their formulas on cases worked out by hand, and the log as their memory."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import BadSettings, Candidates, Exposure, QueryBatch, generator
from prismrec.exploration import (
    BeliefSettings,
    Bootstrap,
    Learned,
    LearnedSettings,
    LearningPolicy,
    LinUCB,
    RegCB,
    SquareCB,
    Thompson,
)
from prismrec.exploration.bandits import Rule, votes

NAMES = ("one", "warm")
ITEMS = 6
LEFT = np.array([[True, True, False, True]])
RULES: list[Rule] = [LinUCB(), Thompson(), Bootstrap(), SquareCB(), RegCB()]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def found(rows: int = 1) -> Candidates:
    """Six items of equal scores; the last three are warm."""
    warm = np.repeat([0.0, 1.0], 3)
    x = np.stack([np.ones(ITEMS), warm], axis=1)
    return Candidates(
        np.tile(np.arange(ITEMS, dtype=np.int32), (rows, 1)),
        np.zeros((rows, ITEMS), np.float32),
        features=np.tile(x.astype(np.float32), (rows, 1, 1)),
        feature_names=NAMES,
    )


def shown(number: int, *chosen: int) -> Exposure:
    return Exposure(
        exposure_id=f"e{number}", at=number, release=1, policy="any", policy_version="1", seed=0,
        shortlist=tuple(map(str, range(ITEMS))), scores=(0.0,) * ITEMS,
        chosen=tuple(map(str, chosen)), propensities=(0.2,) * len(chosen),
        features={"one": (1.0,) * ITEMS, "warm": (0.0,) * 3 + (1.0,) * 3},
    )  # fmt: skip


def policy_of(rule: Rule, keep: float = 1.0, **more: float) -> LearningPolicy:
    told = LearnedSettings(BeliefSettings(keep=keep), NAMES, **more)
    return LearningPolicy(Learned(rule, told, int))


def first_chances(policy: LearningPolicy) -> np.ndarray:
    """(6,): how likely each item comes first."""
    columns = np.arange(ITEMS, dtype=np.int32)[:, None]
    return policy.propensities(QueryBatch.of([[]] * ITEMS), found(ITEMS), columns)[:, 0]


def log(n: int, seed: int = 0) -> tuple[list[Exposure], np.ndarray]:
    """n slates of two; warm items earn 1 with probability 0.8, the others 0.1."""
    rng = np.random.default_rng(seed)
    slates = [shown(i, *rng.permutation(ITEMS)[:2].tolist()) for i in range(n)]
    chance = [[0.8 if int(item) > 2 else 0.1 for item in s.chosen] for s in slates]
    return slates, (rng.random((n, 2)) < np.array(chance)).astype(float)


@every_rule
def test_what_earns_becomes_likelier_and_its_likes_with_it(rule: Rule) -> None:
    """Item 5 was never shown: it is known by what it shares with 3 and 4."""
    policy = policy_of(rule)
    slates, rewards = log(400)
    kept = [i for i, slate in enumerate(slates) if "5" not in slate.chosen]
    policy.update([slates[i] for i in kept], rewards[kept])
    chances = first_chances(policy)
    assert chances.sum() == pytest.approx(1.0)
    assert chances[3:].sum() > 0.9
    if not isinstance(rule, LinUCB):
        assert chances[5] > chances[:3].max()


@every_rule
@pytest.mark.parametrize("keep", [1.0, 0.98])
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=4), seed=st.integers(0, 9))
def test_the_state_depends_on_the_log_and_not_on_how_it_came(
    rule: Rule, keep: float, cuts: list[int], seed: int
) -> None:
    """All at once, or piece by piece with every reward late and some told twice."""
    slates, rewards = log(40, seed)
    rebuilt, online = policy_of(rule, keep), policy_of(rule, keep)
    rebuilt.update(slates, rewards)
    edges = [0, *sorted(cuts), 40]
    for low, high in itertools.pairwise(edges):
        online.update(slates[low:high], np.zeros((high - low, 2)))
        online.update(slates[:high:2], rewards[:high:2])
    online.update(slates, rewards)
    online.update(slates[::-1], rewards[::-1])
    assert online.learned.count == rebuilt.learned.count == 40
    x, positions = np.ones((1, 2, 2)), np.array([[1, 4]], np.int32)
    for one, other in zip(online.learned.posteriors, rebuilt.learned.posteriors, strict=True):
        np.testing.assert_allclose(one.means(x, positions), other.means(x, positions), atol=1e-9)
        np.testing.assert_allclose(one.widths(x, positions), other.widths(x, positions), atol=1e-9)


def test_votes_count_the_best_of_what_is_left_and_ties_go_to_the_first() -> None:
    values = np.array([[[1.0, 2, 9, 2], [3, 1, 9, 0], [0, 0, 9, 1], [5, 5, 5, 5]]])
    chances = votes(values.swapaxes(1, 2), LEFT)
    np.testing.assert_allclose(chances, [[0.5, 0.25, 0.0, 0.25]])
    assert not votes(values.swapaxes(1, 2), np.zeros((1, 4), bool)).any()


def test_linucb_takes_the_largest_upper_bound() -> None:
    policy = policy_of(LinUCB(2.0))
    slates, rewards = log(30)
    policy.update(slates, rewards)
    belief, x = policy.learned.posteriors[0], found().features.astype(float)  # type: ignore[union-attr]
    where = found().positions
    best = int(np.argmax(belief.means(x, where) + 2.0 * belief.widths(x, where)))
    np.testing.assert_array_equal(first_chances(policy), np.arange(ITEMS) == best)
    np.testing.assert_array_equal(first_chances(policy_of(LinUCB())), np.arange(ITEMS) == 3)


def test_squarecb_shares_by_inverse_gaps() -> None:
    means = np.array([[0.0, 4.0, 99.0, 2.0]])[:, :, None]
    third, fifth = 1 / (3 + 4.0), 1 / (3 + 2.0)
    np.testing.assert_allclose(
        SquareCB().chances(means, LEFT), [[third, 1 - third - fifth, 0.0, fifth]]
    )


def test_regcb_leaves_out_what_cannot_be_the_best() -> None:
    bounds = np.array([[[0.0, 0.5, 8.0, 0.2], [0.4, 1.0, 9.0, 0.5]]]).swapaxes(1, 2)
    np.testing.assert_array_equal(RegCB().chances(bounds, LEFT), [[0.0, 0.5, 0.0, 0.5]])


def test_a_policy_begins_with_the_order_of_the_model() -> None:
    scores = np.array([[2.0, 0.0, -1.0]], np.float32)
    row = Candidates(np.array([[4, 1, 2]], np.int32), scores)
    learned = Learned(Thompson(0.1), LearnedSettings(expected=1.0), int)
    choice = LearningPolicy(learned).choose(QueryBatch.of([[]]), row, 3, generator(0))
    assert choice.columns[0].tolist() == [0, 1, 2]


def test_forgetting_follows_what_changed() -> None:
    """The warm items earned at first, later the others did."""
    slates, rewards = log(600)
    rewards[400:] = 1.0 - rewards[400:]
    chances = []
    for keep in (1.0, 0.97):
        policy = policy_of(SquareCB(), keep)
        policy.update(slates, rewards)
        chances.append(first_chances(policy)[:3].sum())
    assert chances[1] > 0.9 > chances[0]


def test_a_place_that_is_seldom_looked_at_does_not_count_against_its_item() -> None:
    """Both earn 0.8 where they are seen; item 3 always stands at the fourth place, seen half as
    often as the first."""
    rng, n = np.random.default_rng(2), 2_000
    slates = [shown(i, 4, 0, 1, 3) for i in range(n)]
    seen = rng.random((n, 4)) < np.array([1.0, 0.71, 0.58, 0.5])
    rewards = (seen & (rng.random((n, 4)) < [0.8, 0.1, 0.1, 0.8])).astype(float)
    means = []
    for bias in (0.0, 0.5):
        policy = policy_of(LinUCB(), position_bias=bias)
        policy.update(slates, rewards)
        x = found().features.astype(float)  # type: ignore[union-attr]
        means.append(policy.learned.posteriors[0].means(x, found().positions)[0, [3, 4]])
    assert means[0][0] < 0.5
    np.testing.assert_allclose(means[1], [0.8, 0.8], atol=0.05)


def test_the_version_says_how_much_was_learned() -> None:
    policy = policy_of(Thompson())
    before = policy.version
    policy.update(*log(3))
    assert policy.version != before
    assert policy.version.endswith("learned=3")


def test_what_cannot_teach_is_left_out() -> None:
    """An unknown item, an item that is not in its shortlist, a log without the features."""
    policy = LearningPolicy(
        Learned(LinUCB(), LearnedSettings(features=NAMES), lambda item: -1 if item == "9" else 0)
    )
    unknown = replace(shown(1, 2), chosen=("9",), shortlist=("9", "1"), features={})
    elsewhere = replace(shown(2, 2), chosen=("7",))
    policy.update([unknown, elsewhere, replace(shown(3, 2), features={})], np.ones((3, 1)))
    assert not policy.learned.posteriors[0].theta.any()


def test_candidates_without_the_features_are_refused() -> None:
    row = Candidates(np.array([[1]], np.int32), np.zeros((1, 1), np.float32))
    with pytest.raises(BadSettings, match="warm"):
        policy_of(LinUCB()).choose(QueryBatch.of([[]]), row, 1, generator(0))
