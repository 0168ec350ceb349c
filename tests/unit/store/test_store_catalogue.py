"""Items, users and relations keep their positions."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from prismrec.core import BadInput, Item, Relation, User
from prismrec.store import Store

FULL = Item(
    "a",
    "Title 标题",
    "long",
    "Acme",
    ("x", "y"),
    {"size": "L", "sizes": ("S", "M"), "weight": 1.5, "new": True, "old": False},
    0.0,
    False,
    12,
    {"people": "Ada"},
    {"image": (0.5, -1.0)},
)


def test_what_was_stored_comes_back_whole(store: Store) -> None:
    user = User("u", {"age": 7.0, "tags": ("a",)}, ("t1", "t2"), (1.5, -2.0))
    links = (Relation("u", "v", "follows", 0.5), Relation("a", "b", "fits", 1.0, "items"))
    store.catalogue.upsert(items=[FULL, Item("b")], users=[user], relations=links)
    loaded = store.catalogue.load()
    assert loaded.items == (FULL, Item("b"))
    assert loaded.users == (user,)
    assert sorted(loaded.relations, key=lambda r: r.kind) == [links[1], links[0]]


def test_positions_are_append_only_and_never_reused(
    lasting_url: str, opening: Callable[..., Store]
) -> None:
    store = opening(lasting_url)
    assert store.catalogue.upsert(items=[Item("a"), Item("b")]) == [0, 1]
    assert store.catalogue.upsert(items=[Item("c"), Item("a", "new"), Item("c", "last")]) == [
        2,
        0,
        2,
    ]
    assert store.catalogue.remove(["b", "b", "nothing"]) == 1
    assert store.catalogue.remove(["b"]) == 0
    store.close()
    store = opening(lasting_url)
    assert store.catalogue.upsert(items=[Item("d")]) == [3]
    loaded = store.catalogue.load()
    assert [item.item_id for item in loaded.items] == ["a", "b", "c", "d"]
    assert [item.title for item in loaded.items] == ["new", "", "last", ""]
    assert loaded.removed == (False, True, False, False)
    assert store.catalogue.upsert(items=[Item("b")]) == [1]
    assert not any(store.catalogue.load().removed)


@pytest.mark.parametrize(
    "bad",
    [
        Item(""),
        Item("x" * 300),
        Item("x\0"),
        Item("x", price=math.nan),
        Item("x", title="\ud800"),
        Item("x", attributes={"k": object()}),  # type: ignore[dict-item]
        Item(7),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_stored_is_refused_whole(store: Store, bad: Item) -> None:
    with pytest.raises(BadInput):
        store.catalogue.upsert(items=[Item("fine"), bad])
    assert store.catalogue.load().items == ()


def test_relations_are_checked_and_replaced(store: Store) -> None:
    with pytest.raises(BadInput):
        store.catalogue.upsert(relations=[Relation("a", "b", "k", between="planets")])
    store.catalogue.upsert(relations=[Relation("a", "b", "k", 1.0)])
    store.catalogue.upsert(relations=[Relation("a", "b", "k", 2.0)])
    assert store.catalogue.load().relations == (Relation("a", "b", "k", 2.0),)


def test_an_empty_catalogue_loads(store: Store) -> None:
    assert store.catalogue.load().items == ()
    assert store.catalogue.upsert() == []
