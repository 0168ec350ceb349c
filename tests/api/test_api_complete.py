"""Completion: what others asked often enough, and what the catalogue has."""

from __future__ import annotations

from typing import Any

import pytest

ITEMS = [
    {
        "item_id": "a",
        "title": "Quokka whistling kettle",
        "brand": "Quokka",
        "categories": ["Kettles"],
    },
    {
        "item_id": "b",
        "title": "Steel kettle by Quokka",
        "brand": "Quokka",
        "categories": ["Kettles"],
    },
    {"item_id": "zh", "title": "无线蓝牙耳机", "brand": "索尼", "categories": ["耳机"]},
]


@pytest.fixture
def kitchen(shop: Any) -> Any:
    shop.post("items", {"items": ITEMS})
    return shop


def complete(shop: Any, text: str, **more: Any) -> list[tuple[str, str]]:
    found = shop.post("complete", {"text": text, **more})["completions"]
    return [(one["kind"], one["text"]) for one in found]


def ask(shop: Any, text: str, users: range) -> None:
    for user in users:
        shop.post("search", {"text": text, "user_id": f"asker-{user}"})
    shop.collection.store.flush()
    shop.collection.suggestions._looked = -1e9  # as if a while had passed


def test_titles_brands_and_categories_are_suggested(kitchen: Any) -> None:
    assert complete(kitchen, "quok") == [
        ("brand", "Quokka"),
        ("title", "Quokka whistling kettle"),
        ("title", "Steel kettle by Quokka"),
    ]
    assert complete(kitchen, "kett")[0] == ("category", "Kettles")
    assert complete(kitchen, "kettle qu") == [
        ("title", "Quokka whistling kettle"),
        ("title", "Steel kettle by Quokka"),
    ]
    assert complete(kitchen, "") == complete(kitchen, "!?") == []
    assert len(complete(kitchen, "k", n=1)) == 1


def test_one_error_is_forgiven(kitchen: Any) -> None:
    for typed in ("qoukk", "qukka", "quokkka", "quoxka"):
        assert ("brand", "Quokka") in complete(kitchen, typed), typed
    assert complete(kitchen, "zzzz") == []


@pytest.mark.parametrize("typed", ["蓝", "蓝牙", "蓝牙耳", "耳机 无线", "无线耳机"])
def test_chinese_is_completed_wherever_it_stands(kitchen: Any, typed: str) -> None:
    assert ("title", "无线蓝牙耳机") in complete(kitchen, typed)


def test_the_typed_part_is_marked(kitchen: Any) -> None:
    first = kitchen.get("complete", q="whist")["completions"][0]
    assert first["item_id"] == "a"
    assert [first["text"][a:b] for a, b in first["marks"]] == ["whistling"]


def test_a_search_is_suggested_from_ten_different_users_on(kitchen: Any) -> None:
    ask(kitchen, "zither strings", range(9))
    ask(kitchen, "zither strings", range(9))  # the same nine again
    kitchen.post("search", {"text": "zither strings", "session_id": "anybody"})
    assert complete(kitchen, "zith") == []
    ask(kitchen, "Zither  Strings", range(9, 10))
    assert complete(kitchen, "zith") == [("query", "zither strings")]


def test_search_as_you_type_is_not_remembered(kitchen: Any) -> None:
    for user in range(12):
        kitchen.post("search", {"text": "zither", "user_id": f"asker-{user}", "typing": True})
    kitchen.collection.store.flush()
    kitchen.collection.suggestions.refresh()
    assert complete(kitchen, "zith") == []


def test_an_erased_user_no_longer_counts_at_once(kitchen: Any) -> None:
    ask(kitchen, "zither strings", range(10))
    assert complete(kitchen, "zith") == [("query", "zither strings")]
    removed = kitchen.request("DELETE", "users/asker-3").json()
    assert removed["searches"] == 1
    assert complete(kitchen, "zith") == []


def test_what_is_gone_or_out_of_stock_is_not_suggested(kitchen: Any) -> None:
    kitchen.post("items", {"items": [{**ITEMS[1], "available": False}]})
    assert ("title", "Steel kettle by Quokka") not in complete(kitchen, "steel")
    for item_id in ("a", "b"):
        kitchen.request("DELETE", f"items/{item_id}")
    assert complete(kitchen, "quok") == []
    kitchen.post("items", {"items": [{**ITEMS[0], "title": "Quokka kettle"}]})
    assert ("title", "Quokka kettle") in complete(kitchen, "quok")


def test_a_correction_knows_what_enough_people_asked(kitchen: Any) -> None:
    def correction(text: str, **more: Any) -> str:
        answer = kitchen.post("search", {"text": text, "explore": False, **more})
        return answer["understood"]["correction"]

    ask(kitchen, "zymurgical kettle", range(9))
    assert correction("zymurgicel kettle") == ""
    ask(kitchen, "zymurgical kettle", range(9, 10))
    assert correction("zymurgicel kettle") == "zymurgical kettle"
    assert correction("zymurgical kettle") == ""
    assert correction("zymurgicel kettle", typing=True) == ""
    kitchen.request("DELETE", "users/asker-3")
    assert correction("zymurgicel kettle") == ""
