"""Search as a shop shows it: counts, orders, marks, and what is out of stock."""

from __future__ import annotations

from typing import Any

import pytest

PRODUCTS = [
    {
        "item_id": f"lamp-{n}",
        "title": f"Zorkmid desk lamp {n}",
        "description": "It stands on any table. The zorkmid shade is made by hand. It ships fast.",
        "brand": "Lumo" if n % 3 else "Glow",
        "categories": ["Lamps", "Zorkmids"],
        "attributes": {"colour": "red" if n % 2 else "blue"},
        "price": 10.0 + n,
        "created_at": 1_700_000_000_000 + n,
    }
    for n in range(12)
] + [{"item_id": "zh", "title": "无线蓝牙耳机", "description": "音质好。蓝牙耳机适合跑步时使用。"}]


@pytest.fixture(scope="module")
def lamps(shared: Any) -> Any:
    shared.post("items", {"items": PRODUCTS})
    return shared


LAMPS = {"categories": ["Zorkmids"]}
"""The simulated shop sells lamps too; what is near in meaning is not what is tested here."""


def search(shop: Any, **asked: Any) -> dict[str, Any]:
    asked.setdefault("filters", LAMPS)
    answer: dict[str, Any] = shop.post("search", {"n": 20, "seed": 1, **asked})
    return answer


def ids(slate: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in slate["items"]]


def test_facets_count_all_that_match_not_only_the_page(lamps: Any) -> None:
    found = search(lamps, text="zorkmid lamp", facets=True, n=2)
    assert len(found["items"]) == 2
    assert found["total"] == 12
    assert found["facets"]["brand"] == {"Lumo": 8, "Glow": 4}
    assert found["facets"]["colour"] == {"blue": 6, "red": 6}
    assert sum(one["count"] for one in found["price_ranges"]) >= 12


def test_a_facet_does_not_count_its_own_filter(lamps: Any) -> None:
    filters = {**LAMPS, "attributes": {"brand": ["Glow"], "colour": ["red"]}}
    found = search(lamps, text="zorkmid lamp", facets=True, filters=filters)
    assert found["total"] == 2 == len(found["items"])
    assert found["facets"]["brand"] == {"Lumo": 4, "Glow": 2}
    assert found["facets"]["colour"] == {"blue": 2, "red": 2}


def test_facets_by_name_and_an_unknown_one(lamps: Any) -> None:
    found = search(lamps, text="zorkmid lamp", facets=["colour"])
    assert list(found["facets"]) == ["colour"]
    assert found["price_ranges"] == []
    answer = lamps.request("POST", "search", json={"text": "lamp", "facets": ["color"]})
    assert answer.status_code == 422
    assert "color" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("price-asc", "lamp-0"), ("price-desc", "lamp-11"), ("newest", "lamp-11")],
)
def test_a_sorted_list_holds_what_matches_in_that_order(lamps: Any, sort: str, first: str) -> None:
    found = search(lamps, text="zorkmid lamp", sort=sort)
    assert ids(found)[0] == first
    assert len(found["items"]) == found["total"] == 12
    assert [item["propensity"] for item in found["items"]] == [1.0] * 12
    assert found["facets"] is None


def test_browsing_without_a_text_shows_all_that_passes(lamps: Any) -> None:
    found = search(lamps, facets=True)
    assert found["total"] == 12 == len(found["items"])
    event = {"user_id": "buyer", "item_id": "lamp-3", "event": "purchase"}
    lamps.post("events", {"events": [event]})
    assert "lamp-3" in ids(search(lamps, user_id="buyer"))
    sorted_out = search(lamps, filters={**LAMPS, "min_price": 18}, sort="price-asc")
    assert ids(sorted_out) == ["lamp-8", "lamp-9", "lamp-10", "lamp-11"]


def test_a_plain_search_is_as_it_was(lamps: Any) -> None:
    found = search(lamps, text="zorkmid lamp", filters={})
    assert found["total"] is found["facets"] is found["price_ranges"] is None
    assert not found["items"][0].keys() & {"marks", "snippet"}
    assert len(found["items"]) == 20


def test_what_matches_is_marked_and_the_best_sentence_comes(lamps: Any) -> None:
    first = search(lamps, text="zorkmid shades", snippets=True)["items"][0]
    assert [first["title"][a:b] for a, b in first["marks"]] == ["Zorkmid"]
    snippet = first["snippet"]
    assert snippet["field"] == "description"
    assert snippet["text"] == "The zorkmid shade is made by hand."
    assert [snippet["text"][a:b] for a, b in snippet["marks"]] == ["zorkmid", "shade"]


def test_chinese_is_marked_too(lamps: Any) -> None:
    found = search(lamps, text="蓝牙耳机", snippets=True, facets=True, filters={})
    first = found["items"][0]
    assert first["item_id"] == "zh"
    assert [first["title"][a:b] for a, b in first["marks"]] == ["蓝牙耳机"]
    assert first["snippet"]["text"] == "蓝牙耳机适合跑步时使用。"


def test_a_misspelt_word_matches_what_was_meant(lamps: Any) -> None:
    found = search(lamps, text="zorkmdi lamp", facets=True, snippets=True)
    assert found["total"] == 12
    first = found["items"][0]
    assert [first["title"][a:b] for a, b in first["marks"]] == ["Zorkmid", "lamp"]


def test_half_a_word_matches_while_it_is_typed(lamps: Any) -> None:
    assert search(lamps, text="zork", facets=True, typing=True)["total"] == 12


def test_out_of_stock_is_out_at_once_and_back_when_asked(shop: Any) -> None:
    lamp = PRODUCTS[0]
    shop.post("items", {"items": [lamp]})
    assert "lamp-0" in ids(search(shop, text="zorkmid"))
    shop.post("items", {"items": [{**lamp, "available": False}]})
    for asked in ({"text": "zorkmid"}, {"text": "zorkmid", "sort": "newest"}, {"facets": True}):
        assert "lamp-0" not in ids(search(shop, **asked, n=200, filters={}))
    only = {"only": ["lamp-0"]}
    assert ids(shop.post("recommend", {"filters": only})) == []
    assert ids(shop.post("recommend", {"filters": {**only, "available": False}})) == ["lamp-0"]
    assert ids(search(shop, text="zorkmid", filters={"available": False}))[0] == "lamp-0"
    shop.post("items", {"items": [lamp]})
    assert "lamp-0" in ids(search(shop, text="zorkmid"))
