"""Maximal marginal relevance against its definition, on worlds small enough to compute by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadSettings, Bags, ItemFeatures
from prismrec.ranking import MaximalMarginalRelevance, RankingSettings, diversity_from


def world(n: int, seed: int = 0, *, text: bool = True, tokens: bool = True) -> ItemFeatures:
    """n items with random unit vectors and random sets of three of eight tokens."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bags = Bags.of(
        [rng.choice(8, 3, replace=False) for _ in range(n)], [f"t={i}" for i in range(8)]
    )
    bare = ItemFeatures.bare(n)
    return replace(
        bare,
        text_vectors=vectors if text else None,
        attributes=bags if tokens else bare.attributes,
    )


def similarity(features: ItemFeatures, a: int, b: int, by: str) -> float:
    """The definition, one pair at a time."""
    found = []
    if by in ("both", "text") and features.text_vectors is not None:
        cosine = float(features.text_vectors[a] @ features.text_vectors[b])
        found.append(min(max(cosine, 0.0), 1.0))
    if by in ("both", "attributes") and len(features.attributes.indices):
        one, two = set(features.attributes.row(a)), set(features.attributes.row(b))
        found.append(len(one & two) / max(len(one | two), 1))
    return sum(found) / len(found) if found else 0.0


@pytest.mark.parametrize("by", ["both", "text", "attributes"])
@pytest.mark.parametrize(("text", "tokens"), list(itertools.product([True, False], repeat=2)))
def test_worth_is_the_published_formula(by: str, text: bool, tokens: bool) -> None:
    features = world(12, text=text, tokens=tokens)
    positions = np.array([7, 3, 11, 0, 5, 2], np.int32)
    scores = np.array([4.0, 3.5, 3.0, 1.0, 0.5, -4.0], np.float32)
    strength = 0.3
    step = MaximalMarginalRelevance(features, strength, by)
    chosen: list[int] = []
    for pick in (0, 3, 1):
        chosen.append(pick)
        expected = [
            (1 - strength) * (score + 4.0) / 8.0
            - strength * max(similarity(features, int(p), int(positions[c]), by) for c in chosen)
            for p, score in zip(positions, scores, strict=True)
        ]
        np.testing.assert_allclose(step.worth(positions, scores, chosen), expected, atol=1e-6)


@given(st.lists(st.permutations(range(8)), min_size=2, max_size=5), st.integers(0, 3))
def test_what_is_remembered_never_changes_an_answer(walks: list[list[int]], seed: int) -> None:
    features = world(30, seed)
    step = MaximalMarginalRelevance(features, 0.5)
    for number, walk in enumerate(walks):
        positions = np.arange(number % 2, 8 + number % 2, dtype=np.int32)
        scores = np.linspace(2, 0, 8).astype(np.float32)
        for length in (0, 2, 1, 5):
            fresh = MaximalMarginalRelevance(features, 0.5)
            np.testing.assert_array_equal(
                step.worth(positions, scores, walk[:length]),
                fresh.worth(positions, scores, walk[:length]),
            )


def test_positions_changed_in_place_are_noticed() -> None:
    features, scores = world(20), np.linspace(1, 0, 4).astype(np.float32)
    step, positions = MaximalMarginalRelevance(features, 0.5), np.arange(4, dtype=np.int32)
    before = step.worth(positions, scores, [0])
    positions[:] = [10, 11, 12, 13]
    after = step.worth(positions, scores, [0])
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(
        after, MaximalMarginalRelevance(features, 0.5).worth(positions, scores, [0])
    )


def test_strength_zero_gives_the_scores_themselves() -> None:
    scores = np.array([3.0, -1.0, -np.inf], np.float32)
    step = MaximalMarginalRelevance(world(5), 0.0)
    assert step.worth(np.array([1, 2, -1], np.int32), scores, [0]) is scores
    assert diversity_from(RankingSettings(), world(5)) is None


def test_strength_one_ignores_the_score_after_the_first() -> None:
    features = world(6)
    assert features.text_vectors is not None
    features.text_vectors[:] = np.eye(6, 5, dtype=np.float32)
    features.text_vectors[1] = features.text_vectors[0]
    step = MaximalMarginalRelevance(features, 1.0, "text")
    positions, scores = np.array([0, 1, 2], np.int32), np.array([9, 8, -50], np.float32)
    assert np.argmax(step.worth(positions, scores, [0])) == 2


def test_a_scale_of_scores_does_not_change_the_step() -> None:
    positions, scores = np.arange(6, dtype=np.int32), np.linspace(1, 0, 6).astype(np.float32)
    step = MaximalMarginalRelevance(world(6), 0.4)
    np.testing.assert_allclose(
        step.worth(positions, scores, [2]), step.worth(positions, 8 * scores - 16, [2]), atol=1e-6
    )


def test_padding_is_worth_minus_infinity_and_equal_scores_are_equal() -> None:
    step = MaximalMarginalRelevance(world(5), 0.5)
    scores = np.array([2.0, 2.0, -np.inf], np.float32)
    worth = step.worth(np.array([1, 2, -1], np.int32), scores, [])
    assert worth.dtype == np.float32
    assert worth[0] == worth[1]
    assert worth[2] == -np.inf


@pytest.mark.parametrize(
    "bad",
    [
        {"diversity": 1.5},
        {"diversity": float("nan")},
        {"similarity": "colour"},
        {"freshness_days": 0.0},
        {"freshness": float("inf")},
        {"boosts": {"brand=Acme": float("nan")}},
    ],
)
def test_bad_settings_say_what_to_change(bad: dict) -> None:
    with pytest.raises(BadSettings, match=r"ranking\.") as error:
        RankingSettings(**bad)
    assert error.value.hint
