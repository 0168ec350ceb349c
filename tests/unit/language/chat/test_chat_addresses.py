"""An endpoint is where the operator said, and nowhere private unless that was said too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from prismrec.core import BadSettings, ChatRefused
from prismrec.language.chat import ChatSettings, chat_model, prompt
from prismrec.language.chat.addresses import place_of, resolved
from prismrec.language.chat.source import Failed
from prismrec.language.chat.time_limit import TimeLimit
from prismrec.language.chat.wire import post

SCHEMA: dict[str, Any] = {"type": "object"}


def names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Makes every name resolve to `answers`; what was asked for is in the list."""
    asked: list[str] = []
    known = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return known(host, port, *more, **named)
        asked.append(host)
        return [(None, None, 0, "", (answer, port)) for answer in answers]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.9", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    place = place_of("https://models.example.com/v1", ())
    for answers in ((address,), ("93.184.216.34", address)):
        names(monkeypatch, *answers)
        with pytest.raises(Failed, match="private"):
            resolved(place, (), TimeLimit(5))


@pytest.mark.parametrize("listed", ["models.example.com", "10.1.0.0/16", "10.1.2.3"])
def test_listed_ones_are_allowed(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    names(monkeypatch, "10.1.2.3")
    place = place_of("https://models.example.com/v1", (listed,))
    assert resolved(place, (listed,), TimeLimit(5)) == ("10.1.2.3",)


def test_public_addresses_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
    assert len(resolved(place_of("https://models.example.com", ()), (), TimeLimit(5))) == 2


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://models.example.com/v1", "ftp://a/b", "models.example.com", "https://",
        "https://user:pass@a/v1", "https://a/v1?x=1", "https://a/v1#x", "https://a:99999/",
        "http://127.0.0.1:1/v1", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_safe_base_address_is_refused(endpoint: str) -> None:
    with pytest.raises(BadSettings):
        place_of(endpoint, ())


@contextmanager
def listening(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port that gives `answer` to whoever speaks, and what was heard."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    heard.append(line.recv(65_536))
                    line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


def test_a_name_is_looked_up_once_and_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that later leads elsewhere is not asked again."""
    body = b'{"choices": [{"message": {"content": "{}"}}]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with listening(head + body) as (port, heard):
        asked = names(monkeypatch, "127.0.0.1")
        own = ChatSettings(
            endpoint=f"http://shop.example.com:{port}/v1",
            model="m",
            private_hosts=("shop.example.com",),
        )
        chat = chat_model(own)
        assert chat is not None
        chat.complete(prompt("Say nothing.", {}, SCHEMA), SCHEMA)
        names(monkeypatch, "169.254.169.254")
        chat.complete(prompt("Say nothing more.", {}, SCHEMA), SCHEMA)
    assert asked.count("shop.example.com") == 1
    assert len(heard) == 2
    assert all(f"Host: shop.example.com:{port}".encode() in request for request in heard)


def test_a_host_that_moved_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"choices": [{"message": {"content": "{}"}}]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with listening(head + body) as (port, heard):
        names(monkeypatch, "127.0.0.2")  # nobody listens there
        own = ChatSettings(
            endpoint=f"http://shop.example.com:{port}/v1",
            model="m",
            private_hosts=("shop.example.com",),
            attempts=1,
        )
        chat = chat_model(own)
        assert chat is not None
        with pytest.raises(ChatRefused) as caught:
            chat.complete(prompt("Say nothing.", {}, SCHEMA), SCHEMA)
        assert caught.value.reason == "unreachable"
        names(monkeypatch, "127.0.0.1")
        chat.complete(prompt("Say nothing.", {}, SCHEMA), SCHEMA)
    assert len(heard) == 1


def test_a_silent_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"choices": [{"message": {"content": "{}"}}]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    connect, waited = socket.create_connection, []

    def connected(place: tuple[str, int], timeout: float) -> socket.socket:
        if place[0] == "127.0.0.2":
            waited.append(timeout)
            raise TimeoutError
        return connect(place, timeout)

    monkeypatch.setattr(socket, "create_connection", connected)
    with listening(head + body) as (port, heard):
        place = place_of(f"http://127.0.0.1:{port}", ["127.0.0.0/8"])
        answer = post(
            place, ("127.0.0.2", "127.0.0.1"), b"{}", {"Content-Length": "2"}, TimeLimit(10), 1_000
        )
    assert answer.status == 200
    assert heard
    assert 4 < waited[0] <= 5


def test_where_every_address_is_silent_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(place: tuple[str, int], timeout: float) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    place = place_of("http://127.0.0.1:1", ["127.0.0.0/8"])
    with pytest.raises(Failed) as caught:
        post(place, ("127.0.0.1",), b"{}", {}, TimeLimit(10), 1_000)
    assert caught.value.free


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(at_port: Callable[..., ChatSettings], status: int) -> None:
    with listening(b"") as (elsewhere, reached):
        to = f"http://127.0.0.1:{elsewhere}/"
        answer = f"HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        with listening(answer.encode()) as (port, heard):
            chat = chat_model(at_port(port))
            assert chat is not None
            with pytest.raises(ChatRefused) as caught:
                chat.complete(prompt("Say nothing.", {}, SCHEMA), SCHEMA)
    assert caught.value.reason == "rejected"
    assert len(heard) == 1
    assert not reached


def test_proxies_of_the_environment_are_not_asked(
    monkeypatch: pytest.MonkeyPatch, at_port: Callable[..., ChatSettings]
) -> None:
    with listening(b"") as (proxy, reached):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        chat = chat_model(at_port(9, attempts=1))
        assert chat is not None
        with pytest.raises(ChatRefused):
            chat.complete(prompt("Say nothing.", {}, SCHEMA), SCHEMA)
    assert not reached
