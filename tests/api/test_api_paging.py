"""Pages: together they are one slate, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prismrec.core import Query, Slate
from prismrec.folder import settings_of
from prismrec.serving.paging import _packed, _unpacked, cursor_of


def pages(shop: Any, route: str, body: dict[str, Any], between: Any = lambda: None) -> list[str]:
    """The ids of all pages, in order."""
    found: list[str] = []
    cursor = ""
    while True:
        page = shop.post(route, {**body, "cursor": cursor})
        found += [item["item_id"] for item in page["items"]]
        cursor = page["cursor"]
        if not cursor:
            return found
        between()


def whole(shop: Any, route: str, body: dict[str, Any], n: int) -> list[str]:
    return [item["item_id"] for item in shop.post(route, {**body, "n": n})["items"]]


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("recommend", {"user_id": "user-1"}),
        ("recommend", {}),
        ("search", {"text": "black case", "user_id": "user-1"}),
        ("similar", {"item_id": "item-3"}),
    ],
)
@pytest.mark.parametrize("n", [1, 7, 10])
def test_pages_together_are_one_slate(shared: Any, route: str, body: Any, n: int) -> None:
    body = {**body, "seed": 11}
    paged = pages(shared, route, {**body, "n": n})
    assert len(set(paged)) == len(paged)
    assert len(paged) >= 50
    assert paged == whole(shared, route, body, 200)


def test_events_in_between_change_the_next_slate_but_not_its_pages(shop: Any) -> None:
    user = {"user_id": "user-1", "n": 9}
    before = whole(shop, "recommend", {**user, "seed": 1}, 200)
    wanted = iter(before)

    def act() -> None:
        event = {"user_id": "user-1", "item_id": next(wanted), "event": "purchase"}
        assert shop.post("events", {"events": [event]})["accepted"] == 1

    assert pages(shop, "recommend", user, act) == before
    assert whole(shop, "recommend", {**user, "seed": 1}, 200) != before


@pytest.mark.parametrize("diversity", ["none", "mmr"])
def test_pages_of_a_policy_that_explores_are_one_draw(
    opening: Any, fitted: Any, diversity: str
) -> None:
    plain = settings_of(fitted)
    exploration = replace(plain.exploration, policy="epsilon-greedy", epsilon=0.5, shortlist=30)
    shop = opening(replace(plain, exploration=exploration))
    body = {"user_id": "user-1", "seed": 3}
    paged = pages(shop, "recommend", {**body, "n": 7})
    assert len(paged) == 30
    assert paged == whole(shop, "recommend", body, 30)
    assert paged != whole(shop, "recommend", {**body, "seed": 4}, 30)
    slate = shop.post("recommend", {**body, "n": 30})["items"]
    assert any(item["explored"] for item in slate)
    assert all((item["propensity"] < 0.5) is item["explored"] for item in slate)
    assert {item["propensity"] for item in slate} != {1.0}


def test_pages_of_a_diverse_slate_are_one_slate(opening: Any, fitted: Any) -> None:
    plain = settings_of(fitted)
    shop = opening(replace(plain, ranking=replace(plain.ranking, diversity=0.7)))
    body = {"user_id": "user-1", "seed": 3}
    paged = pages(shop, "recommend", {**body, "n": 8})
    assert len(paged) == plain.exploration.shortlist
    assert paged == whole(shop, "recommend", body, plain.exploration.shortlist)


def test_a_cursor_beyond_the_end_says_so(shared: Any) -> None:
    seen = shared.collection.snapshot
    ids = list(seen.catalogue.ids)
    last = Slate((), "e", 1, "greedy", 1, 1)
    cursor = cursor_of(last, Query(shown=tuple(ids), n=0), seen)
    assert shared.post("recommend", {"cursor": cursor})["items"] == []
    assert shared.post("recommend", {"cursor": cursor})["cursor"] == ""


@pytest.mark.parametrize(
    "body",
    [
        {"text": "black case"},
        {"text": "black case", "sort": "price-asc"},
        {"text": "black case", "sort": "popularity"},
        {"text": "", "sort": "newest"},
        {"text": ""},
    ],
)
def test_items_that_come_and_go_are_not_repeated_and_hide_none(shop: Any, body: Any) -> None:
    """What was there all the time comes exactly once; what came or went, at most once."""
    body = {**body, "seed": 5}
    before = whole(shop, "search", {**body, "facets": True}, 200)
    changing = iter(range(10**6))
    gone: set[str] = set()

    def change() -> None:
        number = next(changing)
        added = {"item_id": f"new-{number}", "title": "black case", "price": 0.01 + number}
        shop.post("items", {"items": [added]})
        gone.add(before[3 * number])
        assert shop.request("DELETE", f"items/{before[3 * number]}").status_code == 200

    paged = pages(shop, "search", {**body, "facets": True, "n": 10}, change)
    assert len(set(paged)) == len(paged)
    assert set(before) - gone <= set(paged)
    assert set(paged) - set(before) <= {f"new-{n}" for n in range(100)}


def test_a_preview_has_pages_too(shared: Any) -> None:
    body = {"text": "black case", "explore": False, "seed": 1}
    assert pages(shared, "search", {**body, "n": 20}) == whole(shared, "search", body, 200)


@pytest.mark.parametrize("places", [[], [0], [5], [0, 1, 2], [127, 128, 129, 300_000, 2**31 - 2]])
def test_what_was_shown_survives_the_cursor(places: list[int]) -> None:
    assert _unpacked(_packed(places)) == places


@pytest.mark.parametrize("broken", [b"\x01", b"\x80\x80", b"\x7f" * 9, b"\x81" * 2_000])
def test_broken_places_are_refused(broken: bytes) -> None:
    with pytest.raises(ValueError):
        _unpacked(broken)
