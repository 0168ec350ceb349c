"""Two towers and neural collaborative filtering in worlds with one right answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import (
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    TrainingDiverged,
    VectorScorer,
    generator,
)
from prismrec.models.neural.neumf import NeuMF
from prismrec.models.neural.two_tower import TwoTower

N = 20
LEARNERS = {
    "two_tower": TwoTower(dimension=16, history=5, batch=256, work=0.02, learning_rate=0.01),
    "neumf": NeuMF(dimension=16, history=5, work=0.02, learning_rate=0.01),
}


def two_tastes(texts: np.ndarray | None = None) -> Interactions:
    """Even users take items below 10, odd users the others."""
    rng = generator(8, "rows")
    rows = [(rng.choice(10, 5, replace=False) + 10 * (u % 2)).tolist() for u in range(80)]
    features = replace(ItemFeatures.bare(N), text_vectors=texts)
    return Interactions(Sequences.of(rows), features)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_new_history_of_one_taste_gets_that_taste(name):
    scorer = LEARNERS[name].fit(two_tastes(), generator(0, "test"))
    scores = scorer.score(QueryBatch.of([[0, 1, 2], [10, 11]]))
    scores[0, :3] = scores[1, 10:12] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :6]
    assert (best // 10 == np.arange(2)[:, None]).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_one_more_event_moves_the_scores(name):
    scorer = LEARNERS[name].fit(two_tastes(), generator(0, "test"))
    before, after = scorer.score(QueryBatch.of([[0, 1], [0, 1, 12]]))
    other = after - before
    assert other[13:].mean() > other[2:10].mean()


def test_an_empty_history_gets_what_most_people_take():
    rows = [[0, 1 + u % 9] for u in range(90)]
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(10))
    for learner in LEARNERS.values():
        scores = learner.fit(train, generator(0, "test")).score(QueryBatch.of([[]]))[0]
        assert np.argmax(scores) == 0


def clustered_texts() -> np.ndarray:
    rng = np.random.default_rng(4)
    texts = rng.normal(size=(N + 2, 8)) * 0.3
    texts[:10, 0] += 1
    texts[10:N, 1] += 1
    texts[N, 0] += 1
    texts[N + 1, 1] += 1
    return (texts / np.linalg.norm(texts, axis=1, keepdims=True)).astype(np.float32)


def test_an_item_that_came_later_is_found_by_its_text_and_a_query_by_its_words():
    texts = clustered_texts()
    learner = replace(LEARNERS["two_tower"], asked=0.3, work=0.04)
    scorer = learner.fit(two_tastes(texts[:N]), generator(0, "test"))
    grown = replace(ItemFeatures.bare(N + 2), text_vectors=texts)
    longer = scorer.extended(grown, np.array([N, N + 1], np.int32))
    history = longer.score(QueryBatch.of([[0, 1, 2], [10, 11]]))[:, N:]
    assert history[0, 0] > history[0, 1]
    assert history[1, 1] > history[1, 0]
    words = replace(QueryBatch.of([[], []]), text_vectors=texts[[N, N + 1]])
    scores = longer.score(words)
    assert scores[0, :10].mean() > scores[0, 10:N].mean()
    assert scores[1, 10:N].mean() > scores[1, :10].mean()


def test_the_towers_score_is_the_product_of_their_vectors():
    scorer = LEARNERS["two_tower"].fit(two_tastes(clustered_texts()[:N]), generator(0, "test"))
    assert isinstance(scorer, VectorScorer)
    queries = QueryBatch.of([[0, 1], [12]])
    product = scorer.query_vectors(queries) @ scorer.item_vectors().T
    np.testing.assert_allclose(product, scorer.score(queries), atol=1e-5)
    assert scorer.part_names == ("identity", "text")


def test_a_rate_that_diverges_is_refused():
    learner = replace(LEARNERS["two_tower"], learning_rate=1e30)
    with pytest.raises(TrainingDiverged):
        learner.fit(two_tastes(), generator(0, "test"))
