"""Matrix factorisation: the loss falls, planted ratings come back, new users fold in."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.factors.matrix_factorisation import MatrixFactorisation, ratings_loss

N_USERS, N_ITEMS = 60, 25


def planted() -> tuple[np.ndarray, np.ndarray]:
    """Ratings of rank two plus biases (users, items), and which of them were seen."""
    rng = generator(10, "ratings")
    users, items = rng.normal(size=(N_USERS, 2)), rng.normal(size=(N_ITEMS, 2))
    truth = 3 + rng.normal(0, 0.5, (N_USERS, 1)) + rng.normal(0, 0.5, N_ITEMS) + users @ items.T
    return truth, rng.random(truth.shape) < 0.7


def interactions(truth: np.ndarray, seen: np.ndarray) -> Interactions:
    rows = [np.flatnonzero(row).tolist() for row in seen]
    sequences = replace(Sequences.of(rows), values=truth[seen].astype(np.float32))
    return Interactions(sequences, ItemFeatures.bare(N_ITEMS), event_types=("rating",))


def objective(scorer, train: Interactions, truth: np.ndarray, seen: np.ndarray) -> float:
    users = scorer.query_factors(train.queries())
    predicted = scorer.score(train.queries())
    penalty = (users**2).sum() + (scorer.factors.astype(float) ** 2).sum()
    return ratings_loss(predicted[seen], truth[seen]) * seen.sum() + scorer.regularisation / 2 * (
        penalty
    )


def test_the_objective_never_rises():
    truth, seen = planted()
    train = interactions(truth, seen)
    losses = []
    for iterations in range(1, 8):
        learner = MatrixFactorisation(dimension=2, regularisation=0.5, iterations=iterations)
        scorer = learner.fit(train, generator(0, "test"))
        losses.append(objective(scorer, train, truth, seen))
    assert all(later <= earlier * (1 + 1e-4) for earlier, later in itertools.pairwise(losses))
    assert losses[-1] < 0.8 * losses[0]


def test_ratings_that_were_held_back_are_predicted():
    truth, seen = planted()
    train = interactions(truth, seen)
    learner = MatrixFactorisation(dimension=2, regularisation=0.1, iterations=60)
    scorer = learner.fit(train, generator(0, "test"))
    error = np.sqrt(np.mean((scorer.score(train.queries())[~seen] - truth[~seen]) ** 2))
    assert error < 0.2 * truth[~seen].std()


def test_a_new_user_is_folded_in_from_their_ratings():
    truth, seen = planted()
    learner = MatrixFactorisation(dimension=2, regularisation=0.1, iterations=60)
    scorer = learner.fit(interactions(truth[1:], seen[1:]), generator(0, "test"))
    query = interactions(truth[:1], seen[:1]).queries()
    error = np.abs(scorer.score(query)[0, ~seen[0]] - truth[0, ~seen[0]])
    assert error.mean() < 0.4 * truth.std()


def test_nobody_known_gets_the_mean_and_the_item_biases():
    truth, seen = planted()
    scorer = MatrixFactorisation().fit(interactions(truth, seen), generator(0, "test"))
    parts = scorer.parts(QueryBatch.of([[]]))[0]
    np.testing.assert_allclose(parts[:, 1], 0)
    np.testing.assert_allclose(parts[:, 0], scorer.mean + scorer.factors[:, -1], rtol=1e-5)


def test_predicted_values_stay_within_the_ratings_seen():
    truth, seen = planted()
    scorer = MatrixFactorisation().fit(interactions(truth, seen), generator(0, "test"))
    values = scorer.predict_values(interactions(truth, seen).queries())
    assert values.min() >= truth[seen].min() - 1e-5
    assert values.max() <= truth[seen].max() + 1e-5


def test_money_is_no_rating():
    """Values of purchases are ignored: the feedback weights, all equal, stand in."""
    truth, seen = planted()
    bought = replace(interactions(truth * 100, seen), event_types=("purchase",))
    scorer = MatrixFactorisation().fit(bought, generator(0, "test"))
    assert scorer.mean == 1.0
    np.testing.assert_allclose(scorer.score(bought.queries()), 1.0, atol=1e-5)


def test_the_loss_is_half_the_mean_square():
    assert ratings_loss(np.array([1.0, 2.0]), np.array([2.0, 4.0])) == pytest.approx(5 / 4)
    assert ratings_loss(np.zeros(0), np.zeros(0)) == 0
