"""Additive terms: one part each, exactly as much as the settings say, and never a new item."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Bags, Candidates, ItemFeatures, QueryBatch
from prismrec.ranking import AdditiveTerms, RankingSettings, rankers_from

DAY = 86_400_000
FEATURES = replace(
    ItemFeatures.bare(4),
    created_at=np.array([100 * DAY, 90 * DAY, -1, 200 * DAY], np.int64),
    attributes=Bags.of([[0], [1, 1], [0, 1], []], ["brand=Acme", "category=Shoes"]),
)
QUERIES = QueryBatch.of([[], []], at=100 * DAY)
CANDIDATES = Candidates(
    positions=np.array([[0, 1, 2, 3], [2, 1, -1, -1]], np.int32),
    scores=np.array([[4, 3, 2, 1], [1, 0, -np.inf, -np.inf]], np.float32),
    parts=np.array([[[4], [3], [2], [1]], [[1], [0], [0], [0]]], np.float32),
    part_names=("follows",),
    sources=np.array([[1, 2, 3, 4], [5, 6, 0, 0]], np.uint32),
)


def ranked(**settings: object) -> Candidates:
    counts = np.array([0, 99, 9])
    return AdditiveTerms(RankingSettings(**settings), FEATURES, counts).rank(QUERIES, CANDIDATES)


def part(out: Candidates, name: str, row: int = 0) -> dict[int, float]:
    assert out.parts is not None
    values = out.parts[row, :, out.part_names.index(name)]
    return {int(p): float(v) for p, v in zip(out.positions[row], values, strict=True) if p >= 0}


def test_nothing_is_on_by_default() -> None:
    assert rankers_from(RankingSettings(), FEATURES) == ()
    assert ranked() is CANDIDATES


def test_freshness_halves_and_an_unknown_age_has_none() -> None:
    out = ranked(freshness=2.0, freshness_days=10.0)
    assert part(out, "rule.freshness") == {0: 2.0, 1: 1.0, 2: 0.0, 3: 2.0}


def test_popularity_is_logarithmic_and_new_items_have_none() -> None:
    found = part(ranked(popularity=2.0), "rule.popularity")
    np.testing.assert_allclose([found[i] for i in range(4)], [0, 2, 1, 0], atol=1e-6)


def test_boosts_sum_over_tokens_and_a_doubled_token_counts_once() -> None:
    found = part(
        ranked(boosts={"brand=Acme": 0.5, "category=Shoes": 2.0, "x=y": 9.0}), "rule.boost"
    )
    assert found == {0: 0.5, 1: 2.0, 2: 2.5, 3: 0.0}


def test_same_items_new_order_and_parts_still_sum_to_the_score() -> None:
    out = ranked(freshness=1.5, popularity=-3.0, boosts={"category=Shoes": 6.0})
    assert out.part_names == ("follows", "rule.freshness", "rule.popularity", "rule.boost")
    assert out.positions[0].tolist() == [1, 2, 0, 3]
    assert out.positions[1].tolist() == [2, 1, -1, -1]
    assert sorted(out.positions[0]) == sorted(CANDIDATES.positions[0])
    assert out.parts is not None
    assert out.sources is not None
    known = out.positions >= 0
    np.testing.assert_allclose(out.parts.sum(-1)[known], out.scores[known], atol=1e-5)
    assert np.isneginf(out.scores[~known]).all()
    assert np.isfinite(out.parts).all()
    assert out.sources[0].tolist() == [2, 3, 1, 4]


def test_candidates_without_parts_gain_a_part_for_the_score_so_far() -> None:
    bare = replace(CANDIDATES, parts=None, part_names=())
    ranker = AdditiveTerms(RankingSettings(freshness=1.0), FEATURES)
    out = ranker.rank(QUERIES, bare)
    assert out.part_names == ("score", "rule.freshness")
    assert out.parts is not None
    known = out.positions >= 0
    np.testing.assert_allclose(out.parts.sum(-1)[known], out.scores[known], atol=1e-5)
