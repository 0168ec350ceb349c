"""The live catalogue: positions never move, snapshots never change."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadInput, Item, NotFound
from prismrec.data import Catalogue, TokenVocabulary

SHOES = Item(
    "s", "Shoes", brand="Acme", categories=("Shoes",), attributes={"color": "red"}, price=50.0
)
COAT = Item(
    "c", "Coat", brand="Bell", categories=("Coats", "Sale"),
    attributes={"color": "blue", "warm": True},
    price=90.0, created_at=5, available=False,
)  # fmt: skip
HAT = Item("h", "Hat", brand="Acme", attributes={"color": "red", "year": 1999.0})


def tokens(catalogue: Catalogue, position: int) -> set[str]:
    bags = catalogue.columns.attributes
    return {bags.names[t] for t in bags.row(position)}


def test_positions_are_the_order_of_arrival() -> None:
    catalogue = Catalogue.of([SHOES, COAT])
    assert (catalogue.position("s"), catalogue.position("c"), catalogue.position("h")) == (0, 1, -1)
    later = catalogue.upserted([HAT])
    assert (later.position("h"), len(later), len(catalogue)) == (2, 3, 2)
    assert later.item(2) is HAT
    assert later.text(0) == "Shoes. Acme. Shoes"
    assert later.texts() == [later.text(i) for i in range(3)]


def test_columns_hold_what_filters_ask_for() -> None:
    columns = Catalogue.of([SHOES, COAT, HAT]).columns
    np.testing.assert_array_equal(columns.prices, [50, 90, np.nan])
    assert columns.available.tolist() == [True, False, True]
    assert columns.created_at.tolist() == [-1, 5, -1]
    assert columns.brands[0] == columns.brands[2] != columns.brands[1]
    assert columns.having(["brand=Acme"]).tolist() == [True, False, True]
    assert columns.having(["category=Sale", "color=red"]).tolist() == [True, True, True]
    assert columns.having(["warm=yes"]).tolist() == [False, True, False]
    assert columns.having(["color=green"]).tolist() == [False, False, False]
    assert columns.having([]).tolist() == [False, False, False]


def test_an_old_snapshot_stays_as_it_was() -> None:
    old = Catalogue.of([SHOES, COAT])
    before = tokens(old, 0)
    new = old.upserted([Item("s", "Boots", brand="Zed", price=1.0), HAT]).removed(["c"])
    assert (old.item(0), tokens(old, 0), old.position("h")) == (SHOES, before, -1)
    assert old.alive.tolist() == [True, True]
    assert old.columns.prices.tolist() == [50, 90]
    assert new.item(0).title == "Boots"
    assert "brand=Zed" in tokens(new, 0)
    assert "brand=Acme" not in tokens(new, 0)
    assert tokens(new, 1) == tokens(old, 1)
    assert new.alive.tolist() == [True, False, True]


def test_a_removed_item_keeps_its_position_and_can_come_back() -> None:
    whole = Catalogue.of([SHOES, COAT])
    catalogue = whole.removed(["s", "nobody"])
    assert catalogue.position("s") == 0
    assert whole.get("s") is SHOES
    with pytest.raises(NotFound, match="'s'"):
        catalogue.get("s")
    back = catalogue.upserted([SHOES])
    assert (len(back), back.get("s")) == (2, SHOES)
    assert not catalogue.features().available[0]
    assert back.features().available[0]


def test_two_snapshots_may_grow_from_one() -> None:
    base = Catalogue.of([SHOES])
    one, other = base.upserted([COAT]), base.upserted([HAT, COAT])
    assert (one.position("c"), one.position("h")) == (1, -1)
    assert (other.position("h"), other.position("c")) == (1, 2)
    assert one.upserted([HAT]).position("h") == 2


def test_of_one_id_twice_the_last_stays() -> None:
    catalogue = Catalogue.of([SHOES, Item("s", "Other")])
    assert (len(catalogue), catalogue.item(0).title) == (1, "Other")


def test_an_empty_catalogue_grows() -> None:
    empty = Catalogue.of([])
    assert len(empty.features()) == 0
    assert empty.removed(["x"]).upserted([SHOES]).item(0) is SHOES
    assert empty.upserted([]) is empty


def test_features_are_those_of_the_snapshot() -> None:
    catalogue = Catalogue.of([SHOES, COAT, Item("old", created_at=-99)])
    vectors = np.eye(3, dtype=np.float32)
    features = catalogue.features(vectors)
    assert features.text_vectors is vectors
    assert features.available.tolist() == [True, False, True]
    assert features.created_at.tolist() == [-1, 5, 0]
    with pytest.raises(ValueError, match="2 text vectors for 3 items"):
        catalogue.features(vectors[:2])


def test_media_vectors_line_up() -> None:
    catalogue = Catalogue.of([SHOES, Item("p", vectors={"image": (1.0, 2.0)})])
    assert catalogue.vectors["image"].tolist() == [[0, 0], [1, 2]]
    later = catalogue.upserted([Item("q", vectors={"image": (3.0, 4.0), "audio": (5.0,)})])
    assert later.vectors["image"].tolist() == [[0, 0], [1, 2], [3, 4]]
    assert later.vectors["audio"].tolist() == [[0], [0], [5]]
    assert later.upserted([Item("p")]).vectors["image"][1].tolist() == [0, 0]
    for vector in ((1.0,), (1.0, float("nan"))):
        with pytest.raises(BadInput, match="image vector of item 'r'"):
            catalogue.upserted([Item("r", vectors={"image": vector})])
    assert catalogue.upserted([HAT]).position("h") == 2


def test_numbers_fall_into_quantile_buckets_that_stay() -> None:
    catalogue = Catalogue.of(Item(f"i{n}", price=float(n)) for n in range(1, 101))
    buckets = [next(iter(tokens(catalogue, p))) for p in range(100)]
    assert len(set(buckets)) == 10
    assert buckets == sorted(buckets)
    later = catalogue.upserted([Item("cheap", price=-1.0), Item("dear", price=1e9)])
    assert tokens(later, 100) == {"price~0"}
    assert tokens(later, 101) == {"price~9"}


def test_whole_numbers_of_few_values_can_be_filtered_exactly() -> None:
    catalogue = Catalogue.of([HAT, Item("x", attributes={"year": 2001.0})])
    assert catalogue.columns.having(["year=1999"]).tolist() == [True, False]


def test_a_vocabulary_outlives_its_catalogue() -> None:
    first = Catalogue.of([SHOES, COAT])
    state = json.loads(json.dumps(first.vocabulary.state()))
    second = Catalogue.of([HAT, COAT], TokenVocabulary.from_state(state))
    names = first.columns.attributes.names
    assert second.columns.attributes.names[: len(names)] == names
    assert tokens(second, 1) == tokens(first, 1)


IDS = st.sampled_from("abcdef")
STEP = st.one_of(
    st.tuples(st.just("put"), st.lists(st.tuples(IDS, st.sampled_from("xyz")), max_size=4)),
    st.tuples(st.just("drop"), st.lists(IDS, max_size=2)),
)


@given(st.lists(STEP, max_size=12))
def test_any_history_equals_a_plain_dictionary(steps: list) -> None:
    catalogue, order, brand, dead = Catalogue.of([]), [], {}, set()
    for kind, what in steps:
        if kind == "put":
            catalogue = catalogue.upserted(Item(i, brand=b) for i, b in what)
            for i, b in what:
                if i not in brand:
                    order.append(i)
                brand[i] = b
                dead.discard(i)
        else:
            catalogue = catalogue.removed(what)
            dead |= {i for i in what if i in brand}
    assert list(catalogue.ids) == order
    assert catalogue.alive.tolist() == [i not in dead for i in order]
    for position, i in enumerate(order):
        assert tokens(catalogue, position) == {f"brand={brand[i]}"}
