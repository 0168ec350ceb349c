"""Bad requests: each a problem document that says what to change, and nothing is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DEEP = "[" * 100_000 + "]" * 100_000
GOOD = {"user_id": "u", "item_id": "item-1", "event": "view"}


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:prismrec:problem:")
    assert document["title"]
    assert document["detail"]
    return document


def raw(text: str | bytes) -> dict[str, Any]:
    return {"content": text, "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param("", "required", id="empty body"),
        pytest.param("{", "not JSON", id="cut off"),
        pytest.param("{'n': 1}", "not JSON", id="single quotes"),
        pytest.param('{"n": NaN}', "NaN", id="NaN"),
        pytest.param('{"n": Infinity}', "Infinity", id="infinity"),
        pytest.param('{"n": -Infinity}', "Infinity", id="minus infinity"),
        pytest.param('{"n": 1, "n": 2}', "twice", id="a name twice"),
        pytest.param('{"user_id": "\\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param('{"\\udfff": 1}', "surrogate", id="half a surrogate pair as a name"),
        pytest.param(b'{"user_id": "\xff\xfe"}', "UTF-8", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="byte order mark"),
        pytest.param(DEEP, "deeply", id="nested 100,000 deep"),
        pytest.param('{"context": ' + '{"a":' * 50_000 + "1", "deeply", id="objects without end"),
        pytest.param('{"n": ' + "9" * 5_000 + "}", "not JSON", id="number of 5,000 digits"),
        pytest.param("{} {}", "not JSON", id="two documents"),
        pytest.param("\x00", "not JSON", id="a NUL"),
    ],
)
def test_what_is_not_json(shared: Any, body: str | bytes, says: str) -> None:
    answer = shared.request("POST", "recommend", **raw(body))
    problem = is_problem(answer, 422 if says == "required" else 400)
    assert says in problem["detail"] + problem["title"]


@pytest.mark.parametrize(
    ("route", "body", "where"),
    [
        pytest.param("recommend", [], "body", id="a list for an object"),
        pytest.param("recommend", {"n": 0}, "n", id="no items"),
        pytest.param("recommend", {"n": 201}, "n", id="too many items"),
        pytest.param("recommend", {"n": "10"}, "n", id="a number as text"),
        pytest.param("recommend", {"n": True}, "n", id="true as a number"),
        pytest.param("recommend", {"n": 1.5}, "n", id="half an item"),
        pytest.param("recommend", {"n": None}, "n", id="null for a number"),
        pytest.param("recommend", {"n": 10**400}, "n", id="a huge number"),
        pytest.param("recommend", {"user": "u"}, "user", id="an unknown field"),
        pytest.param("recommend", {"user_id": 5}, "user_id", id="a number as id"),
        pytest.param("recommend", {"user_id": "a\0b"}, "user_id", id="a NUL in an id"),
        pytest.param("recommend", {"user_id": "u" * 257}, "user_id", id="a long id"),
        pytest.param("recommend", {"seed": -1}, "seed", id="a negative seed"),
        pytest.param("recommend", {"explore": "no"}, "explore", id="text for a truth"),
        pytest.param("recommend", {"cursor": "!"}, "cursor", id="no cursor"),
        pytest.param("recommend", {"cursor": "W10"}, "cursor", id="an empty cursor"),
        pytest.param("recommend", {"history": [{}]}, "item_id", id="an empty event"),
        pytest.param("recommend", {"context": {"a": 1}}, "context", id="a number as context"),
        pytest.param(
            "recommend", {"filters": {"min_price": 5, "max_price": 1}}, "price", id="crossed prices"
        ),
        pytest.param("recommend", {"filters": {"min_price": -1}}, "min_price", id="price below 0"),
        pytest.param("recommend", {"filters": {"min_price": 1e999}}, "price", id="infinite price"),
        pytest.param(
            "recommend", {"filters": {"attributes": {"nope": ["x"]}}}, "nope", id="no attribute"
        ),
        pytest.param(
            "recommend", {"filters": {"attributes": {"brand": []}}}, "brand", id="no values"
        ),
        pytest.param(
            "recommend", {"filters": {"created_after": "x"}}, "created_after", id="no time"
        ),
        pytest.param(
            "recommend", {"filters": {"only": ["x"] * 10_001}}, "only", id="too long a list"
        ),
        pytest.param("search", {"text": 1}, "text", id="a number as text"),
        pytest.param("search", {"sort": "best"}, "sort", id="an unknown order"),
        pytest.param("search", {"facets": "brand"}, "facets", id="facets as text"),
        pytest.param("search", {"text": "x" * 20_001}, "text", id="a book as text"),
        pytest.param("similar", {}, "item_id", id="no item"),
        pytest.param("events", {"events": []}, "events", id="no events"),
        pytest.param("events", {"events": {}}, "events", id="an object for a list"),
        pytest.param("events", {"events": [GOOD] * 1_001}, "1001", id="too many events"),
        pytest.param("items", {"items": [{"item_id": ""}]}, "item_id", id="an empty item id"),
        pytest.param(
            "items", {"items": [{"item_id": "a", "price": "5"}]}, "price", id="a price as text"
        ),
        pytest.param(
            "items",
            {"items": [{"item_id": "a", "created_at": 10**20}]},
            "created_at",
            id="the year 3,000,000,000",
        ),
        pytest.param(
            "items",
            {"items": [{"item_id": "a", "attributes": {"x": {"y": 1}}}]},
            "attributes",
            id="an object as attribute",
        ),
        pytest.param(
            "items",
            {"items": [{"item_id": "a", "vectors": {"image": [1.0, "x"]}}]},
            "vectors",
            id="text in a vector",
        ),
        pytest.param(
            "items",
            {
                "items": [
                    {"item_id": "a", "vectors": {"image": [1.0]}},
                    {"item_id": "b", "vectors": {"image": [1.0, 2.0]}},
                ]
            },
            "image",
            id="vectors of two lengths",
        ),
        pytest.param(
            "users", {"users": [{"user_id": "u", "location": [1]}]}, "location", id="half a place"
        ),
        pytest.param(
            "users", {"users": [{"user_id": "session:x"}]}, "session:", id="a session as user"
        ),
        pytest.param("sessions/link", {"session_id": "s"}, "user_id", id="a link to nobody"),
        pytest.param("releases/promote", {"release": 0}, "release", id="release 0"),
        pytest.param("keys", {"role": "king"}, "role", id="an unknown role"),
    ],
)
def test_what_cannot_be_used(shared: Any, route: str, body: Any, where: str) -> None:
    before = shared.collection.store.events.last_seq(), len(shared.collection.snapshot.catalogue)
    text = json.dumps(body).replace("Infinity", "1e999")
    problem = is_problem(shared.request("POST", route, **raw(text)), 422)
    assert where in json.dumps(problem)
    now = shared.collection.store.events.last_seq(), len(shared.collection.snapshot.catalogue)
    assert now == before


@pytest.mark.parametrize(
    ("method", "route", "status"),
    [
        pytest.param("GET", "/v1/nowhere/recommend", 404, id="no such collection"),
        pytest.param("POST", "/v1/nowhere/events", 404, id="events for no collection"),
        pytest.param("GET", "/v1/shop/nothing", 404, id="no such route"),
        pytest.param("POST", "/v1/shop/nothing", 404, id="no such route to post to"),
        pytest.param("GET", "/nothing", 404, id="no such page"),
        pytest.param("GET", "/..%2f..%2fetc/passwd", 404, id="out of the folder"),
        pytest.param("GET", "items/nope", 404, id="no such item"),
        pytest.param("GET", "items/%00", 422, id="a NUL as item"),
        pytest.param("GET", "items/" + "x" * 300, 422, id="a long item id"),
        pytest.param("GET", "items/%ff%fe", 404, id="an item id that is not UTF-8"),
        pytest.param("DELETE", "items/nope", 404, id="removing no item"),
        pytest.param("DELETE", "keys/nope", 404, id="revoking no key"),
        pytest.param("GET", "users?limit=0", 422, id="no users"),
        pytest.param("GET", "users?limit=x", 422, id="a word for a number"),
        pytest.param("GET", "users?like=%00", 422, id="a NUL as prefix"),
        pytest.param("GET", "search?q=", 422, id="an empty link"),
        pytest.param("GET", "explain?item_id=nope", 404, id="explaining no item"),
        pytest.param("GET", "explain", 422, id="explaining nothing"),
        pytest.param("GET", "audit?after=-1", 422, id="a line below 0"),
        pytest.param("GET", "audit?after=99999999999999999999", 422, id="a line beyond the end"),
        pytest.param("PUT", "recommend", 405, id="a method of no route"),
        pytest.param("PATCH", "items", 405, id="another method of no route"),
        pytest.param("OPTIONS", "recommend", 405, id="options without CORS"),
        pytest.param("DELETE", "/healthz", 405, id="deleting the health"),
        pytest.param("BREW", "recommend", 405, id="an unknown method"),
    ],
)
def test_wrong_addresses(shared: Any, method: str, route: str, status: int) -> None:
    answer = shared.request(method, route)
    is_problem(answer, status)
    if status == 405:
        assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]


def test_not_allowed_names_every_method_that_is(shared: Any) -> None:
    answer = shared.request("PUT", "items/item-1")
    assert answer.headers["allow"].split(", ") == ["GET", "DELETE", "HEAD"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
def test_a_post_that_is_not_json(shared: Any, kind: str) -> None:
    headers = {"Content-Type": kind}
    answer = shared.request("POST", "releases/rollback", content=b"", headers=headers)
    is_problem(answer, 415)
    assert shared.collection.snapshot.release == 1


def test_a_rollback_without_a_release_before(shared: Any) -> None:
    is_problem(shared.request("POST", "releases/rollback"), 404)


def test_a_bad_row_names_its_fault_and_a_good_one_is_stored(shop: Any) -> None:
    rows = [
        {**GOOD, "timestamp": "yesterday"},
        {**GOOD, "timestamp": True},
        {**GOOD, "value": 1e999},
        {**GOOD, "user_id": "session:x"},
        {"item_id": "item-1", "event": "view"},
        {**GOOD, "colour": "red"},
        None,
        [],
        GOOD,
    ]
    text = json.dumps({"events": rows}).replace("Infinity", "1e999")
    answer = shop.request("POST", "events", **raw(text)).json()
    assert answer["rejected"] == 8
    assert answer["accepted"] == 1
    assert all(row["reason"] for row in answer["rows"][:8])


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large(opening: Any, chunked: bool) -> None:
    shop = opening(max_body_mib=0.01)
    body = b'{"user_id": "' + b"x" * 20_000 + b'"}'

    def pieces() -> Any:
        for start in range(0, len(body), 1_000):
            yield body[start : start + 1_000]

    answer = shop.request("POST", "recommend", **raw(pieces() if chunked else body))
    assert "10" not in is_problem(answer, 413)["detail"].split("MiB")[1]


def test_a_full_server_says_when_to_come_back(opening: Any) -> None:
    shop = opening(threads=1, queue=0)
    shop.client.app.state.pool.pending = 1
    answer = shop.request("POST", "recommend")
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    shop.client.app.state.pool.pending = 0
    assert shop.request("POST", "recommend").status_code == 200


def test_work_that_takes_too_long_is_given_up(opening: Any, monkeypatch: Any) -> None:
    import threading

    shop = opening(threads=1, timeout_s=0.05)
    hold = threading.Event()
    monkeypatch.setattr(type(shop.collection), "ask", lambda *_: hold.wait(30))
    answer = shop.request("POST", "recommend")
    problem = is_problem(answer, 503)
    assert "within" in problem["detail"]
    assert shop.client.app.state.pool.pending == 1
    hold.set()


def test_an_accident_tells_the_client_nothing_and_the_log_where(
    opening: Any, monkeypatch: Any, caplog: Any
) -> None:
    shop = opening()

    def broken(*_: Any) -> None:
        raise KeyError("user-42")

    monkeypatch.setattr(type(shop.collection), "ask", broken)
    answer = shop.request("POST", "recommend", json={"user_id": "user-42"})
    assert "user-42" not in json.dumps(is_problem(answer, 500))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "/v1/{collection}/recommend" in caplog.text
    assert 'status="500"' in shop.request("GET", "/metrics").text


KEYS = st.sampled_from(["n", "text", "user_id", "filters", "seed", "cursor", "context", "history"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    route=st.sampled_from(["recommend", "search", "similar", "events", "items", "users"]),
    body=st.dictionaries(
        KEYS | st.sampled_from(["events", "items", "users"]), ANYTHING, max_size=4
    ),
)
def test_no_json_is_an_accident(shared: Any, route: str, body: dict[str, Any]) -> None:
    answer = shared.request("POST", route, **raw(json.dumps(body)))
    assert answer.status_code < 500, answer.text
