"""Triples: what becomes an attribute, what a link, what is set aside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prismrec.core import Relation
from prismrec.data import Dataset, interactions, read


def shop(
    folder: Path, triples: str, items: str = "item_id,title\na,Tea\nb,Cup\nc,Pot\n"
) -> Dataset:
    (folder / "items.csv").write_text(items)
    (folder / "events.csv").write_text("user_id,item_id\nu,a\nv,b\nu,c\n")
    (folder / "relations.csv").write_text(triples)
    return read(folder)


def test_a_triple_says_by_its_ends_what_it_is(tmp_path: Path):
    data = shop(
        tmp_path,
        "head,relation,tail\na,goes with,b\na,made of,leaves\na,made of,water\nu,friend,v\n"
        "a,brand,Acme\nb,category,Cups\nb,category,Gifts\n",
    )
    a, b, c = data.iter_items()
    assert a.attributes == {"made of": ("leaves", "water")}
    assert a.brand == "Acme"
    assert b.categories == ("Cups", "Gifts")
    assert (c.attributes, c.brand, c.categories) == ({}, "", ())
    assert list(data.iter_relations()) == [
        Relation("a", "b", "goes with", between="items"),
        Relation("u", "v", "friend", between="users"),
    ]


@pytest.mark.parametrize(
    ("columns", "found"),
    [("follower,followee", "users"), ("source,target", "users"), ("head,tail", "items")],
)
def test_where_ids_are_alike_the_name_of_the_column_tells(
    tmp_path: Path, columns: str, found: str
) -> None:
    (tmp_path / "items.csv").write_text("item_id\n1\n2\n")
    (tmp_path / "events.csv").write_text("user_id,item_id\n1,1\n2,2\n")
    (tmp_path / "relations.csv").write_text(f"{columns}\n1,2\n")
    assert [link.between for link in read(tmp_path).iter_relations()] == [found]


def test_what_an_item_says_of_itself_comes_first(tmp_path: Path):
    data = shop(
        tmp_path,
        "head,relation,tail\na,brand,Other\na,category,Hot\na,size,big\n",
        "item_id,title,brand,categories,attributes\na,Tea,Acme,Drinks,colour: green\nb,Cup,,,\n"
        "c,Pot,,,\n",
    )
    item = next(data.iter_items())
    assert item.brand == "Acme"
    assert item.categories == ("Drinks", "Hot")
    assert item.attributes == {"colour": "green", "size": "big"}


def test_a_value_of_an_unknown_item_is_set_aside(tmp_path: Path):
    data = shop(tmp_path, "head,relation,tail,between\na,size,big,values\nz,size,big,values\n")
    assert data.report.quarantined == 1
    assert next(data.iter_items()).attributes == {"size": "big"}


def test_links_are_positions_of_what_is_known(tmp_path: Path):
    data = interactions(
        shop(
            tmp_path,
            "source,target,kind,weight,between\na,b,also bought,2,items\nb,z,also bought,1,items\n"
            "c,c,also bought,1,items\na,c,returned with,0,items\nv,u,friend,0.5,users\n",
        )
    )
    assert data.item_links is not None
    assert data.user_links is not None
    np.testing.assert_array_equal(data.item_links.sources, [0])
    np.testing.assert_array_equal(data.item_links.targets, [1])
    np.testing.assert_array_equal(data.item_links.weights, np.float32([2]))
    np.testing.assert_array_equal(data.user_links.sources, [1])
    np.testing.assert_array_equal(data.user_links.targets, [0])


@pytest.mark.parametrize("triples", ["head,relation,tail\n", "head,relation,tail\na,size,big\n"])
def test_without_links_there_are_none(tmp_path: Path, triples: str):
    data = interactions(shop(tmp_path, triples))
    assert data.item_links is None
    assert data.user_links is None
