"""EASE against its closed form in float64."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import (
    BadSettings,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.models.neighbours.ease import EASE


def world(n_users: int = 60, n_items: int = 12) -> tuple[Interactions, np.ndarray]:
    rng = generator(6, "rows")
    rows = [rng.choice(n_items, rng.integers(1, 6), replace=False).tolist() for _ in range(n_users)]
    taken = np.zeros((n_users, n_items))
    for user, items in enumerate(rows):
        taken[user, items] = 1
    return Interactions(Sequences.of(rows), ItemFeatures.bare(n_items)), taken


def closed_form(taken: np.ndarray, regularisation: float) -> np.ndarray:
    inverse = np.linalg.inv(taken.T @ taken + regularisation * np.eye(taken.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def test_weights_are_the_positive_ones_of_the_closed_form():
    train, taken = world()
    scorer = EASE(regularisation=7.0).fit(train, generator(0, "test"))
    want = np.maximum(closed_form(taken, 7.0), 0)
    np.testing.assert_allclose(scorer.neighbours.toarray(), want, atol=1e-5)


def test_each_row_keeps_its_largest_weights():
    train, taken = world()
    scorer = EASE(regularisation=7.0, neighbours=3).fit(train, generator(0, "test"))
    for row, full in zip(scorer.neighbours.toarray(), closed_form(taken, 7.0), strict=True):
        best = np.argsort(-full)[:3]
        want = np.zeros_like(full)
        want[best] = np.maximum(full[best], 0)
        np.testing.assert_allclose(row, want, atol=1e-5)


def test_scores_are_the_mean_of_the_history_rows_and_never_negative():
    train, taken = world()
    scorer = EASE(regularisation=7.0, half_life=1e9).fit(train, generator(0, "test"))
    weights = np.maximum(closed_form(taken, 7.0), 0)
    want = weights[[2, 5, 9]].mean(0)
    np.testing.assert_allclose(scorer.score(QueryBatch.of([[2, 5, 9]]))[0], want, atol=1e-5)


def test_too_many_items_are_refused_with_what_to_do():
    train, _ = world()
    with pytest.raises(BadSettings, match=r"12 items .* limit is 11 items.* item_knn"):
        EASE(max_items=11).fit(train, generator(0, "test"))
