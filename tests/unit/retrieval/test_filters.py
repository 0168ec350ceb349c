"""Filters against a plain reading of the same words, item by item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import BadInput, Bags, Filters, Ids, ItemFeatures
from prismrec.retrieval import FilterIndex, facet_counts, filter_mask

TOKENS = [
    "brand=Acme",
    "brand=Zoom",
    "category=Shoes",
    "category=Hats",
    "color=red",
    "color=blue",
    "size=a=b",
]


@dataclass(frozen=True)
class Row:
    tokens: tuple[int, ...]
    price: float
    created: int
    available: bool
    alive: bool


rows = st.builds(
    Row,
    tokens=st.lists(st.integers(0, len(TOKENS) - 1), unique=True).map(tuple),
    price=st.sampled_from([float("nan"), 0.0, 5.0, 9.5, 20.0]),
    created=st.sampled_from([-1, 0, 10, 20]),
    available=st.booleans(),
    alive=st.booleans(),
)
catalogues = st.lists(rows, max_size=25)
some_ids = st.lists(st.sampled_from(["i0", "i1", "i3", "nobody"]), max_size=3).map(tuple)
wanted = st.builds(
    Filters,
    attributes=st.dictionaries(
        st.sampled_from(["brand", "color", "size"]),
        st.lists(
            st.sampled_from(["Acme", "red", "blue", "a=b", "unheard"]), min_size=1, max_size=2
        ).map(tuple),
        max_size=2,
    ),
    categories=st.lists(st.sampled_from(["Shoes", "Hats", "Socks"]), max_size=2).map(tuple),
    min_price=st.sampled_from([None, 0.0, 5.0]),
    max_price=st.sampled_from([None, 5.0, 9.5]),
    available=st.booleans(),
    created_after=st.sampled_from([None, -5, 0, 10]),
    exclude=some_ids,
    only=some_ids,
)


def columns(catalogue: list[Row]) -> tuple[ItemFeatures, Ids, np.ndarray]:
    features = ItemFeatures(
        text_vectors=None,
        attributes=Bags.of([row.tokens for row in catalogue], TOKENS),
        prices=np.array([row.price for row in catalogue], np.float64),
        created_at=np.array([row.created for row in catalogue], np.int64),
        available=np.array([row.available for row in catalogue], bool),
    )
    ids = Ids(f"i{i}" for i in range(len(catalogue)))
    return features, ids, np.array([row.alive for row in catalogue], bool)


def passes(row: Row, name: str, asked: Filters) -> bool:
    """The words of `Filters`, read one by one."""
    has = {TOKENS[token] for token in row.tokens}
    return all(
        [
            row.alive,
            row.available or not asked.available,
            all(any(f"{k}={v}" in has for v in vs) for k, vs in asked.attributes.items()),
            not asked.categories or any(f"category={c}" in has for c in asked.categories),
            asked.min_price is None or row.price >= asked.min_price,
            asked.max_price is None or row.price <= asked.max_price,
            asked.created_after is None or (row.created >= 0 and row.created > asked.created_after),
            name not in asked.exclude,
            not asked.only or name in asked.only,
        ]
    )


def expected(catalogue: list[Row], asked: Filters) -> list[bool]:
    return [passes(row, f"i{i}", asked) for i, row in enumerate(catalogue)]


@settings(deadline=None)
@given(catalogues, wanted)
def test_the_mask_says_what_a_plain_reading_says(catalogue: list[Row], asked: Filters) -> None:
    assert filter_mask(asked, FilterIndex.of(*columns(catalogue))).tolist() == expected(
        catalogue, asked
    )


@settings(deadline=None)
@given(catalogues, catalogues, st.data())
def test_an_extended_index_equals_a_new_one(
    before: list[Row], arrived: list[Row], data: st.DataObject
) -> None:
    """Rows replaced and rows appended, in two steps, as one index built at the end."""
    asked = data.draw(wanted)
    index = FilterIndex.of(*columns(before))
    middle = list(before)
    if before:
        place = data.draw(st.integers(0, len(before) - 1))
        middle[place] = data.draw(rows)
        index = index.extended(*columns(middle), np.array([place], np.int32))
    after = middle + arrived
    index = index.extended(*columns(after), np.zeros(0, np.int32))
    assert filter_mask(asked, index).tolist() == expected(after, asked)


def test_a_large_index_goes_round_a_few_changed_rows() -> None:
    """The path that does not build anew: one row of many changes, and then arrives one."""
    catalogue = [Row((0, 2), 1.0, 0, True, True)] * 50
    index = FilterIndex.of(*columns(catalogue))
    catalogue[7] = Row((1, 3), 1.0, 0, True, True)
    index = index.extended(*columns(catalogue), np.array([7], np.int32))
    catalogue = [*catalogue, Row((1,), 1.0, 0, True, True)]
    index = index.extended(*columns(catalogue), np.zeros(0, np.int32))
    assert index.changed.tolist() == [7, 50]
    zoom = filter_mask(Filters(attributes={"brand": ("Zoom",)}), index)
    assert np.flatnonzero(zoom).tolist() == [7, 50]
    assert not filter_mask(Filters(attributes={"brand": ("Acme",)}), index)[7]


def test_attributes_that_arrive_later_can_be_asked_for() -> None:
    catalogue = [Row((0,), 1.0, 0, True, True)] * 30
    features, ids, alive = columns(catalogue)
    index = FilterIndex.of(features, ids, alive)
    bags = Bags.of([*[(0,)] * 30, (len(TOKENS),)], [*TOKENS, "material=wool"])
    grown = ItemFeatures(None, bags, np.zeros(31), np.zeros(31, np.int64), np.ones(31, bool))
    ids.add("i30")
    index = index.extended(grown, ids, np.ones(31, bool), np.zeros(0, np.int32))
    wool = filter_mask(Filters(attributes={"material": ("wool",)}), index)
    assert np.flatnonzero(wool).tolist() == [30]


def test_an_unknown_attribute_names_the_known_ones() -> None:
    index = FilterIndex.of(*columns([Row((0, 4), 1.0, 0, True, True)]))
    with pytest.raises(BadInput) as error:
        filter_mask(Filters(attributes={"colour": ("red",)}), index)
    assert "colour" in error.value.message
    assert "brand" in error.value.hint
    assert "color" in error.value.hint


def test_an_empty_catalogue_matches_nothing_and_complains_of_nothing() -> None:
    index = FilterIndex.of(ItemFeatures.bare(0), Ids(), np.zeros(0, bool))
    asked = Filters(attributes={"brand": ("Acme",)}, categories=("Shoes",), only=("i1",))
    assert filter_mask(asked, index).tolist() == []
    assert facet_counts(index, np.zeros(0, bool)) == {}


def test_buckets_of_numbers_are_no_attributes() -> None:
    bags = Bags.of([(0, 1)], ["price~3", "color=red"])
    features = ItemFeatures(None, bags, np.ones(1), np.zeros(1, np.int64), np.ones(1, bool))
    index = FilterIndex.of(features, Ids(["i0"]), np.ones(1, bool))
    assert facet_counts(index, np.ones(1, bool)) == {"color": {"red": 1}}
    with pytest.raises(BadInput) as error:
        filter_mask(Filters(attributes={"price~3": ("",)}), index)
    assert error.value.hint == "Those there are: color."


def test_crossed_prices_and_empty_values_say_what_to_change() -> None:
    index = FilterIndex.of(*columns([Row((0,), 1.0, 0, True, True)]))
    with pytest.raises(BadInput, match="above max_price"):
        filter_mask(Filters(min_price=2.0, max_price=1.0), index)
    with pytest.raises(BadInput, match="no values"):
        filter_mask(Filters(attributes={"brand": ()}), index)


@settings(deadline=None)
@given(catalogues)
def test_facets_count_what_a_filter_would_leave(catalogue: list[Row]) -> None:
    index = FilterIndex.of(*columns(catalogue))
    everyone = filter_mask(Filters(), index)
    for name, values in facet_counts(index, everyone).items():
        for value, count in values.items():
            chosen = filter_mask(Filters(attributes={name: (value,)}), index)
            assert count == chosen.sum() > 0


def test_facets_come_most_frequent_first_and_limited() -> None:
    catalogue = [Row(tokens, 1, 0, True, True) for tokens in [(4,), (5,), (5, 0)]]
    index = FilterIndex.of(*columns(catalogue))
    counts = facet_counts(index, np.ones(3, bool))
    assert list(counts["color"].items()) == [("blue", 2), ("red", 1)]
    assert facet_counts(index, np.ones(3, bool), limit=1)["color"] == {"blue": 2}
    assert facet_counts(index, np.zeros(3, bool)) == {}
