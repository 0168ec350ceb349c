"""What every policy owes: propensities that are what really happens, and never a wrong item."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from prismrec.core import Candidates, Exposure, ItemFeatures, Policy, QueryBatch, generator
from prismrec.exploration import (
    BeliefSettings,
    Bootstrap,
    EpsilonGreedy,
    Greedy,
    Learned,
    LearnedSettings,
    LearningPolicy,
    LinUCB,
    NewItems,
    PlackettLuce,
    Price,
    Priced,
    Quota,
    RegCB,
    SequentialPolicy,
    SquareCB,
    Thompson,
)
from prismrec.exploration.bandits import Rule
from prismrec.ranking import MaximalMarginalRelevance

DRAWS = 100_000
FALSE_ALARM = 1e-4
"""The chance that an honest policy fails the check, over all that is compared; the seed is fixed,
so that a policy passes always or never."""


def unlike(n: int) -> MaximalMarginalRelevance:
    """A diversity step over n items with random unit vectors."""
    vectors = np.random.default_rng(5).normal(size=(n, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return MaximalMarginalRelevance(
        replace(ItemFeatures.bare(n), text_vectors=vectors), 0.6, "text"
    )


CREATED = np.where(np.isin(np.arange(64), [0, 12]), 0, -1)
"""Two of the items are as new as can be, of the others nothing is known."""


def taught(rule: Rule, diversity: MaximalMarginalRelevance | None = None) -> LearningPolicy:
    """A policy that has seen 30 slates of the six items, of which 4 and 7 earned now and then."""
    return LearningPolicy(learned(rule), diversity=diversity)


@functools.cache
def learned(rule: Rule) -> Learned:
    ids = ("3", "9", "4", "0", "7", "12")
    told = LearnedSettings(BeliefSettings(keep=0.99), expected=0.3, position_bias=0.5)
    state = Learned(rule, told, int)
    rng, scores = np.random.default_rng(3), tuple(map(float, SIX.scores[0]))
    for number in range(30):
        chosen = tuple(ids[i] for i in rng.permutation(6)[:3])
        shown = Exposure(str(number), 0, 1, "any", "1", 0, ids, scores, chosen, (0.1, 0.1, 0.1))
        earned = np.array([[float(i in "47" and rng.random() < 0.5) for i in chosen]])
        state.update([shown], earned)
    return state


SIX = Candidates(
    np.array([[3, 9, 4, 0, 7, 12]], np.int32), np.array([[2, 1.5, 1.5, 0.5, 0, -1]], np.float32)
)
SLATES = np.array(list(itertools.permutations(range(6), 3)), np.int32)

POLICIES = {
    "greedy": lambda: Greedy(),
    "greedy, diverse": lambda: Greedy(unlike(64)),
    "epsilon 0": lambda: EpsilonGreedy(0.0),
    "epsilon 0.2": lambda: EpsilonGreedy(0.2),
    "epsilon 1": lambda: EpsilonGreedy(1.0),
    "epsilon 0.4, short": lambda: EpsilonGreedy(0.4, shortlist=4),
    "epsilon 0.3, diverse": lambda: EpsilonGreedy(0.3, diversity=unlike(64)),
    "plackett-luce": lambda: PlackettLuce(),
    "plackett-luce, hot, short": lambda: PlackettLuce(5.0, shortlist=5),
    "plackett-luce, diverse": lambda: PlackettLuce(0.2, diversity=unlike(64)),
    "epsilon, priced": lambda: Priced(EpsilonGreedy(0.6), Price(0.3, 2, 0.05)),
    "plackett-luce, to some": lambda: Priced(PlackettLuce(), Price(share=0.4)),
    "greedy, new items": lambda: NewItems(Greedy(), Quota(0.3, place=2), CREATED),
    "plackett-luce, new items, priced": lambda: Priced(
        NewItems(PlackettLuce(), Quota(0.3), CREATED), Price(0.5, 1, 0.3)
    ),
    "plackett-luce, priced": lambda: Priced(PlackettLuce(2.0), Price(0.5, 1, 0.2)),
}
POLICIES |= {
    "linucb": lambda: taught(LinUCB()),
    "thompson": lambda: taught(Thompson(draws=32)),
    "bootstrap": lambda: taught(Bootstrap(20)),
    "squarecb": lambda: taught(SquareCB(2.0)),
    "regcb": lambda: taught(RegCB(0.4)),
    "squarecb, diverse": lambda: taught(SquareCB(), unlike(64)),
    "thompson, priced": lambda: Priced(taught(Thompson(2.0, 16)), Price(0.6, 1, 0.2)),
    "squarecb, new items": lambda: NewItems(taught(SquareCB()), Quota(0.3, place=2), CREATED),
    "regcb, to some": lambda: Priced(taught(RegCB(1.0)), Price(0.4, 2)),
}
every_policy = pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES.keys())


def repeated(row: Candidates, times: int) -> Candidates:
    return Candidates(np.repeat(row.positions, times, 0), np.repeat(row.scores, times, 0))


def claimed(policy: SequentialPolicy) -> np.ndarray:
    """(120, 3): what the policy says of each place of every slate of three of the six."""
    queries = QueryBatch.of([[]] * len(SLATES))
    return policy.propensities(queries, repeated(SIX, len(SLATES)), SLATES)


@functools.cache
def drawn(name: str) -> tuple[np.ndarray, np.ndarray]:
    """How often each of the slates came, (120,), and what its draws claimed, (120, 3)."""
    policy, batch = POLICIES[name](), 10_000
    counts, claims = np.zeros(len(SLATES), int), np.full((len(SLATES), 3), np.nan)
    rng = generator(11, "contract")
    number = {tuple(slate): at for at, slate in enumerate(SLATES.tolist())}
    for _ in range(DRAWS // batch):
        choice = policy.choose(QueryBatch.of([[]] * batch), repeated(SIX, batch), 3, rng)
        assert choice.exact
        slates, first, inverse, count = np.unique(
            choice.columns, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        said = choice.propensities
        np.testing.assert_allclose(said, said[first][inverse.ravel()], atol=1e-12)
        rows = [number[tuple(slate)] for slate in slates.tolist()]
        counts[rows] += count
        claims[rows] = said[first]
    return counts, claims


def surprise(counts: np.ndarray, claims: np.ndarray) -> float:
    """The chance, at most, of frequencies this far from the claims were they true.

    Exact two-sided binomial tests of every action after every beginning, of every action at every
    place, and of every slate; the smallest p-value times their number (Bonferroni).
    """
    tails = [binomial(counts, DRAWS, claims.prod(axis=1))]
    for place in range(3):
        _, first, begun = np.unique(
            SLATES[:, : place + 1], axis=0, return_index=True, return_inverse=True
        )
        _, before = np.unique(SLATES[first, :place], axis=0, return_inverse=True)
        seen, reached = np.bincount(begun, counts), claims[first, : place + 1].prod(axis=1)
        tails.append(binomial(seen, np.bincount(before, seen)[before], claims[first, place]))
        action = SLATES[first, place]
        tails.append(binomial(np.bincount(action, seen), DRAWS, np.bincount(action, reached)))
    every = np.concatenate(tails)
    return float(every.min() * len(every))


def binomial(seen: np.ndarray, of: np.ndarray | int, chance: np.ndarray) -> np.ndarray:
    chance = np.clip(chance, 0.0, 1.0)
    return 2 * np.minimum(binom.cdf(seen, of, chance), binom.sf(seen - 1, of, chance))


every_name = pytest.mark.parametrize("name", POLICIES)


@every_name
def test_drawn_slates_come_as_often_as_claimed(name: str) -> None:
    counts, said = drawn(name)
    claims = claimed(POLICIES[name]())
    came = counts > 0
    np.testing.assert_allclose(said[came], claims[came], atol=1e-12)
    assert claims.prod(axis=1).sum() == pytest.approx(1.0)
    assert surprise(counts, claims) > FALSE_ALARM


@every_name
@pytest.mark.parametrize("place", range(3))
def test_a_claim_two_points_off_is_caught(name: str, place: int) -> None:
    """One action at one place said to be 2 percentage points likelier, or less likely, than it is;
    another makes up for it, so that what is claimed still sums to 1."""
    counts, _ = drawn(name)
    claims = claimed(POLICIES[name]())
    wrong = claims.copy()
    action = 1
    for begun in np.unique(SLATES[:, :place], axis=0):
        after = (SLATES[:, :place] == begun).all(axis=1)
        mine = after & (SLATES[:, place] == action)
        if not mine.any():
            continue
        error = 0.02 if claims[mine, place][0] < 0.5 else -0.02
        others = after & ~mine
        largest = SLATES[others, place][np.argmax(claims[others, place])]
        wrong[mine, place] += error
        wrong[after & (SLATES[:, place] == largest), place] -= error
    assert wrong.prod(axis=1).sum() == pytest.approx(1.0)
    assert surprise(counts, wrong) < FALSE_ALARM


def test_epsilon_greedy_claims_what_the_definition_says() -> None:
    """Slates of two of three candidates, against the definition written out."""
    epsilon = 0.3
    row = Candidates(np.arange(3, dtype=np.int32)[None], np.array([[3, 2, 1]], np.float32))
    slates = list(itertools.permutations(range(3), 2))
    found = EpsilonGreedy(epsilon).propensities(
        QueryBatch.of([[]] * 6), repeated(row, 6), np.array(slates, np.int32)
    )
    expected = []
    for first, second in slates:
        best = min({0, 1, 2} - {first})
        one = epsilon / 3 + (1 - epsilon) * (first == 0)
        expected.append([one, epsilon / 2 + (1 - epsilon) * (second == best)])
    np.testing.assert_allclose(found, expected)


def test_plackett_luce_claims_what_the_definition_says() -> None:
    weights = np.exp(SIX.scores[0].astype(float) / 0.7)
    expected = []
    for slate in SLATES:
        taken = np.cumsum([0.0, *weights[slate][:-1]])
        expected.append(weights[slate] / (weights.sum() - taken))
    np.testing.assert_allclose(claimed(PlackettLuce(0.7)), expected)


@every_policy
@settings(max_examples=40, deadline=None)
@given(
    scores=st.lists(
        st.lists(st.sampled_from([-np.inf, -2.0, 0.0, 0.5, 1.0]), min_size=6, max_size=6),
        min_size=1,
        max_size=4,
    ),
    n=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_never_a_padded_or_repeated_item(
    make: object, scores: list[list[float]], n: int, seed: int
) -> None:
    policy: Policy = make()  # type: ignore[operator]
    array = np.array(scores, np.float32)
    positions = np.where(np.isneginf(array), -1, np.arange(6) * 3).astype(np.int32)
    found = Candidates(positions, array)
    choice = policy.choose(QueryBatch.of([[]] * len(array)), found, n, generator(seed))
    assert choice.columns.shape == choice.propensities.shape == (len(array), n)
    short = getattr(policy, "shortlist", 6)
    for row, columns, chances in zip(positions, choice.columns, choice.propensities, strict=True):
        shown = columns[columns >= 0]
        assert len(shown) == min(n, (row >= 0).sum(), max(short, n))
        assert len(set(shown.tolist())) == len(shown)
        assert (row[shown] >= 0).all()
        assert (columns[len(shown) :] == -1).all()
        assert ((chances > 0) & (chances <= 1)).all()
