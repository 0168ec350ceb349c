"""ALS against `implicit` itself, and a world of two tastes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.factors.als import ALS
from prismrec.models.scoring.sparse_matrices import user_item_matrix

SETTINGS = ALS(dimension=6, confidence=8.0, regularisation=0.5, iterations=8, half_life=1e9)


def groups(n_users: int = 60, n_items: int = 24) -> list[list[int]]:
    """Each user takes items of one third of the catalogue only."""
    rng = generator(7, "rows")
    third = n_items // 3
    return [
        (rng.choice(third, 4, replace=False) + third * (user % 3)).tolist()
        for user in range(n_users)
    ]


def test_fold_in_and_ranking_equal_those_of_implicit():
    rows = groups()
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(24))
    scorer = SETTINGS.fit(train, generator(0, "test"))
    confidences = user_item_matrix(train.sequences, 24)
    confidences.data = 1 + 8 * confidences.data
    oracle = AlternatingLeastSquares(factors=6, regularization=0.5, num_threads=1)
    oracle.item_factors = scorer.factors
    oracle.user_factors = np.zeros((len(rows), 6), np.float32)
    taken = sparse.csr_matrix(confidences)
    users = np.arange(len(rows))
    want = oracle.recalculate_user(users, taken)
    np.testing.assert_allclose(scorer.query_vectors(train.queries()), want, rtol=1e-3, atol=1e-4)
    ids, _ = oracle.recommend(users, taken, N=4, recalculate_user=True)
    scores = scorer.score(train.queries())
    scores[taken.nonzero()] = -np.inf
    assert np.mean(np.sort(ids) == np.sort(np.argsort(-scores, axis=1)[:, :4])) > 0.98


def test_a_new_user_of_one_taste_gets_that_taste():
    train = Interactions(Sequences.of(groups()), ItemFeatures.bare(24))
    scorer = replace(SETTINGS, dimension=3).fit(train, generator(0, "test"))
    best = np.argsort(-scorer.score(QueryBatch.of([[0, 1], [8, 9], [16, 17]])), axis=1)[:, :6]
    assert (best // 8 == np.arange(3)[:, None]).all()


def test_a_disliked_item_lowers_its_like():
    train = Interactions(Sequences.of(groups()), ItemFeatures.bare(24))
    scorer = SETTINGS.fit(train, generator(0, "test"))
    queries = QueryBatch.of([[0, 1]])
    liked = scorer.score(queries)[0, :8].mean()
    disliked = QueryBatch.of([[0, 1]])
    disliked.histories.weights[:] = -1.0
    assert scorer.score(disliked)[0, :8].mean() < liked
