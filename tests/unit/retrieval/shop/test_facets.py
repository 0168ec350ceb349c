"""Facets against a plain count of what each filter would leave."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import BadInput, Bags, Filters, Ids, ItemFeatures
from prismrec.retrieval import FilterIndex, filter_mask
from prismrec.retrieval.shop.facets import facet_counts, facets, price_ranges

BRANDS, COLORS, SIZES = ("Acme", "Zoom", "Hush"), ("red", "blue"), ("S", "M", "L")
NAMES = [
    *(f"brand={value}" for value in BRANDS),
    *(f"color={value}" for value in COLORS),
    *(f"size={value}" for value in SIZES),
    "category=Shoes",
    "material=wool",
]
row = st.tuples(
    st.integers(0, 2), st.integers(3, 4), st.integers(5, 7), st.booleans(), st.integers(1, 50)
)
catalogues = st.lists(row, min_size=1, max_size=40)
wanted = st.builds(
    Filters,
    attributes=st.dictionaries(st.sampled_from(["brand", "color"]), st.just(("Acme", "red"))),
    categories=st.sampled_from([(), ("Shoes",), ("Hats",)]),
    min_price=st.sampled_from([None, 5.0]),
    max_price=st.sampled_from([None, 30.0]),
)


def index_of(catalogue: list[tuple[int, int, int, bool, int]]) -> FilterIndex:
    rows = [[b, c, s, *([8] if shoe else []), 9] for b, c, s, shoe, _ in catalogue]
    n = len(rows)
    features = replace(
        ItemFeatures.bare(n),
        attributes=Bags.of(rows, NAMES),
        prices=np.array([float(price) for *_, price in catalogue]),
    )
    return FilterIndex.of(features, Ids(f"i{i}" for i in range(n)), np.ones(n, bool))


def without(asked: Filters, facet: str) -> Filters:
    if facet == "category":
        return replace(asked, categories=())
    if facet == "price":
        return replace(asked, min_price=None, max_price=None)
    return replace(asked, attributes={n: v for n, v in asked.attributes.items() if n != facet})


@settings(deadline=None)
@given(catalogues, wanted, st.data())
def test_a_count_is_what_ticking_the_value_would_show(
    catalogue: list[tuple[int, int, int, bool, int]], asked: Filters, data: st.DataObject
) -> None:
    index = index_of(catalogue)
    flags = data.draw(st.lists(st.booleans(), min_size=len(catalogue), max_size=len(catalogue)))
    matching = np.array(flags, bool)
    found = facets(index, asked, matching)
    assert found.total == (matching & filter_mask(asked, index)).sum()
    for name, values in found.values.items():
        for value, count in values.items():
            ticked = without(asked, name)
            ticked = (
                replace(ticked, categories=(value,))
                if name == "category"
                else replace(ticked, attributes={**ticked.attributes, name: (value,)})
            )
            assert count == (matching & filter_mask(ticked, index)).sum(), (name, value)
    for one in found.prices:
        bounded = replace(asked, min_price=one.low, max_price=one.high)
        assert one.count == (matching & filter_mask(bounded, index)).sum() > 0


def test_what_is_filtered_on_stays_to_be_taken_back() -> None:
    index = index_of([(0, 3, 5, True, 1), (1, 4, 5, True, 2)])
    asked = Filters(attributes={"color": ("blue",), "size": ("L",)}, categories=("Hats",))
    found = facets(index, asked)
    assert found.total == 0
    assert (
        found.values["category"] == {"Hats": 0, "Shoes": 0} or found.values["category"]["Hats"] == 0
    )
    assert found.values["size"]["L"] == 0
    assert found.values["color"]["blue"] == 0


def test_the_attributes_that_tell_most_come_first_and_those_that_tell_nothing_not_at_all() -> None:
    rows = [(i % 3, 3 if i else 4, 5 + i % 3, True, 1) for i in range(30)]
    found = facets(index_of(rows), Filters())
    assert list(found.values) == ["category", "brand", "size", "color"]  # every item is of wool


def test_facets_by_name() -> None:
    index = index_of([(0, 3, 5, True, 1), (1, 4, 5, True, 9)])
    found = facets(index, Filters(), None, ["material", "price"])
    assert list(found.values) == ["material"]
    assert sum(one.count for one in found.prices) == 2
    assert facets(index, Filters(), None, ["brand"]).prices == ()
    with pytest.raises(BadInput) as error:
        facets(index, Filters(), None, ["colour"])
    assert "color" in error.value.hint


@given(st.lists(st.floats(0.001, 1e6) | st.sampled_from([0.0, float("nan")]), max_size=60))
def test_price_ranges_cover_every_known_price_and_do_not_overlap(prices: list[float]) -> None:
    ranges = price_ranges(np.array(prices, np.float64))
    known = [price for price in prices if price == price]
    if len(set(known)) < 2:
        assert ranges == ()
        return
    for before, after in pairwise(ranges):
        assert before.low < before.high <= after.low
    for price in known:
        assert any(one.low <= price <= one.high for one in ranges)
    for one in ranges:
        assert one.count == sum(one.low <= price <= one.high for price in known)


def test_price_ranges_are_round() -> None:
    ranges = price_ranges(np.linspace(9.99, 499.0, 1_000))
    assert [(one.low, one.high) for one in ranges] == [
        (9.5, 100.0), (100.0, 200.0), (200.0, 300.0), (300.0, 400.0), (400.0, 500.0),
    ]  # fmt: skip


def test_values_come_most_frequent_first_and_limited() -> None:
    rows = [(i, 3, 5, True, 1) for i in (1, 1, 0, 2, 2, 2)]
    index = index_of(rows)
    everyone = np.ones(6, bool)
    assert list(facet_counts(index, everyone)["brand"].items()) == [
        ("Hush", 3), ("Zoom", 2), ("Acme", 1),
    ]  # fmt: skip
    assert facet_counts(index, everyone, limit=1)["brand"] == {"Hush": 3}
