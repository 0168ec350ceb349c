"""What exploring costs never exceeds its price, by enumeration of all slates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Candidates, Exposure, QueryBatch
from prismrec.exploration import (
    Bootstrap,
    EpsilonGreedy,
    Greedy,
    Learned,
    LearnedSettings,
    LearningPolicy,
    LinUCB,
    PlackettLuce,
    Price,
    Priced,
    RegCB,
    SquareCB,
    Thompson,
)
from prismrec.exploration.sequential import SequentialPolicy

N = 3
FIVE = np.array(list(itertools.permutations(range(5), N)), np.int32)


class Apart:
    """A diversity step that halves what stands next to something chosen."""

    def worth(self, positions: np.ndarray, scores: np.ndarray, chosen: list[int]) -> np.ndarray:
        worth = scores.copy()
        for column in chosen:
            worth[np.abs(positions - positions[column]) == 1] -= 0.7
        return worth


def asked(scores: list[float]) -> tuple[QueryBatch, Candidates]:
    row = np.array(scores, np.float32)
    found = Candidates(
        np.tile(np.arange(5, dtype=np.int32), (len(FIVE), 1)), np.tile(row, (len(FIVE), 1))
    )
    return QueryBatch.of([[]] * len(FIVE)), found


def propensities(policy: SequentialPolicy, scores: list[float]) -> np.ndarray:
    """(60, 3): of every slate of three of five."""
    return policy.propensities(*asked(scores), FIVE)


def values(scores: list[float]) -> np.ndarray:
    """The model's probability of each item."""
    weights = np.exp(np.float32(scores).astype(float) - max(scores))
    return weights / weights.sum()


finite = st.floats(-6, 6, width=32)
some_scores = st.lists(finite, min_size=5, max_size=5)


def taught(rule: object, rewards: list[float]) -> LearningPolicy:
    """A policy to which each of the five items earned something once."""
    policy = LearningPolicy(Learned(rule, LearnedSettings(), int))  # type: ignore[arg-type]
    ids = tuple("01234")
    shown = Exposure("e", 0, 1, "any", "1", 0, ids, (0.0,) * 5, ids, (0.2,) * 5)
    policy.update([shown], np.array([rewards]))
    return policy


rules = st.one_of(
    st.builds(LinUCB, st.floats(0, 3)),
    st.builds(Thompson, st.floats(0, 3), st.just(8)),
    st.builds(Bootstrap, st.just(3)),
    st.builds(SquareCB, st.floats(0, 50)),
    st.builds(RegCB, st.floats(0, 3)),
)
explorers = st.one_of(
    st.builds(EpsilonGreedy, st.floats(0, 1)),
    st.builds(PlackettLuce, st.floats(0.05, 50)),
    st.builds(taught, rules, st.lists(st.floats(-5, 10), min_size=5, max_size=5)),
)


@settings(max_examples=150, deadline=None)
@given(
    scores=some_scores,
    policy=explorers,
    share=st.floats(0, 1),
    first_place=st.integers(1, 4),
    limit=st.floats(0, 1),
    weights=st.lists(st.floats(0, 1), min_size=N, max_size=N),
)
def test_the_expected_loss_of_the_slate_stays_within_the_budget(
    scores: list[float],
    policy: SequentialPolicy,
    share: float,
    first_place: int,
    limit: float,
    weights: list[float],
) -> None:
    """Whatever the places weigh, as long as none weighs more than those above it; and of all
    requests, only the share pays."""
    weights = sorted(weights, reverse=True)
    value = values(scores)
    greedy = np.sort(value)[::-1][:N] @ weights
    for part in (1.0, share):
        priced = Priced(policy, Price(part, first_place, limit))
        chances = propensities(priced, scores).prod(axis=1)
        assert chances.sum() == pytest.approx(1.0)
        expected = chances @ (value[FIVE] @ weights)
        assert expected >= (1 - part * limit) * greedy - 1e-9


@settings(max_examples=60, deadline=None)
@given(scores=some_scores, temperature=st.floats(0.05, 5), limit=st.floats(0, 1))
def test_with_a_diversity_step_every_place_stays_within_the_budget(
    scores: list[float], temperature: float, limit: float
) -> None:
    value = values(scores)
    for plain in (PlackettLuce(temperature, diversity=Apart()), EpsilonGreedy(0.8, 5, Apart())):
        claims = propensities(Priced(plain, Price(max_expected_loss=limit)), scores)
        greedy = propensities(EpsilonGreedy(0.0, 5, Apart()), scores)
        for place in range(N):
            for begun in np.unique(FIVE[:, :place], axis=0):
                after = np.flatnonzero((FIVE[:, :place] == begun).all(axis=1))
                _, one = np.unique(FIVE[after, place], return_index=True)
                after = after[one]
                worth = value[FIVE[after, place]]
                assert claims[after, place].sum() == pytest.approx(1.0)
                best = worth @ greedy[after, place]
                assert worth @ claims[after, place] >= (1 - limit) * best - 1e-9


def test_no_more_is_taken_from_exploring_than_the_budget_asks() -> None:
    """Where the policy loses more than the limit, exactly the limit is spent; where it loses less,
    it is left as it is."""
    scores = [2.0, 1.0, 0.5, 0.0, -1.0]
    value = values(scores)
    plain = propensities(PlackettLuce(), scores)

    def loss(claims: np.ndarray) -> float:
        _, first = np.unique(FIVE[:, 0], return_index=True)
        return 1 - claims[first, 0] @ value / value[0]

    dear = Priced(PlackettLuce(), Price(max_expected_loss=0.1))
    assert loss(plain) > 0.1
    assert loss(propensities(dear, scores)) == pytest.approx(0.1)
    cheap = Priced(PlackettLuce(), Price(max_expected_loss=loss(plain) + 0.01))
    _, first = np.unique(FIVE[:, 0], return_index=True)
    np.testing.assert_allclose(propensities(cheap, scores)[first, 0], plain[first, 0])


@settings(max_examples=50, deadline=None)
@given(scores=some_scores, policy=explorers, share=st.floats(0, 1))
def test_a_share_is_one_coin_for_the_whole_request(
    scores: list[float], policy: SequentialPolicy, share: float
) -> None:
    """The mixture over the two sides of the coin, written out slate by slate."""
    found = propensities(Priced(policy, Price(share=share)), scores).prod(axis=1)
    explores = propensities(policy, scores).prod(axis=1)
    greedy = propensities(EpsilonGreedy(0.0), scores).prod(axis=1)
    np.testing.assert_allclose(found, share * explores + (1 - share) * greedy, atol=1e-12)


def test_places_before_the_first_are_greedy_and_the_others_as_they_were() -> None:
    scores = [2.0, 1.0, 0.5, 0.0, -1.0]
    claims = propensities(Priced(PlackettLuce(), Price(first_place=2)), scores)
    np.testing.assert_array_equal(claims[:, 0], FIVE[:, 0] == 0)
    begun = FIVE[:, 0] == 0
    np.testing.assert_allclose(
        claims[begun, 1:], propensities(PlackettLuce(), scores)[begun, 1:], atol=1e-12
    )


def test_places_that_may_not_explore_leave_their_budget_to_those_that_may() -> None:
    """Items of equal worth but one: the third place may lose three times the budget."""
    scores = [0.0, 0.0, 0.0, -1e3, -1e3]
    priced = Priced(EpsilonGreedy(1.0), Price(first_place=3, max_expected_loss=0.1))
    claims = propensities(priced, scores)
    begun = (FIVE[:, 0] == 0) & (FIVE[:, 1] == 1)
    third = {
        int(slate[2]): claim[2] for slate, claim in zip(FIVE[begun], claims[begun], strict=True)
    }
    assert third[3] + third[4] == pytest.approx(0.3)
    assert third[2] == pytest.approx(0.7)


@pytest.mark.parametrize(
    "price", [Price(share=0.0), Price(first_place=4), Price(max_expected_loss=0.0)]
)
@pytest.mark.parametrize("plain", [EpsilonGreedy(0.5), PlackettLuce(3.0)])
def test_a_price_of_nothing_is_the_greedy_slate(plain: SequentialPolicy, price: Price) -> None:
    scores = [2.0, 1.0, 0.5, 0.0, -1.0]
    np.testing.assert_allclose(
        propensities(Priced(plain, price), scores), propensities(Greedy(), scores), atol=1e-12
    )


def test_scores_far_apart_cost_what_they_cost() -> None:
    """No overflow and no value lost to rounding: the second best of these is worth nothing."""
    scores = [1e4, -1e4, -1.001e4, -2e4, -3e4]
    with np.errstate(all="raise", under="ignore"):
        claims = propensities(Priced(EpsilonGreedy(1.0), Price(max_expected_loss=0.02)), scores)
    assert claims[FIVE[:, 0] != 0][:, 0].max() == pytest.approx(0.02 / 4)
