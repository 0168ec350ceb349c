"""EASE with text against its closed form, and what the text is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.text_ease import TextEASE, pulled_weights, whitened


def zero_diagonal(inverse: np.ndarray) -> np.ndarray:
    return np.eye(len(inverse)) - inverse / np.diag(inverse)


def test_weights_make_the_objective_stationary_off_a_zero_diagonal():
    rng = np.random.default_rng(0)
    taken = (rng.random((60, 12)) < 0.3).astype(float)
    texts = rng.normal(size=(12, 5))
    texts[3] = 0
    pull, regularisation, ridge = 6.0, 4.0, 2.0
    said = zero_diagonal(np.linalg.inv(texts @ texts.T + ridge * np.eye(12)))
    gram = taken.T @ taken
    inverse = np.linalg.inv(gram + (regularisation + pull) * np.eye(12)).astype(np.float32)
    weights = pulled_weights(inverse, texts, pull, ridge).astype(np.float64)
    slope = gram @ (weights - np.eye(12)) + regularisation * weights + pull * (weights - said)
    np.fill_diagonal(slope, 0)
    np.testing.assert_allclose(slope, 0, atol=1e-4)
    np.testing.assert_array_equal(np.diag(weights), 0)


def world(texts: np.ndarray | None) -> Interactions:
    """Items 0 to 3 are taken together; 4 and 5 by nobody, and 4 says what 0 says."""
    rows = [[0, 1, 2, 3], [0, 1], [2, 3], [1, 2]] * 5
    features = replace(ItemFeatures.bare(6), text_vectors=texts)
    return Interactions(Sequences.of(rows), features)


def test_what_nobody_took_is_reached_by_its_text():
    texts = np.eye(6, dtype=np.float32)
    texts[4] = texts[0]
    scores = TextEASE().fit(world(texts), generator(0, "t")).score(QueryBatch.of([[0]]))[0]
    assert scores[4] > 2 * scores[5]
    assert scores[4] > 0


def test_without_text_it_is_ease():
    scorer = TextEASE(regularisation=1.0, pull=2.0).fit(world(None), generator(0, "t"))
    taken = np.zeros((20, 6))
    for user, row in enumerate([[0, 1, 2, 3], [0, 1], [2, 3], [1, 2]] * 5):
        taken[user, row] = 1
    strength = 3.0 * taken.sum() / 6
    inverse = np.linalg.inv(taken.T @ taken + strength * np.eye(6))
    want = np.maximum(zero_diagonal(inverse), 0)
    np.testing.assert_allclose(scorer.neighbours.toarray(), want, atol=1e-5)


def test_texts_of_zeros_are_no_text():
    bare = replace(ItemFeatures.bare(4), text_vectors=np.zeros((4, 3), np.float32))
    assert whitened(bare, 0.003).shape == (4, 0)
