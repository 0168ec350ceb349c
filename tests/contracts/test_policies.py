"""What every policy owes: propensities that are what really happens, and never a wrong item."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from prismrec.core import Candidates, ItemFeatures, Policy, QueryBatch, generator
from prismrec.exploration import EpsilonGreedy, Greedy
from prismrec.ranking import MaximalMarginalRelevance

DRAWS = 100_000


def unlike(n: int) -> MaximalMarginalRelevance:
    """A diversity step over n items with random unit vectors."""
    vectors = np.random.default_rng(5).normal(size=(n, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return MaximalMarginalRelevance(
        replace(ItemFeatures.bare(n), text_vectors=vectors), 0.6, "text"
    )


POLICIES = {
    "greedy": lambda: Greedy(),
    "greedy, diverse": lambda: Greedy(unlike(64)),
    "epsilon 0": lambda: EpsilonGreedy(0.0),
    "epsilon 0.2": lambda: EpsilonGreedy(0.2),
    "epsilon 1": lambda: EpsilonGreedy(1.0),
    "epsilon 0.4, short": lambda: EpsilonGreedy(0.4, shortlist=4),
    "epsilon 0.3, diverse": lambda: EpsilonGreedy(0.3, diversity=unlike(64)),
}
every_policy = pytest.mark.parametrize("make", POLICIES.values(), ids=POLICIES.keys())


@every_policy
def test_drawn_slates_come_as_often_as_claimed(make: object) -> None:
    policy: Policy = make()  # type: ignore[operator]
    batch = 10_000
    scores = np.array([2.0, 1.5, 1.5, -1.0, -3.0], np.float32)
    row = Candidates(np.array([[3, 9, 4, 0, 7]], np.int32), scores[None])
    many = _repeated(row, batch)
    counts: Counter[tuple[int, ...]] = Counter()
    claimed: dict[tuple[int, ...], float] = {}
    rng = generator(11, "contract")
    for _ in range(DRAWS // batch):
        choice = policy.choose(QueryBatch.of([[]] * batch), many, 3, rng)
        assert choice.exact
        slates, first, inverse = np.unique(
            choice.columns, axis=0, return_index=True, return_inverse=True
        )
        chances = choice.propensities.prod(axis=1)
        np.testing.assert_allclose(chances, chances[first][inverse.ravel()], atol=1e-12)
        for slate, at, count in zip(slates, first, np.bincount(inverse.ravel()), strict=True):
            key = tuple(slate.tolist())
            counts[key] += int(count)
            claimed[key] = float(chances[at])
    assert sum(claimed.values()) == pytest.approx(1.0)
    if len(claimed) > 1:
        seen = [counts[key] for key in claimed]
        expected = [DRAWS * chance for chance in claimed.values()]
        assert chisquare(seen, expected).pvalue > 1e-3


def _repeated(row: Candidates, times: int) -> Candidates:
    return Candidates(np.repeat(row.positions, times, 0), np.repeat(row.scores, times, 0))


def test_epsilon_greedy_claims_what_the_definition_says() -> None:
    """Enumerated by hand: three candidates, two places, every slate with its probability."""
    epsilon = 0.3
    row = Candidates(np.arange(3, dtype=np.int32)[None], np.array([[3, 2, 1]], np.float32))
    many = _repeated(row, 5_000)
    choice = EpsilonGreedy(epsilon).choose(QueryBatch.of([[]] * 5_000), many, 2, generator(3))
    found = {
        tuple(slate): chance
        for slate, chance in zip(
            choice.columns.tolist(), choice.propensities.prod(axis=1), strict=True
        )
    }
    expected = {}
    for first, second in itertools.permutations(range(3), 2):
        one = epsilon / 3 + (1 - epsilon) * (first == 0)
        best = min({0, 1, 2} - {first})
        expected[first, second] = one * (epsilon / 2 + (1 - epsilon) * (second == best))
    assert found == pytest.approx(expected)


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
