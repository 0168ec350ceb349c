"""Fusion of lists of candidates."""

from __future__ import annotations

from fractions import Fraction
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Candidates
from prismrec.retrieval import reciprocal_rank_fusion, selection, union
from prismrec.retrieval.selection import brought, picked, top_k

rankings = st.lists(st.lists(st.integers(0, 12), unique=True, max_size=8), min_size=3, max_size=3)


def listed(name: str, rows: list[list[int]]) -> Candidates:
    width = max(map(len, rows), default=0)
    positions = np.full((len(rows), width), -1, np.int32)
    for row, items in enumerate(rows):
        positions[row, : len(items)] = items
    scores = -np.broadcast_to(np.arange(width), positions.shape).astype(np.float32)
    return brought(name, positions, scores)


@settings(deadline=None)
@given(st.lists(rankings, min_size=1, max_size=4), st.integers(1, 40))
def test_fusion_is_the_sum_of_reciprocal_ranks(lists: list[list[list[int]]], k: int) -> None:
    names = [f"r{i}" for i in range(len(lists))]
    inputs = [listed(n, rows) for n, rows in zip(names, lists, strict=True)]
    fused = reciprocal_rank_fusion(inputs, k)
    assert fused.part_names == fused.source_names == tuple(names)
    assert np.allclose(
        np.where(fused.positions >= 0, fused.parts.sum(axis=2), 0),
        np.where(fused.positions >= 0, fused.scores, 0),
        rtol=1e-6,
    )
    for row in range(3):
        exact: dict[int, Fraction] = {}
        bits: dict[int, int] = {}
        for source, rows in enumerate(lists):
            for rank, item in enumerate(rows[row], start=1):
                exact[item] = exact.get(item, Fraction(0)) + Fraction(1, 60 + rank)
                bits[item] = bits.get(item, 0) | 1 << source
        found = [p for p in fused.positions[row].tolist() if p >= 0]
        assert len(found) == min(k, len(exact)) == len(set(found))
        values = [float(exact[p]) for p in found]
        assert values == sorted(values, reverse=True) or np.allclose(
            values, sorted(values, reverse=True), rtol=1e-6
        )
        assert [bits[p] for p in found] == fused.sources[row, : len(found)].tolist()


def test_what_two_lists_agree_on_comes_first() -> None:
    fused = reciprocal_rank_fusion([listed("a", [[7, 3, 5]]), listed("b", [[9, 3, 1]])], 3)
    assert fused.positions.tolist() == [[3, 7, 9]]
    assert np.allclose(fused.parts[0, 0], [1 / 62, 1 / 62])
    assert fused.sources.tolist() == [[3, 1, 2]]


def test_ties_go_by_position() -> None:
    fused = reciprocal_rank_fusion([listed("a", [[8]]), listed("b", [[2]])], 2)
    assert fused.positions.tolist() == [[2, 8]]


def test_the_constant_weighs_the_first_places() -> None:
    """With 0 the first place of one list beats two third places; with 60 agreement wins."""
    lists = [listed("a", [[1, 2, 3]]), listed("b", [[4, 5, 3]])]
    assert reciprocal_rank_fusion(lists, 1, constant=0).positions.tolist() == [[1]]
    assert reciprocal_rank_fusion(lists, 1, constant=60).positions.tolist() == [[3]]


def test_union_holds_everything_once() -> None:
    joined = union([listed("a", [[1, 2], []]), listed("b", [[2, 3, 4], [5]])])
    assert sorted(joined.positions[0].tolist()) == [1, 2, 3, 4]
    assert joined.positions[1].tolist() == [5, -1, -1, -1]


def test_nothing_from_anyone_is_nothing() -> None:
    fused = reciprocal_rank_fusion([listed("a", [[], []]), listed("b", [[], []])], 5)
    assert fused.positions.shape == (2, 0)
    assert fused.parts.shape == (2, 0, 2)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 2.0, float("-inf")]), min_size=9, max_size=9),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 12),
    st.sampled_from([0, selection.FEW]),
)
def test_top_k_is_a_stable_sort_cut_at_k(rows: list[list[float]], k: int, few: int) -> None:
    scores = np.array(rows, np.float32)
    with patch.object(selection, "FEW", few):
        columns, best = top_k(scores, k)
    for row in range(len(rows)):
        order = sorted(range(9), key=lambda c: (-scores[row, c], c))[:k]
        expected = [c if np.isfinite(scores[row, c]) else -1 for c in order]
        assert columns[row].tolist() == expected
        assert best[row].tolist() == scores[row, order].tolist()
    assert picked(scores, k).tolist() == np.sort(columns, axis=1).tolist()
