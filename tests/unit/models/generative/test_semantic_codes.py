"""Semantic IDs and their prefix tree: clusters, collisions, what may follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from prismrec.core import Bags, generator
from prismrec.models.generative.codes import Codebooks, Space, k_means, numbered
from prismrec.models.generative.content import ItemContent
from prismrec.models.generative.names import means_below
from prismrec.models.generative.tree import PrefixTree

IDS = np.array([[1, 0, 0], [0, 2, 0], [1, 0, 1], [0, 1, 0], [1, 3, 0]])
some_codes = arrays.arrays(
    np.int64, st.tuples(st.integers(0, 25), st.integers(1, 3)), elements=st.integers(0, 3)
)


def blobs(centres: np.ndarray, each: int, spread: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    rows = np.repeat(centres, each, axis=0)
    return (rows + spread * rng.normal(size=rows.shape)).astype(np.float32)


def test_k_means_finds_the_blobs():
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    found = k_means(blobs(centres, 20, 0.1), 4, generator(0))
    order = np.lexsort((found[:, 0].round(), found[:, 1].round()))
    np.testing.assert_allclose(found[order], centres, atol=0.2)


def test_k_means_of_equal_rows_is_that_row():
    found = k_means(np.ones((9, 3), np.float32), 4, generator(0))
    np.testing.assert_array_equal(found, np.ones((1, 3)))


def test_each_level_codes_what_the_one_before_left_over():
    """Four blobs of two halves: the first token is the blob, the second the half, in all blobs."""
    centres = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], np.float32)
    halves = np.array([[-1, 0], [1, 0]], np.float32)
    rows = (centres[:, None] + halves).reshape(-1, 2)
    codes = Codebooks.of(rows, (4, 2), generator(0)).codes(rows)
    assert len(np.unique(codes[:, 0])) == 4
    np.testing.assert_array_equal(codes[::2, 0], codes[1::2, 0])
    np.testing.assert_array_equal(codes[::2, 1], codes[0, 1])
    np.testing.assert_array_equal(codes[1::2, 1], 1 - codes[0, 1])


def test_an_item_without_behaviour_lands_where_such_items_are_used():
    """Content says which of two groups; the groups' co-occurrence vectors are opposite."""
    content = blobs(np.array([[1, 0], [0, 1]], np.float32), 30, 0.05)
    together = np.repeat(np.array([[1, 0], [-1, 0]], np.float32), 30, axis=0)
    space = Space.of(content, together, np.ones(60, bool), 2.0)
    found = space.vectors(np.array([[1, 0], [0, 1]], np.float32))
    np.testing.assert_allclose(found[:, 2], [2, -2], atol=0.4)
    np.testing.assert_array_equal(found[:, :2], np.eye(2))


def test_items_of_equal_codes_are_told_apart_by_the_last_token():
    codes = np.array([[2, 1], [2, 1], [0, 0], [2, 1]])
    np.testing.assert_array_equal(numbered(codes), [[2, 1, 0], [2, 1, 1], [0, 0, 0], [2, 1, 2]])


@given(some_codes, some_codes)
def test_numbered_codes_are_unique_and_more_items_rename_nobody(codes, more):
    ids = numbered(codes)
    assert len(np.unique(ids, axis=0)) == len(codes)
    more = np.resize(more, (len(more), codes.shape[1]))
    np.testing.assert_array_equal(numbered(np.concatenate([codes, more]))[: len(codes)], ids)


def test_the_tree_allows_what_exists_after_every_prefix():
    tree = PrefixTree.of(IDS)
    assert tree.allowed([]).tolist() == [0, 1]
    assert tree.allowed([0]).tolist() == [1, 2]
    assert tree.allowed([1]).tolist() == [0, 3]
    assert tree.allowed([1, 0]).tolist() == [0, 1]
    assert tree.allowed([1, 0, 1]).tolist() == []
    assert tree.allowed([2]).tolist() == []
    assert tree.allowed([1, 1, 0]).tolist() == []


@given(some_codes)
def test_the_tree_is_the_set_of_all_prefixes(codes):
    ids = numbered(codes)
    tree = PrefixTree.of(ids)
    for depth in range(ids.shape[1]):
        for prefix in {tuple(row[:depth]) for row in ids.tolist()}:
            want = sorted({row[depth] for row in ids.tolist() if tuple(row[:depth]) == prefix})
            assert tree.allowed(prefix).tolist() == want
    for item, path in enumerate(tree.paths):
        np.testing.assert_array_equal(tree.tokens[path], ids[item])
        np.testing.assert_array_equal(tree.parents[path], [-1, *path[:-1]])
        assert tree.item_at[path[-1]] == item
        assert tree.find(ids[item].tolist()) == path[-1]
        forced = [len(tree.allowed(ids[item, :d])) == 1 for d in range(1, ids.shape[1])]
        assert tree.only_children[path].tolist() == [False, *forced]


@given(some_codes, st.integers(0, 2**25 - 1))
def test_a_prefix_lives_while_an_item_below_it_is_allowed(codes, bits):
    tree = PrefixTree.of(numbered(codes))
    allowed = np.array([bool(bits >> i & 1) for i in range(len(codes))], bool)
    want = np.zeros(len(tree), bool)
    want[tree.paths[allowed].ravel()] = True
    np.testing.assert_array_equal(tree.living(allowed), want)


def test_means_below_are_those_of_the_items_with_the_prefix():
    tree = PrefixTree.of(IDS)
    found = means_below(tree, np.array([[1.0], [10], [3], [20], [8]], np.float32))
    assert found[tree.find([0]), 0] == 15
    assert found[tree.find([1]), 0] == 4
    assert found[tree.find([1, 0]), 0] == 2
    assert found[tree.find([1, 0, 1]), 0] == 3


@pytest.mark.parametrize("text", [True, False])
def test_content_of_an_item_depends_on_that_item_alone(text):
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(20, 6)).astype(np.float32) if text else None
    bags = Bags.of([[i % 3, 3 + i % 2] for i in range(20)], "abcde")
    bare = _features(texts, bags)
    content = ItemContent.of(bare, 4, 2, generator(0))
    whole = content.vectors(texts, bags)
    assert whole.shape == (20, 6 if text else 2)
    some = np.array([7, 3], np.int32)
    part = content.vectors(None if texts is None else texts[some], bags.take(some))
    np.testing.assert_allclose(part, whole[some], atol=1e-6)
    again = ItemContent.from_arrays(content.arrays())
    np.testing.assert_array_equal(again.vectors(texts, bags), whole)


def _features(texts, bags):
    from dataclasses import replace

    from prismrec.core import ItemFeatures

    return replace(ItemFeatures.bare(len(bags)), text_vectors=texts, attributes=bags)
