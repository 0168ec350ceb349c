"""The real server: what is told is felt at once, releases move under it, secrets stay secret."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.shops import BOOT, NAME, Server, copy_of, fitted, free_port, serving
from prismrec.collection import Collection

__all__ = ["fitted", "serving"]

pytestmark = pytest.mark.slow
Serving = Callable[..., Server]


def ids(slate: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in slate["items"]]


def test_a_life_of_a_server(serving: Serving) -> None:
    server = serving().start()
    before = server.post("recommend", {"user_id": "visitor", "seed": 1})
    event = {"user_id": "visitor", "item_id": ids(before)[0], "event": "purchase"}
    assert server.post("events", {"events": [event]})["accepted"] == 1
    after = server.post("recommend", {"user_id": "visitor", "seed": 1})
    assert [i["score"] for i in after["items"]] != [i["score"] for i in before["items"]]

    server.post("items", {"items": [{"item_id": "new", "title": "quixotic zither"}]})
    assert ids(server.post("search", {"text": "quixotic zither"}))[0] == "new"
    assert "new" in ids(server.post("recommend", {"user_id": "visitor", "n": 200}))

    assert server.post("releases/promote", {"release": 2}) == {"release": 2}
    assert server.post("recommend")["release"] == 2
    assert ids(server.post("search", {"text": "quixotic zither"}))[0] == "new"
    assert server.post("releases/rollback") == {"release": 1}
    assert server.post("recommend")["release"] == 1

    other = subprocess.run(
        [sys.executable, "-c", BOOT, str(server.path), "127.0.0.1", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert other.returncode == 4
    assert str(server.port) in other.stderr

    exposures = server.get("stats")["exposures"]["total"]
    server.post("recommend")
    assert server.stop() == 0
    assert "Traceback" not in server.said()
    with Collection.open(server.path) as shop:
        assert shop.snapshot.release == 1
        assert shop.store.exposures.last_seq() >= exposures + 1
        assert shop.item("new").title == "quixotic zither"
        assert shop.history("visitor")[0].item_id == event["item_id"]
        assert [line.action for line in shop.store.audit.lines()][-2:] == ["promote", "rollback"]


def test_ctrl_c_stops_it_cleanly(serving: Serving) -> None:
    server = serving().start()
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGINT)
    assert server.process.wait(timeout=60) in (0, 130)
    assert "Traceback" not in server.said()


def test_it_refuses_an_open_door(fitted: Path, tmp_path: Path) -> None:
    path = copy_of(fitted, tmp_path)
    refused = subprocess.run(
        [sys.executable, "-c", BOOT, str(path), "0.0.0.0", str(free_port())],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert refused.returncode == 2
    assert "without an API key" in refused.stderr
    assert "prismrec keys create" in refused.stderr


def test_beyond_loopback_with_a_key_and_nothing_personal_in_the_log(
    fitted: Path, tmp_path: Path, serving: Serving
) -> None:
    path = copy_of(fitted, tmp_path)
    with Collection.open(path) as shop:
        key = shop.store.keys.create("the shop", "admin")
    server = serving(path, host="0.0.0.0").start()
    server.http.headers["X-API-Key"] = key
    person, text = "ada.lovelace@example.com", "something embarrassing"
    bad_key = "prism_0123456789ab_" + "f" * 64
    server.post("events", {"events": [{"user_id": person, "item_id": "item-1", "event": "view"}]})
    server.post("recommend", {"user_id": person})
    server.post("search", {"text": text, "user_id": person})
    server.get("users", like=person)
    server.get(f"users/{person}/history")
    route = f"/v1/{NAME}/"
    assert server.http.get(route + f"explain?user_id={person}&item_id=nope").status_code == 404
    assert server.http.get(route + f"nothing?user_id={person}&q={text}").status_code == 404
    refused = server.http.post(route + "recommend", json={}, headers={"X-API-Key": bad_key})
    assert refused.status_code == 401
    assert server.http.get(route + "users", headers={"X-API-Key": ""}).status_code == 401
    assert server.http.delete(route + f"users/{person}").json()["events"] == 1
    (path / "releases" / "2" / "release.json").write_text("damaged")
    assert server.http.post(route + "releases/promote", json={"release": 2}).status_code == 500
    assert server.stop() == 0
    said = server.said()
    assert "Corrupt artifact" in said
    for secret in (person, "lovelace", text, "embarrassing", key, key[6:], bad_key):
        assert secret not in said


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS to a plain port"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="a version of the future"),
        pytest.param(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", id="a long line"),
        pytest.param(b"POST /v1/shop/recommend HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
                     id="a body that never comes"),
        pytest.param(b"POST /v1/shop/recommend HTTP/1.1\r\nHost: localhost\r\n"
                     b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                     id="two lengths"),
        pytest.param(b"\x00" * 1_000, id="nothing but NULs"),
    ],
)  # fmt: skip
def test_broken_requests_leave_it_standing(one_server: Server, sent: bytes) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", one_server.port), timeout=30) as wire:
        answer = b""
        with contextlib.suppress(ConnectionError):  # it may hang up before all is sent
            wire.sendall(sent)
            wire.shutdown(socket.SHUT_WR)
            answer = wire.recv(100)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert one_server.get("recommend")["items"]


def test_a_slow_start_of_many_connections_is_survived(one_server: Server) -> None:
    import socket

    idle = [socket.create_connection(("127.0.0.1", one_server.port)) for _ in range(100)]
    started = time.monotonic()
    assert one_server.get("recommend")["items"]
    assert time.monotonic() - started < 30
    for wire in idle:
        wire.close()


@pytest.fixture(scope="module")
def one_server(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server for tests that leave nothing behind."""
    server = Server(copy_of(fitted, tmp_path_factory.mktemp("one"))).start()
    yield server
    server.close()
