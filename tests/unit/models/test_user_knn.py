"""User neighbours against the formula written out, and a world of two tastes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.user_knn import UserKNN, UserKNNScorer

N_ITEMS = 15


def rows(n_users: int = 30) -> list[list[int]]:
    rng = generator(5, "rows")
    return [rng.choice(N_ITEMS, rng.integers(1, 7), replace=False).tolist() for _ in range(n_users)]


def fit(settings: UserKNN, data: list[list[int]], n_items: int = N_ITEMS) -> UserKNNScorer:
    train = Interactions(Sequences.of(data), ItemFeatures.bare(n_items))
    return settings.fit(train, generator(0, "test"))


def by_hand(data: list[list[int]], history: list[int], k: int, shrinkage: float) -> np.ndarray:
    taken = np.zeros((len(data), N_ITEMS))
    for user, items in enumerate(data):
        taken[user, items] = 1
    query = np.zeros(N_ITEMS)
    query[history] = 1 / len(history)
    near = taken @ query / (np.linalg.norm(taken, axis=1) + shrinkage)
    best = np.lexsort((np.arange(len(near)), -near))[:k]
    return near[best] @ taken[best] / near[best].sum()


def test_evidence_is_the_weighted_mean_of_the_neighbours():
    scorer = fit(UserKNN(neighbours=4, shrinkage=0.5, half_life=1e9), rows())
    for history in ([0, 3], [7], [1, 2, 9, 14]):
        got = scorer.score(QueryBatch.of([history]))[0]
        np.testing.assert_allclose(got, by_hand(rows(), history, 4, 0.5), rtol=1e-5, atol=1e-7)


def test_people_with_the_same_taste_decide():
    data = [[0, 1, 2], [0, 1, 3], [4, 5, 6], [4, 5, 7]]
    scores = fit(UserKNN(neighbours=2), data, 8).score(QueryBatch.of([[0, 1], [4, 5]]))
    assert (scores[0, 4:] == 0).all()
    assert (scores[1, :4] == 0).all()
    assert scores[0, 2] > 0 < scores[1, 7]


def test_a_user_is_not_their_own_neighbour():
    data = [[0, 1, 2], [0, 3]]
    scorer = fit(UserKNN(neighbours=1), data, 4)
    query = QueryBatch.of([[0, 1, 2]])
    own = replace(query, users=np.array([0], np.int32))
    assert scorer.score(query)[0, 2] > 0
    assert scorer.score(own)[0].tolist() == [1, 0, 0, 1]
