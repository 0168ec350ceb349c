"""BPR: a world of two tastes, for users it has never seen."""

from __future__ import annotations

import numpy as np

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.factors.bpr import BPR


def test_a_new_user_of_one_taste_gets_that_taste():
    rng = generator(8, "rows")
    rows = [(rng.choice(10, 5, replace=False) + 10 * (u % 2)).tolist() for u in range(80)]
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(20))
    scorer = BPR(dimension=2, iterations=200).fit(train, generator(0, "test"))
    scores = scorer.score(QueryBatch.of([[0, 1, 2], [10, 11]]))
    best = np.argsort(-scores, axis=1)[:, :8]
    assert (best // 10 == np.arange(2)[:, None]).all()


def test_folding_training_users_in_keeps_what_they_prefer():
    rng = generator(9, "rows")
    rows = [(rng.choice(10, 5, replace=False) + 10 * (u % 2)).tolist() for u in range(80)]
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(20))
    scorer = BPR(dimension=8, iterations=200).fit(train, generator(0, "test"))
    scores = scorer.score(train.queries())
    taken = np.zeros_like(scores, bool)
    for user, items in enumerate(rows):
        taken[user, items] = True
    own = scores[taken].reshape(80, 5).mean(1)
    other = np.where(np.arange(80) % 2 == 0, scores[:, 10:].mean(1), scores[:, :10].mean(1))
    assert (own > other).all()
