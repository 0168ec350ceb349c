"""Who may do what: keys, roles, hosts, rates, origins."""

from __future__ import annotations

from typing import Any

import pytest

from api.test_api_bad_input import is_problem

ROUTES = {
    "read": [("POST", "recommend"), ("GET", "users"), ("GET", "stats"), ("GET", "releases")],
    "write": [("POST", "events"), ("POST", "items"), ("DELETE", "items/nope")],
    "admin": [("GET", "audit"), ("GET", "keys"), ("POST", "keys"), ("DELETE", "users/nobody")],
}
ORDER = list(ROUTES)


def with_key(key: str) -> dict[str, Any]:
    return {"headers": {"X-API-Key": key}}


@pytest.fixture
def keyed(opening: Any) -> tuple[Any, dict[str, str]]:
    """A collection with one key of each role."""
    shop = opening()
    return shop, {
        role: shop.collection.store.keys.create(f"the {role} key", role) for role in ORDER
    }


@pytest.mark.parametrize("role", ORDER)
def test_a_role_reaches_as_far_as_it_should(keyed: Any, role: str) -> None:
    shop, keys = keyed
    for needed, routes in ROUTES.items():
        for method, route in routes:
            status = shop.request(method, route, **with_key(keys[role])).status_code
            allowed = ORDER.index(role) >= ORDER.index(needed)
            assert (status != 403) is allowed, (method, route, status)
            assert status != 401


@pytest.mark.parametrize("key", ["", "x", "prism_0_0", "prism_é", "Bearer"])
def test_without_a_good_key_nothing_opens(keyed: Any, key: str) -> None:
    shop, _ = keyed
    for routes in ROUTES.values():
        for method, route in routes:
            answer = shop.request(method, route, headers={"X-API-Key": key.encode()})
            is_problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_key_is_asked_for_before_the_body_is_read(keyed: Any) -> None:
    shop, _ = keyed
    headers = {"Content-Type": "application/json"}
    assert shop.request("POST", "recommend", content=b"{", headers=headers).status_code == 401


def test_a_bearer_token_is_as_good(keyed: Any) -> None:
    shop, keys = keyed
    headers = {"Authorization": f"Bearer {keys['read']}"}
    assert shop.request("POST", "recommend", headers=headers).status_code == 200


def test_the_first_key_closes_the_door_and_a_revoked_one_is_refused_at_once(shop: Any) -> None:
    made = shop.post("keys", {"role": "admin", "label": "first"})
    assert shop.request("GET", "keys").status_code == 401
    admin = with_key(made["key"])
    second = shop.request("POST", "keys", json={"role": "read"}, **admin).json()
    assert shop.request("POST", "recommend", **with_key(second["key"])).status_code == 200
    listed = shop.request("GET", "keys", **admin).json()
    assert {row["role"] for row in listed} == {"admin", "read"}
    assert not any(second["key"] in str(row) for row in listed)
    key_id = next(row["key_id"] for row in listed if row["role"] == "read")
    assert shop.request("DELETE", f"keys/{key_id}", **admin).status_code == 200
    assert shop.request("POST", "recommend", **with_key(second["key"])).status_code == 401
    lines = shop.request("GET", "audit", **admin).json()
    actions = [(line["who"], line["action"]) for line in lines[:3]]
    assert actions == [("first", "key.revoke"), ("first", "key.create"), ("local", "key.create")]
    assert shop.collection.store.audit.verify() >= 3


def test_a_key_of_one_collection_opens_no_other(opening: Any, fitted: Any, tmp_path: Any) -> None:
    import shutil

    from fastapi.testclient import TestClient

    from prismrec.collection import Collection
    from prismrec.serving.app import create_app

    shop = opening()
    other = shutil.copytree(fitted, tmp_path / "other.prism")
    with Collection.open(other) as second:
        key = shop.collection.store.keys.create("a", "admin")
        second.store.keys.create("b", "admin")
        with TestClient(create_app([shop.collection, second]), base_url="http://localhost") as http:
            assert http.get("/v1/shop/users", **with_key(key)).status_code == 200
            assert http.get("/v1/other/users", **with_key(key)).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("shop.localhost", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:8000", 403),
        ("", 403),
    ],
)
def test_an_open_collection_answers_to_loopback_names_only(
    shared: Any, host: str, status: int
) -> None:
    assert shared.request("GET", "users", headers={"Host": host}).status_code == status


def test_with_keys_any_host_or_those_of_the_settings(opening: Any) -> None:
    shop = opening(allowed_hosts=("*.example.com", "localhost"))
    key = shop.collection.store.keys.create("a", "read")
    good = {"Host": "shop.example.com", "X-API-Key": key}
    assert shop.request("GET", "users", headers=good).status_code == 200
    is_problem(shop.request("GET", "users", headers={**good, "Host": "example.org"}), 421)
    is_problem(shop.request("GET", "/healthz", headers={"Host": "example.org"}), 421)


def test_other_origins_get_no_permission_by_default(opening: Any) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    shop = opening()
    for method in ("OPTIONS", "GET"):
        answer = shop.request(method, "users", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_origins_of_the_settings_get_permission(opening: Any) -> None:
    shop = opening(cors_origins=("https://shop.example",))
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = shop.request("OPTIONS", "recommend", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    refused = shop.request(
        "OPTIONS", "recommend", headers={**asked, "Origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in refused.headers


def test_more_than_the_rate_is_refused_for_a_while(opening: Any) -> None:
    shop = opening(rate=0.5)
    statuses = [shop.request("GET", "users").status_code for _ in range(4)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    answer = shop.request("GET", "users")
    is_problem(answer, 429)
    assert int(answer.headers["retry-after"]) >= 1
    assert shop.request("GET", "/healthz").status_code == 200


def test_every_answer_carries_the_safe_headers(shared: Any) -> None:
    for route in ("/healthz", "/nothing", "users", "items/nope"):
        headers = shared.request("GET", route).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in headers["content-security-policy"]
