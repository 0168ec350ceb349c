"""Pages: together they are one slate, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prismrec.collection import settings_of


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
    import base64
    import json

    made = base64.urlsafe_b64encode(json.dumps(["e", 1, 1, 999]).encode()).decode()
    assert shared.post("recommend", {"cursor": made})["items"] == []
