"""EASE with text against its closed form, and what the text is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.ease import EASE
from prismrec.models.neighbours.text_ease import TextEASE, pulled_weights, whitened
from unit.models.fixed import cases_of


def zero_diagonal(inverse: np.ndarray) -> np.ndarray:
    return np.eye(len(inverse)) - inverse / np.diag(inverse)


def test_weights_are_the_positive_ones_of_the_closed_form():
    rng = np.random.default_rng(0)
    taken = (rng.random((60, 12)) < 0.3).astype(float)
    texts = rng.normal(size=(12, 5))
    texts[3] = 0
    pull, rest, ridge = 6.0, 4.0, 2.0
    gram = taken.T @ taken
    inverse = np.linalg.inv(gram + (rest + pull) * np.eye(12))
    said = zero_diagonal(np.linalg.inv(texts @ texts.T + ridge * np.eye(12)))
    moved = np.eye(12) + pull * inverse @ said
    want = moved - inverse * (np.diag(moved) / np.diag(inverse))
    slope = gram @ (want - np.eye(12)) + rest * want + pull * (want - said)
    np.fill_diagonal(slope, 0)
    np.testing.assert_allclose(slope, 0, atol=1e-12)  # so `want` is where the objective is least
    found = pulled_weights(inverse.astype(np.float32), texts, pull, ridge, 12)
    np.testing.assert_allclose(found.toarray(), np.maximum(want, 0), atol=1e-5)


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
    scorer = TextEASE(regularisation=3.0).fit(world(None), generator(0, "t"))
    taken = np.zeros((20, 6))
    for user, row in enumerate([[0, 1, 2, 3], [0, 1], [2, 3], [1, 2]] * 5):
        taken[user, row] = 1
    inverse = np.linalg.inv(taken.T @ taken + 3.0 * taken.sum() / 6 * np.eye(6))
    want = np.maximum(zero_diagonal(inverse), 0)
    np.testing.assert_allclose(scorer.neighbours.toarray(), want, atol=1e-5)


@pytest.mark.parametrize("helps", [True, False])
def test_validation_says_whether_to_listen_to_the_text(helps: bool):
    """People go on from i to i + 1 within 20 items of which half were never taken in training; only
    texts that are alike for i and i + 1 can tell."""
    n = 20
    rng = np.random.default_rng(2)
    angles = np.arange(n) if helps else rng.permutation(n)
    near = np.exp(-0.5 * (np.arange(n) - angles[:, None]) ** 2)
    texts = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    rows = [[i, i + 1] for i in range(0 if not helps else 10, n - 1)] * 5
    train = Interactions(Sequences.of(rows), replace(ItemFeatures.bare(n), text_vectors=texts))
    starts = np.arange(0, n - 1) if not helps else np.arange(0, 9)
    cases = cases_of(np.tile(starts + 1, 20), [[int(i)] for i in np.tile(starts, 20)])
    learner = TextEASE(text_regularisation=0.1, half_life=2.0)
    chosen = learner.fit(train, generator(0, "t"), validation=cases)
    want = replace(learner, text=0.9 if helps else 0.0).fit(train, generator(0, "t"))
    assert (chosen.neighbours != want.neighbours).nnz == 0


def test_texts_of_zeros_are_no_text():
    bare = replace(ItemFeatures.bare(4), text_vectors=np.zeros((4, 3), np.float32))
    assert whitened(bare, 0.003).shape == (4, 0)


def test_validation_says_whether_the_strength_grows_with_the_people():
    """Who takes 0 takes 1 nearly always and 2 always, but so do all others: after 0 comes 1, unless
    so strong a pull towards nothing that only counts are left puts 2 first."""
    both = [[0, 1, 2]] * 1000 + [[0, 2]] * 30
    rows = both + [[2, other] for other in range(3, 10)] * 400
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(10))
    strong = TextEASE(half_life=2.0).fit(train, generator(0, "t")).score(QueryBatch.of([[0]]))[0]
    assert strong[2] > strong[1]
    cases = cases_of(np.ones(50, int), [[0]] * 50)
    chosen = TextEASE(half_life=2.0).fit(train, generator(0, "t"), validation=cases)
    plain = EASE(half_life=2.0).fit(train, generator(0, "t"))
    np.testing.assert_allclose(
        chosen.score(QueryBatch.of([[0]])), plain.score(QueryBatch.of([[0]])), rtol=1e-4
    )
