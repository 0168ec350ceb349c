"""Item neighbours against the cosine of scikit-learn, and in blocks as in one piece."""

from __future__ import annotations

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.item_knn import ItemKNN, ItemKNNScorer
from prismrec.models.scoring import sparse_matrices

PURE = ItemKNN(shrinkage=0.0, user_power=0.0, neighbours=100)


def rows(n_users: int = 50, n_items: int = 20) -> list[list[int]]:
    rng = generator(4, "rows")
    return [rng.choice(n_items, rng.integers(1, 8)).tolist() for _ in range(n_users)]


def fit(settings: ItemKNN, data: list[list[int]], n_items: int = 20) -> ItemKNNScorer:
    train = Interactions(Sequences.of(data), ItemFeatures.bare(n_items))
    return settings.fit(train, generator(0, "test"))


def dense(data: list[list[int]], n_items: int = 20) -> np.ndarray:
    taken = np.zeros((len(data), n_items))
    for user, items in enumerate(data):
        taken[user, items] = 1
    return taken


def test_similarity_is_the_cosine_of_scikit_learn():
    want = cosine_similarity(dense(rows()).T)
    np.fill_diagonal(want, 0)
    np.testing.assert_allclose(fit(PURE, rows()).neighbours.toarray(), want, atol=1e-6)


def test_shrinkage_and_user_power_follow_the_formula():
    taken = dense(rows())
    taken /= taken.sum(1, keepdims=True) ** 0.5
    norms = np.linalg.norm(taken, axis=0)
    want = taken.T @ taken / (norms[:, None] * norms + 3.0)
    np.fill_diagonal(want, 0)
    scorer = fit(ItemKNN(shrinkage=3.0, user_power=0.5, neighbours=100), rows())
    np.testing.assert_allclose(scorer.neighbours.toarray(), want, atol=1e-6)


def test_small_blocks_give_the_same_neighbours(monkeypatch):
    whole = fit(ItemKNN(neighbours=5), rows()).neighbours
    monkeypatch.setattr(sparse_matrices, "BLOCK_PRODUCTS", 7)
    blocks = fit(ItemKNN(neighbours=5), rows()).neighbours
    np.testing.assert_array_equal(blocks.toarray(), whole.toarray())


def test_each_row_keeps_its_largest_values():
    whole = fit(PURE, rows()).neighbours.toarray()
    kept = fit(ItemKNN(shrinkage=0.0, user_power=0.0, neighbours=3), rows()).neighbours.toarray()
    for row, few in zip(whole, kept, strict=True):
        best = np.lexsort((np.arange(len(row)), -row))[:3]
        best = best[row[best] > 0]
        assert np.flatnonzero(few).tolist() == sorted(best.tolist())
        np.testing.assert_array_equal(few[best], row[best])


def test_two_groups_of_items_never_mix():
    data = [[0, 1, 2], [1, 2], [0, 2], [3, 4, 5], [4, 5], [3, 5]]
    scores = fit(ItemKNN(), data, 6).score(QueryBatch.of([[0], [5]]))
    assert (scores[0, 3:] == 0).all()
    assert (scores[1, :3] == 0).all()
    assert set(np.argsort(-scores[0])[:2]) == {1, 2}
    assert set(np.argsort(-scores[1])[:2]) == {3, 4}


def test_only_the_last_events_of_a_user_count():
    data = [[0, 1, 2, 3]]
    similarity = fit(ItemKNN(history=2), data, 4).neighbours.toarray()
    assert similarity[0].sum() == 0
    assert similarity[2, 3] > 0
