"""What the routes answer when they are asked properly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prismrec.models.calibration import Calibration


def ids(slate: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in slate["items"]]


def test_a_known_user_gets_a_slate_with_parts_that_sum_to_the_score(shared: Any) -> None:
    slate = shared.post("recommend", {"user_id": "user-1", "n": 7})
    assert len(slate["items"]) == 7
    assert len(set(ids(slate))) == 7
    assert slate["exposure_id"]
    assert slate["release"] == 1
    for item in slate["items"]:
        assert sum(item["parts"].values()) == pytest.approx(item["score"], abs=1e-4)
        assert item["reason"]
        assert item["propensity"] == 1.0
        assert item["explored"] is False
        assert item["title"]


def test_the_first_page_of_a_recommendation_tells_the_chances_that_were_learned(shop: Any) -> None:
    engine = shop.collection.engine
    learned = Calibration(weights={"click": (-2.0, 0.0, 1.0, -0.5)})
    engine.snapshot = replace(engine.snapshot, calibration=learned)
    first = shop.post("recommend", {"user_id": "user-1", "n": 3})
    scores = np.array([[item["score"] for item in first["items"]]])
    told = [item["chances"]["click"] for item in first["items"]]
    assert told == pytest.approx(learned.chances("click", scores)[0].tolist())
    later = shop.post("recommend", {"user_id": "user-1", "n": 3, "cursor": first["cursor"]})
    found = shop.post("search", {"text": "phone", "n": 3})
    alike = shop.post("similar", {"item_id": ids(first)[0], "n": 3})
    for other in (later, found, alike):
        assert [item["chances"] for item in other["items"]] == [None] * 3
    engine.snapshot = replace(engine.snapshot, calibration=Calibration())
    assert shop.post("recommend", {"n": 1})["items"][0]["chances"] is None


@pytest.mark.parametrize("body", [{}, {"user_id": "nobody"}, {"session_id": "s"}, {"history": []}])
def test_somebody_new_gets_a_slate(shared: Any, body: dict[str, Any]) -> None:
    assert len(shared.post("recommend", body)["items"]) == 10


def test_the_same_seed_gives_the_same_slate(shared: Any) -> None:
    first, second = (shared.post("recommend", {"user_id": "user-2", "seed": 5}) for _ in range(2))
    assert first["items"] == second["items"]
    assert first["exposure_id"] != second["exposure_id"]


def test_links_answer_as_posts_do(shared: Any) -> None:
    asked = shared.post("recommend", {"user_id": "user-3", "n": 4})
    assert ids(shared.get("recommend", user_id="user-3", n=4)) == ids(asked)
    found = shared.post("search", {"text": "phone", "n": 4})
    assert ids(shared.get("search", q="phone", n=4)) == ids(found)


def test_search_finds_by_words_within_filters(shared: Any) -> None:
    some = shared.collection.snapshot.catalogue.item(0)
    found = shared.post("search", {"text": some.title, "facets": True})
    assert ids(found)[0] == some.item_id
    assert found["facets"]["brand"][some.brand] >= 1
    within = shared.post(
        "search", {"text": some.title, "filters": {"attributes": {"brand": [some.brand]}}}
    )
    assert {item["brand"] for item in within["items"]} == {some.brand}


def test_search_while_typing_matches_the_beginning_and_logs_nothing(shop: Any) -> None:
    word = "zyxwvut"
    shop.post("items", {"items": [{"item_id": "new", "title": f"{word} lamp"}]})
    shop.collection.store.flush()
    before = shop.collection.store.exposures.last_seq()
    found = shop.post("search", {"text": word[:4], "typing": True})
    assert ids(found)[0] == "new"
    assert found["exposure_id"] == ""
    assert found["cursor"] == ""
    shop.collection.store.flush()
    assert shop.collection.store.exposures.last_seq() == before


def test_similar_leaves_the_item_itself_out(shared: Any) -> None:
    assert "item-1" not in ids(shared.post("similar", {"item_id": "item-1", "n": 20}))


def test_explain_tells_parts_causes_and_a_sentence(shared: Any) -> None:
    chosen = ids(shared.post("recommend", {"user_id": "user-1"}))[0]
    why = shared.get("explain", item_id=chosen, user_id="user-1")
    assert why["item_id"] == chosen
    assert why["sentence"]
    assert {part["name"] for part in why["contributions"]}
    assert all(cause["title"] for cause in why["influences"])


def test_an_event_changes_the_next_slate_at_once(shop: Any) -> None:
    before = shop.post("recommend", {"user_id": "visitor"})
    bought = {"user_id": "visitor", "item_id": ids(before)[0], "event": "purchase"}
    assert shop.post("events", {"events": [bought]})["accepted"] == 1
    after = shop.post("recommend", {"user_id": "visitor"})
    assert [item["score"] for item in after["items"]] != [i["score"] for i in before["items"]]
    assert shop.get("users/visitor/history")[0]["item_id"] == ids(before)[0]


def test_events_are_answered_row_by_row(shop: Any) -> None:
    good = {"user_id": "u", "item_id": "item-1", "event": "view", "event_id": "e1"}
    rows = [good, good, {"user_id": "u"}, "no object", {**good, "event_id": "e2", "value": "x"}]
    answer = shop.post("events", {"events": rows})
    statuses = [row["status"] for row in answer["rows"]]
    assert statuses == ["accepted", "duplicate", "rejected", "rejected", "rejected"]
    assert answer["rows"][0]["seq"] == answer["rows"][1]["seq"]
    assert "item_id" in answer["rows"][2]["reason"]
    assert answer["rows"][4]["event_id"] == "e2"
    assert (answer["accepted"], answer["duplicate"], answer["rejected"]) == (1, 1, 3)


def test_a_new_item_is_found_and_recommended_and_a_removed_one_is_gone(shop: Any) -> None:
    item = {"item_id": "x/1 ü", "title": "quixotic zither", "price": 3.5, "brand": "Acme"}
    assert shop.post("items", {"items": [item]}) == {"upserted": 1}
    assert ids(shop.post("search", {"text": "zither"}))[0] == "x/1 ü"
    only = {"filters": {"only": ["x/1 ü"]}}
    assert ids(shop.post("recommend", {"user_id": "user-1", **only})) == ["x/1 ü"]
    assert shop.get("items/x%2F1%20%C3%BC")["title"] == "quixotic zither"
    gone = shop.request("DELETE", "items/x%2F1%20%C3%BC")
    assert gone.json() == {"removed": 1}
    assert shop.request("GET", "items/x%2F1%20%C3%BC").status_code == 404
    assert shop.post("recommend", only)["items"] == []


def test_a_session_is_linked_to_its_user(shop: Any) -> None:
    shop.post("events", {"events": [{"session_id": "s1", "item_id": "item-2", "event": "view"}]})
    assert shop.get("users/newcomer/history") == []
    shop.post("sessions/link", {"session_id": "s1", "user_id": "newcomer"})
    assert [event["item_id"] for event in shop.get("users/newcomer/history")] == ["item-2"]


def test_users_are_found_by_prefix_and_by_recency(shop: Any) -> None:
    shop.post("events", {"events": [{"user_id": "user-9", "item_id": "item-2", "event": "view"}]})
    shop.post("users", {"users": [{"user_id": "user-quiet", "tags": ["tea"]}]})
    people = shop.get("users", like="user-", limit=500)
    assert people[0]["user_id"] == "user-9"
    names = [person["user_id"] for person in people]
    assert len(set(names)) == len(names) == 26
    assert people[names.index("user-quiet")]["last_at"] is None
    assert [p["user_id"] for p in shop.get("users", like="user-q")] == ["user-quiet"]
    assert shop.get("users", like="nobody") == []
    assert len(shop.get("users", limit=3)) == 3


def test_releases_are_listed_promoted_and_rolled_back(shop: Any) -> None:
    listed = shop.get("releases")
    assert [(row["number"], row["serving"]) for row in listed] == [(2, False), (1, True)]
    assert len(listed[0]["content_hash"]) == 64
    assert listed[0]["n_items"] == 60
    assert listed[0]["report"]["items"] == 60
    assert shop.post("releases/promote", {"release": 2}) == {"release": 2}
    assert shop.post("recommend", {})["release"] == 2
    assert shop.post("releases/rollback") == {"release": 1}
    assert shop.post("recommend", {})["release"] == 1
    lines = shop.get("audit")
    assert [line["action"] for line in lines[:2]] == ["rollback", "promote"]
    assert lines[0]["who"] == "local"


def test_a_damaged_release_is_listed_but_not_served(shop: Any) -> None:
    (shop.collection.path / "releases" / "2" / "manifest.json").write_text("{")
    assert shop.get("releases")[0]["problem"]
    answer = shop.request("POST", "releases/promote", json={"release": 2})
    assert answer.status_code == 500
    assert answer.json()["title"] == "Corrupt artifact"
    assert shop.post("recommend", {})["release"] == 1


def test_an_erased_user_is_gone(shop: Any) -> None:
    user = shop.get("users")[0]["user_id"]
    assert shop.get(f"users/{user}/history")
    removed = shop.request("DELETE", f"users/{user}").json()
    assert removed["events"] > 0
    assert shop.get(f"users/{user}/history") == []
    assert user not in [person["user_id"] for person in shop.get("users", limit=500)]
    assert shop.get("audit")[0]["action"] == "erase"


def test_stats_count_traffic_and_rates(shop: Any) -> None:
    slate = shop.post("recommend", {"user_id": "user-1", "n": 4})
    click = {
        "user_id": "user-1",
        "item_id": ids(slate)[0],
        "event": "click",
        "exposure_id": slate["exposure_id"],
    }
    shop.post("events", {"events": [click]})
    stats = shop.get("stats")
    assert stats["items"] == 60
    assert stats["events"]["by_type"]["click"] == 1
    assert sum(day["count"] for day in stats["events"]["by_day"]) <= stats["events"]["total"]
    assert stats["rates"]["click"]["value"] == 0.25
    assert stats["rates"]["slate_click"]["value"] == 1.0
    assert stats["exposures"] == {"total": 1, "counted": 1, "dropped": 0}
    assert stats["report"]["items"] == 60


def test_exploration_is_told_with_what_it_earned_and_what_another_budget_would_buy(
    shop: Any,
) -> None:
    slates = [shop.post("recommend", {"user_id": f"user-{n}", "n": 4}) for n in range(3)]
    bought = {
        "user_id": "user-1",
        "item_id": ids(slates[1])[0],
        "event": "purchase",
        "exposure_id": slates[1]["exposure_id"],
    }
    shop.post("events", {"events": [bought, bought | {"item_id": "elsewhere"}]})
    told = shop.get("exploration")
    assert told["explored"]["slates"] == 3
    assert told["explored"]["places"] == told["explored"]["expected_loss"] == 0.0
    (greedy,) = told["policies"]
    assert (greedy["policy"], greedy["slates"]) == ("greedy", 3)
    assert greedy["reward"] == pytest.approx(10 / 3)
    assert told["feedback"] == {"counted": 1, "elsewhere": 1}
    same, uniform = told["estimates"]
    assert same["value"] == pytest.approx(10 / 3)
    assert uniform["value"] is None
    assert "no value can be given" in uniform["refused"]
    asked = {"policy": "epsilon-greedy", "epsilon": 0.5}
    whole = shop.get("exploration/preview", **asked)
    assert "no value can be given" in whole["value"]["refused"]  # nothing was explored
    free = whole["explored"]
    tight = shop.get("exploration/preview", **asked, max_expected_loss=0.01)["explored"]
    assert free["places"] > tight["places"] > 0.0
    assert tight["expected_loss"] <= 0.015 < free["expected_loss"]
    as_set = shop.get("exploration/preview")
    assert as_set["explored"]["places"] == 0.0
    assert as_set["value"]["value"] == pytest.approx(as_set["value"]["served"])
    assert as_set["value"]["difference"] == as_set["value"]["difference_interval"][0] == 0.0


def test_what_is_served_and_how_it_is(shared: Any) -> None:
    assert shared.get("/v1")["collections"] == ["shop"]
    assert shared.get("/healthz")["status"] == "ok"
    assert shared.get("/readyz")["collections"]["shop"] == {"release": 1, "items": 60}
    shared.post("recommend", {})
    shared.request("GET", "/nothing/here")
    metrics = shared.request("GET", "/metrics").text
    assert 'route="/v1/{collection}/recommend",status="200"' in metrics
    assert 'prismrec_items{collection="shop"} 60.0' in metrics
    assert "nothing/here" not in metrics


def test_head_answers_as_get_without_a_body(shared: Any) -> None:
    answer = shared.request("HEAD", "/healthz")
    assert answer.status_code == 200
    assert answer.content == b""


def test_the_description_of_the_api_loads_nothing_from_elsewhere(shared: Any) -> None:
    page = shared.request("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for text in (
        page.text,
        *(shared.request("GET", f"/docs/docs.{x}").text for x in ("js", "css")),
    ):
        assert "http://" not in text
        assert "https://" not in text


def test_two_collections_of_one_name_are_refused(shared: Any) -> None:
    from prismrec.core import BadSettings
    from prismrec.serving.app import create_app

    with pytest.raises(BadSettings, match="same name"):
        create_app([shared.collection, shared.collection])
