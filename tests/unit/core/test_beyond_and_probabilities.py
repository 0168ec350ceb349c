"""Coverage, novelty, diversity, popularity; probabilities and ratings; each against an oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from prismrec.core import beyond, probabilities

LISTS = np.array([[0, 1, 2], [0, 1, -1], [-1, -1, -1]], np.int32)


def test_coverage_counts_what_came_out_at_all() -> None:
    assert beyond.coverage(LISTS, 6) == pytest.approx(0.5)
    assert beyond.exposure_counts(LISTS, 6).tolist() == [2, 2, 1, 0, 0, 0]


def test_gini_at_its_two_ends_and_by_its_definition() -> None:
    assert beyond.gini(np.array([5, 5, 5])) == pytest.approx(0.0)
    assert beyond.gini(np.array([0] * 99 + [7])) == pytest.approx(0.99)
    counts = np.array([1, 4, 2, 9])
    pairs = np.abs(counts[:, None] - counts[None, :]).mean()
    assert beyond.gini(counts) == pytest.approx(pairs / (2 * counts.mean()))


def test_novelty_is_the_surprise_in_bits() -> None:
    information = beyond.self_information(np.array([7, 1, 0]), n_users=7)
    assert information.tolist() == pytest.approx([0.0, 2.0, 3.0])
    assert beyond.list_mean(LISTS, information).tolist() == pytest.approx([5 / 3, 1.0, 0.0])


def test_the_popularity_percentile_shares_ties() -> None:
    assert beyond.popularity_percentile(np.array([1, 5, 5, 9])).tolist() == pytest.approx(
        [0.125, 0.5, 0.5, 0.875]
    )


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, (5, 4), elements=st.integers(-3, 3).map(float)))
def test_diversity_is_the_mean_over_pairs(raw: np.ndarray) -> None:
    norms = np.linalg.norm(raw, axis=1, keepdims=True)
    vectors = (raw / np.where(norms > 0, norms, 1)).astype(np.float32)
    known = [i for i in range(4) if norms[i, 0] > 0]
    pairs = [1 - vectors[i] @ vectors[j] for i in known for j in known if i < j]
    got = beyond.intra_list_diversity(np.array([[0, 1, 2, 3, -1]], np.int32), vectors)[0]
    assert got == pytest.approx(np.mean(pairs) if pairs else 0.0, abs=1e-5)


FLAGS = st.lists(st.booleans(), min_size=2, max_size=40).filter(lambda f: 0 < sum(f) < len(f))


@settings(max_examples=60, deadline=None)
@given(FLAGS, st.data())
def test_probabilities_agree_with_scikit_learn(happened, data) -> None:
    levels = st.integers(0, 8).map(lambda x: x / 8)
    p = np.array(data.draw(st.lists(levels, min_size=len(happened), max_size=len(happened))))
    y = np.array(happened)
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    assert probabilities.log_loss(p, y) == pytest.approx(sk.log_loss(y, clipped))
    assert probabilities.brier_score(p, y) == pytest.approx(sk.brier_score_loss(y, p))
    assert probabilities.area_under_roc(p, y) == pytest.approx(sk.roc_auc_score(y, p))
    assert probabilities.rmse(p, y) == pytest.approx(np.sqrt(sk.mean_squared_error(y, p)))
    assert probabilities.mae(p, y) == pytest.approx(sk.mean_absolute_error(y, p))


def test_calibration_error_of_an_honest_and_of_a_boastful_forecast() -> None:
    happened = np.array([True] * 3 + [False] * 7)
    honest = probabilities.expected_calibration_error(np.full(10, 0.3), happened)
    boastful = probabilities.expected_calibration_error(np.full(10, 0.9), happened)
    assert honest == pytest.approx(0.0)
    assert boastful == pytest.approx(0.6)


def test_one_class_alone_has_no_area_under_the_curve() -> None:
    assert np.isnan(probabilities.area_under_roc(np.array([0.1, 0.2]), np.array([True, True])))
