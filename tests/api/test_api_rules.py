"""Rules by query: what the shop pinned, buried or blocked, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prismrec.folder import settings_of


def ids(slate: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in slate["items"]]


def search(shop: Any, text: str = "black case", **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = shop.post("search", {"text": text, "n": 60, "seed": 1, **more})
    return answer


def test_pins_come_first_in_order_and_the_rest_stays_as_it_was(shop: Any) -> None:
    before = ids(search(shop))
    pins = [before[-1], before[5]]
    shop.post("rules", {"query": "Black  CASE", "pin": pins})
    after = search(shop)
    assert ids(after) == [*pins, *(i for i in before if i not in pins)]
    marks = [(item["pinned"], item["propensity"], item["explored"]) for item in after["items"]]
    assert marks[:3] == [(True, 1.0, False), (True, 1.0, False), (False, 1.0, False)]
    for item in after["items"]:
        assert item["score"] == pytest.approx(sum(item["parts"].values()), abs=1e-4)
    assert ids(search(shop, "black cases")) != ids(after)  # another text


def test_buried_come_last_blocked_never_also_in_a_sorted_list(shop: Any) -> None:
    before = ids(search(shop))
    rule = {"query": "case", "match": "contains", "bury": before[:1], "block": before[1:2]}
    shop.post("rules", rule)
    after = ids(search(shop))
    assert after[-1] == before[0]
    assert after == [*(i for i in before if i not in before[:2]), before[0]]
    assert before[1] not in ids(search(shop, sort="price-asc"))
    assert before[1] in ids(search(shop, "something else", facets=False))


def test_what_is_pinned_but_out_of_stock_or_filtered_out_does_not_come(shop: Any) -> None:
    first, second = ids(search(shop))[-2:]
    shop.post("rules", {"query": "black case", "pin": [first, second]})
    item = shop.get(f"items/{first}")
    shop.post("items", {"items": [{**item, "available": False}]})
    found = search(shop)
    assert first not in ids(found)
    assert ids(found)[0] == second
    assert second not in ids(search(shop, filters={"exclude": [second]}))


def test_a_rule_holds_from_its_start_to_before_its_end(shop: Any) -> None:
    before = ids(search(shop))
    rule = {"rule_id": "r", "query": "black case", "pin": [before[-1]]}
    shop.post("rules", {**rule, "starts_at": "2020-01-01", "ends_at": "2020-02-01"})
    assert ids(search(shop)) == before
    shop.post("rules", {**rule, "starts_at": "2020-01-01"})
    assert ids(search(shop))[0] == before[-1]
    assert shop.request("DELETE", "rules/r").status_code == 200
    assert ids(search(shop)) == before
    assert shop.request("DELETE", "rules/r").status_code == 404


def test_what_a_listing_pins_counts_and_what_it_blocks_does_not(shop: Any) -> None:
    item = {"item_id": "odd", "title": "quixotic zither"}
    shop.post("items", {"items": [item]})
    total = search(shop, facets=True)["total"]
    shop.post("rules", {"query": "black case", "pin": ["odd"]})
    found = search(shop, facets=True)
    assert found["total"] == total + 1
    assert ids(found)[0] == "odd"
    blocked = ids(found)[1]
    shop.post("rules", {"query": "black case", "block": [blocked]})
    assert search(shop, facets=True)["total"] == total


def test_pages_of_a_curated_search_are_one_slate(shop: Any) -> None:
    before = ids(search(shop))
    shop.post("rules", {"query": "black case", "pin": before[-3:], "bury": before[:2]})
    whole, paged, cursor = ids(search(shop)), [], ""
    while True:
        page = search(shop, n=7, cursor=cursor)
        paged += ids(page)
        cursor = page["cursor"]
        if not cursor:
            break
    assert paged == whole


def test_a_policy_that_explores_leaves_pins_alone_and_the_log_says_so(
    opening: Any, fitted: Any
) -> None:
    plain = settings_of(fitted)
    exploration = replace(plain.exploration, policy="epsilon-greedy", epsilon=0.9, shortlist=30)
    shop = opening(replace(plain, exploration=exploration))
    pins = ids(search(shop, explore=False))[-2:]
    shop.post("rules", {"rule_id": "r1", "query": "black case", "pin": pins})
    for seed in range(5):
        found = search(shop, n=10, seed=seed)
        assert ids(found)[:2] == pins
        assert [item["propensity"] for item in found["items"]][:2] == [1.0, 1.0]
        assert all(item["propensity"] < 1.0 for item in found["items"][2:])
    shop.collection.store.flush()
    shown = shop.collection.store.exposures.get(found["exposure_id"])
    assert shown.context["rules"] == "r1"
    assert shown.chosen[:2] == tuple(pins)
    assert set(pins) <= set(shown.shortlist)


def test_rules_outlive_the_process_and_leave_an_audit_trail(shop: Any) -> None:
    pin = ids(search(shop))[-1]
    made = shop.post("rules", {"query": "black case", "pin": [pin], "note": "summer"})
    assert shop.get("rules") == [made]
    assert [rule.rule_id for rule in shop.collection.store.rules.list()] == [made["rule_id"]]
    shop.request("DELETE", f"rules/{made['rule_id']}")
    lines = shop.get("audit")
    assert [line["action"] for line in lines][:2] == ["rule.remove", "rule.put"]
    assert lines[1]["details"]["pin"] == [pin]
    shop.collection.promote(2)
    assert shop.get("rules") == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"query": "case"}, "does nothing"),
        ({"query": " ", "pin": ["item-1"]}, "needs a query"),
        ({"query": "case", "pin": ["nobody"]}, "nobody"),
        ({"query": "case", "pin": ["item-1"], "starts_at": 5, "ends_at": 5}, "before it starts"),
    ],
)
def test_a_rule_that_can_do_nothing_is_refused(shared: Any, rule: Any, told: str) -> None:
    answer = shared.request("POST", "rules", json=rule)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_rules_need_an_admin(opening: Any) -> None:
    shop = opening()
    keys = {role: shop.collection.store.keys.create(role, role) for role in ("write", "admin")}
    for role, status in (("write", 403), ("admin", 200)):
        body = {"query": "case", "pin": ["item-1"]}
        answer = shop.request("POST", "rules", json=body, headers={"X-API-Key": keys[role]})
        assert answer.status_code == status
