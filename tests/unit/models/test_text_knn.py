"""Text neighbours: exact parts in a small space, the query's own text, and unseen items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Bags, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.text_knn import TextKNN, TextKNNScorer, token_rarity
from prismrec.models.neighbours.whitening import Whitening

TEXTS = np.array([[1, 0], [0.8, 0.6], [-1, 0], [0, 1], [0, -1], [0, 0]], np.float32)


def catalogue(texts: np.ndarray | None = TEXTS, bags: list[list[int]] | None = None):
    n = 6 if texts is None else len(texts)
    bare = replace(ItemFeatures.bare(n), text_vectors=texts)
    return bare if bags is None else replace(bare, attributes=Bags.of(bags, ["a", "b", "c"]))


def fit(features: ItemFeatures, settings: TextKNN | None = None) -> TextKNNScorer:
    train = Interactions(Sequences.of([[0, 1]]), features)
    return (settings or TextKNN()).fit(train, generator(0, "test"))


def test_the_text_part_is_the_cosine_in_the_whitened_space():
    scorer = fit(catalogue())
    white = scorer.whitening.apply(TEXTS)
    parts = scorer.parts(QueryBatch.of([[0]]))[0]
    np.testing.assert_allclose(parts[:, 0], np.maximum(white @ white[0], 0), atol=1e-6)
    np.testing.assert_allclose(parts[:, 1], 0)


def test_the_profile_is_the_decayed_mean_of_the_history():
    scorer = fit(catalogue(), TextKNN(half_life=1.0))
    white = scorer.whitening.apply(TEXTS)
    profile = scorer.profiles(QueryBatch.of([[0, 3]]))[0]
    np.testing.assert_allclose(profile, white[0] / 3 + white[3] * 2 / 3, atol=1e-6)


def test_the_attribute_part_is_the_cosine_of_rarity_weighted_bags():
    bags = [[0], [0, 1], [1], [1, 2], [], [1]]
    scorer = fit(catalogue(None, bags), TextKNN(attribute_weight=1.0))
    rarity = token_rarity(Bags.of(bags, ["a", "b", "c"]))
    dense = np.zeros((6, 3))
    for item, tokens in enumerate(bags):
        dense[item, tokens] = rarity[tokens]
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    got = scorer.parts(QueryBatch.of([[1]]))[0, :, 1]
    np.testing.assert_allclose(got, dense @ dense[1], atol=1e-6)


def test_a_rare_token_says_more():
    rarity = token_rarity(Bags.of([[0], [0], [0, 1]], ["a", "b"]))
    assert rarity[1] > rarity[0]


def test_the_text_of_the_query_is_one_more_view_of_the_user():
    scorer = fit(catalogue())
    queries = replace(QueryBatch.of([[], [0]]), text_vectors=TEXTS[[3, 3]])
    alone, together = scorer.score(queries)
    assert int(alone.argmax()) == 3
    assert together[0] > alone[0]
    assert together[3] > scorer.score(QueryBatch.of([[0]]))[0, 3]


def test_an_unseen_item_is_found_by_its_text_at_once():
    new = np.array([0.999, 0.045], np.float32)
    longer = fit(catalogue()).extended(catalogue(np.vstack([TEXTS, new])), np.array([6], np.int32))
    scores = longer.score(QueryBatch.of([[0]]))[0]
    assert np.argsort(-scores)[:2].tolist() == [0, 6]


def test_an_item_without_text_has_no_text_evidence():
    assert fit(catalogue()).score(QueryBatch.of([[0]]))[0, 5] == 0


def test_a_token_that_came_later_is_as_rare_as_the_rarest():
    features = catalogue(None, [[0], [0], [0], [1], [], []])
    longer = Bags.of([[0], [0], [0], [1], [], [], [2], [2]], ["a", "b", "c"])
    scorer = fit(features, TextKNN(attribute_weight=1.0))
    scorer = scorer.extended(
        replace(ItemFeatures.bare(8), attributes=longer), np.array([6, 7], np.int32)
    )
    assert scorer.score(QueryBatch.of([[6]]))[0, 7] == pytest.approx(1.0)


def test_whitening_gives_uncorrelated_directions_of_equal_variance():
    rng = generator(1, "vectors")
    vectors = (rng.normal(size=(500, 5)) @ rng.normal(size=(5, 5)) + 3).astype(np.float32)
    whitening = Whitening.of(vectors, ridge=0.0)
    mapped = (vectors - whitening.mean) @ whitening.map
    np.testing.assert_allclose(np.cov(mapped.T, bias=True), np.eye(5), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(whitening.apply(vectors), axis=1), 1, rtol=1e-5)


def test_whitening_keeps_empty_texts_empty_and_needs_two_texts():
    assert not Whitening.of(TEXTS, 0.01).apply(TEXTS)[5].any()
    one = Whitening.of(TEXTS[:1], 0.01)
    np.testing.assert_allclose(one.apply(TEXTS[:2]), TEXTS[:2], rtol=1e-6)


def test_extending_equals_measuring_the_longer_catalogue_anew():
    """One text changed, one item came: the others keep their vectors, these two get theirs."""
    scorer = fit(catalogue())
    texts = np.vstack([TEXTS, [[0.6, 0.8]]]).astype(np.float32)
    texts[2] = [0.6, -0.8]
    longer = scorer.extended(catalogue(texts), np.array([2, 6], np.int32))
    np.testing.assert_allclose(longer.item_vectors, scorer.whitening.apply(texts), atol=1e-6)
    np.testing.assert_allclose(scorer.item_vectors, scorer.whitening.apply(TEXTS), atol=1e-6)


def test_a_few_items_score_as_in_the_whole_catalogue():
    scorer = fit(catalogue(bags=[[0], [0, 1], [1], [1, 2], [], [1]]))
    items = np.array([[5, 1, -1, 3]], np.int32)
    queries = QueryBatch.of([[1, 3]])
    whole = scorer.parts(queries)[0]
    want = np.vstack([whole[[5, 1]], np.zeros((1, 2)), whole[[3]]])
    np.testing.assert_allclose(scorer.parts(queries, items)[0], want, atol=1e-6)


def test_a_few_items_for_each_of_several_queries_score_as_in_the_whole_catalogue():
    """Few against the catalogue are scored alone, each once; many are picked from all scores."""
    rng = generator(3, "items")
    texts = rng.normal(size=(60, 4)).astype(np.float32)
    scorer = fit(catalogue(texts, [[int(i) % 3] for i in range(60)]))
    queries = QueryBatch.of([[1, 3], [], [7]])
    whole = scorer.parts(queries)
    for width in (5, 40):
        items = rng.integers(-1, 60, size=(3, width)).astype(np.int32)
        want = np.take_along_axis(whole, np.maximum(items, 0)[..., None], 1)
        want = np.where(items[..., None] >= 0, want, 0)
        np.testing.assert_allclose(scorer.parts(queries, items), want, atol=1e-6)
