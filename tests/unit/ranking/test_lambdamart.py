"""What judgments teach: a rule that the fixed score misses is found, and stored without loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Candidates, Corrupt, Item, ItemFeatures, QueryBatch
from prismrec.models.artifacts import read_state, write_state
from prismrec.ranking.item_facts import ItemFacts, numbers_of
from prismrec.ranking.lambdamart import Examples, LambdaMart, fit_lambdamart
from prismrec.ranking.search import SearchRanker, zero_shot

NAMES = ("words", "meaning", "item.price")
QUERIES, SIZE = 60, 20


def cheap_is_right(seed: int = 0) -> Examples:
    """Queries whose right answers are the cheap items, of which words and meaning know nothing."""
    rng = np.random.default_rng(seed)
    columns = rng.random((QUERIES * SIZE, 3)).astype(np.float32)
    grades = (columns[:, 2] < 0.2).astype(np.float32)
    ideals = np.full(QUERIES, 1e-9)
    for query in range(QUERIES):
        gains = np.sort(grades[query * SIZE : (query + 1) * SIZE])[::-1][:10]
        ideals[query] = max(gains @ (1 / np.log2(np.arange(2, 12))), 1e-9)
    base = zero_shot(columns, NAMES)
    return Examples(NAMES, columns, base, grades, np.full(QUERIES, SIZE), ideals)


def test_what_was_judged_is_learned() -> None:
    train, test = cheap_is_right(0), cheap_is_right(1)
    trees = fit_lambdamart(train, 0)
    before = test.ndcg(test.base).mean()
    after = test.ndcg(test.base + trees.correction(test.columns)).mean()
    assert before < 0.6
    assert after > 0.95


def test_the_same_judgments_give_the_same_trees() -> None:
    one, two = (fit_lambdamart(cheap_is_right(), 3, rounds=20) for _ in range(2))
    assert one.trees == two.trees
    assert fit_lambdamart(cheap_is_right(), 4, rounds=20).trees != one.trees


def test_grades_that_are_all_alike_change_nothing() -> None:
    examples = cheap_is_right()
    alike = replace(examples, grades=np.ones_like(examples.grades))
    found = fit_lambdamart(alike, 0, rounds=10).correction(examples.columns)
    assert np.ptp(found) == pytest.approx(0.0, abs=1e-6)


def test_queries_are_taken_with_all_that_is_theirs() -> None:
    examples = cheap_is_right()
    taken = examples.take(np.array([3, 1]))
    assert taken.groups.tolist() == [SIZE, SIZE]
    np.testing.assert_array_equal(taken.columns[:SIZE], examples.columns[3 * SIZE : 4 * SIZE])
    assert taken.ndcg(taken.base)[1] == examples.ndcg(examples.base)[1]


def test_a_release_keeps_it_as_text(tmp_path) -> None:
    trees = fit_lambdamart(cheap_is_right(), 0, rounds=20, numbers=("year",))
    write_state(trees.state(), tmp_path)
    back = LambdaMart.from_state(read_state(tmp_path))
    assert (back.names, back.numbers) == (trees.names, ("year",))
    columns = cheap_is_right(2).columns
    np.testing.assert_array_equal(back.correction(columns), trees.correction(columns))
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    with pytest.raises(Corrupt):
        LambdaMart(NAMES, "no trees").correction(columns)


class Random:
    """Evidence by chance, the same for the same items."""

    names = NAMES

    def evidence(self, queries: QueryBatch, positions: np.ndarray) -> np.ndarray:
        rows = np.random.default_rng(5).random((1000, 3)).astype(np.float32)
        return np.where((positions >= 0)[:, :, None], rows[positions], 0.0)


def test_parts_sum_to_the_score_and_no_item_is_added() -> None:
    ranker = SearchRanker((Random(),), fit_lambdamart(cheap_is_right(), 0))
    positions = np.full((2, 400), -1, np.int32)
    positions[0] = np.random.default_rng(1).permutation(1000)[:400]
    positions[1, :30] = np.arange(30)
    found = Candidates(positions, np.zeros(positions.shape, np.float32))
    ranked = ranker.rank(QueryBatch.of([[], []]), found)
    assert ranked.part_names == ("words", "meaning", "learned")
    assert ranked.parts is not None
    real = ranked.positions >= 0
    np.testing.assert_allclose(ranked.parts.sum(axis=2)[real], ranked.scores[real], atol=1e-5)
    assert [set(row) for row in ranked.positions] == [set(row) for row in positions]
    prices = Random().evidence(QueryBatch.of([[]]), ranked.positions[:1, :10])[0, :, 2]
    assert (prices < 0.2).all()


def test_nothing_below_the_corrected_overtakes_them_by_the_correction() -> None:
    """Items beyond the 100th keep their order among themselves and get the least correction."""
    ranker = SearchRanker((Random(),), fit_lambdamart(cheap_is_right(), 0))
    positions = np.arange(1000, dtype=np.int32)[None, :]
    found = Candidates(positions, np.zeros(positions.shape, np.float32))
    ranked = ranker.rank(QueryBatch.of([[]]), found)
    assert ranked.parts is not None
    fixed = ranked.parts[0, :, :2].sum(axis=1)
    below = np.argsort(-fixed, kind="stable")[100:]
    assert np.ptp(ranked.parts[0, below, 2]) == 0.0
    assert ranked.parts[0, below[0], 2] == ranked.parts[0, :, 2].min()


ITEMS = [
    Item("a", attributes={"year": 1999.0, "color": "red"}, price=5.0, created_at=0),
    Item("b", attributes={"year": 2009.0, "weight": 3.0}, created_at=86_400_000 * 3),
    Item("c", attributes={"year": 2019.0, "new": True}),
]
FEATURES = replace(
    ItemFeatures.bare(3),
    prices=np.array([5.0, np.nan, np.nan]),
    created_at=np.array([0, 86_400_000 * 3, -1], np.int64),
)


def test_numbers_that_most_items_have_are_read() -> None:
    assert numbers_of(ITEMS) == ("year",)
    assert numbers_of([]) == ()


def test_facts_of_items_by_position() -> None:
    facts = ItemFacts.of(("year",), ITEMS, FEATURES, np.array([0, 6]))
    assert facts.names == ("item.price", "item.age", "item.popularity", "item.year")
    told = facts.evidence(QueryBatch.of([[]]), np.array([[1, 0, 2, -1]], np.int32))[0]
    np.testing.assert_allclose(told[:, 0], [np.nan, 5, np.nan, 0])
    np.testing.assert_allclose(told[:, 1], [0, 3, np.nan, 0])
    np.testing.assert_allclose(told[:, 2], [np.log(7), 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(told[:, 3], [2009, 1999, 2019, 0])


def test_facts_grow_with_the_catalogue() -> None:
    facts = ItemFacts.of(("year",), ITEMS, FEATURES)
    more = replace(ItemFeatures.bare(5), prices=np.array([9.0, np.nan, np.nan, np.nan, 7.0]))
    grown = facts.extended(
        np.array([0, 4], np.int32), [Item("a", attributes={"year": 1.0}), Item("e")], more
    )
    told = grown.evidence(QueryBatch.of([[]]), np.array([[0, 1, 4]], np.int32))[0]
    np.testing.assert_allclose(told[:, 3], [1, 2009, np.nan])
    np.testing.assert_allclose(told[:, 0], [9, np.nan, 7])
    assert facts.evidence(QueryBatch.of([[]]), np.array([[0]], np.int32))[0, 0, 3] == 1999
