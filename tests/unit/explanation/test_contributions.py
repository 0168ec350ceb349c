"""Contributions sum exactly to what puts an item ahead of the other candidates."""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prismrec.core import BadSettings, Candidates
from prismrec.explanation import ExplanationSettings, contributions


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 5)),
        elements=st.floats(-100, 100, width=32),
    ),
    st.integers(0, 6),
    st.data(),
)
def test_they_sum_exactly_to_the_score_less_the_mean_score(
    parts: np.ndarray, padding: int, data: st.DataObject
) -> None:
    b, k, p = parts.shape
    real = max(1, k - padding)
    positions = np.tile(np.arange(k, dtype=np.int32), (b, 1))
    positions[:, real:] = -1
    scores = parts.sum(axis=2)
    scores[:, real:] = -np.inf
    found = Candidates(positions, scores, parts, tuple(f"part{i}" for i in range(p)))
    row, column = data.draw(st.integers(0, b - 1)), data.draw(st.integers(0, real - 1))
    out = contributions(found, row, column)
    exact = parts.astype(np.float64).sum(axis=2)[row]
    difference = exact[column] - exact[:real].mean()
    assert fsum(one.value for one in out) == pytest.approx(difference, abs=1e-9)
    assert fsum(one.value for one in out) == pytest.approx(
        float(scores[row, column]) - scores[row, :real].astype(np.float64).mean(), abs=1e-3
    )
    assert sorted(one.name for one in out) == sorted(found.part_names)
    assert [one.value for one in out] == sorted((one.value for one in out), reverse=True)
    total = sum(abs(one.share) for one in out)
    assert total == pytest.approx(1.0) or (total == 0.0 and difference == pytest.approx(0.0))


def test_a_world_with_one_answer() -> None:
    parts = np.array([[[3.0, 0.0], [1.0, 0.0], [2.0, 6.0], [9.0, 9.0]]], np.float32)
    found = Candidates(
        np.array([[5, 6, 7, -1]], np.int32),
        np.array([[3, 1, 8, -np.inf]], np.float32),
        parts,
        ("follows", "popularity"),
    )
    out = contributions(found, 0, 0)
    assert [(one.name, one.value) for one in out] == [("follows", 1.0), ("popularity", -2.0)]
    assert out[1].share == pytest.approx(-2 / 3)
    assert contributions(found, 0, 3) == []


def test_without_parts_there_is_nothing_to_tell() -> None:
    bare = Candidates(np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32))
    assert contributions(bare, 0, 0) == []


@pytest.mark.parametrize("bad", [{"reasons": 0}, {"influences": -1}])
def test_bad_settings_say_what_to_change(bad: dict) -> None:
    with pytest.raises(BadSettings, match=r"explanation\."):
        ExplanationSettings(**bad)
