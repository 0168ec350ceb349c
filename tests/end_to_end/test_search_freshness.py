"""An added, changed or removed item is right in results within a second, while another process
searches, and after the server was killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api.shops import NAME, Server, fitted, serving

__all__ = ["fitted", "serving"]

pytestmark = pytest.mark.slow
Serving = Callable[..., Server]
SECOND = 1.0
ROUNDS = 8
SEARCHER = """
import sys, httpx
words = "black case coffee lamp red jacket steel kettle blue cup".split()
with httpx.Client(base_url=sys.argv[1], timeout=60, trust_env=False) as http:
    for n in range(10**9):
        body = {"text": f"{words[n % 10]} {words[n // 10 % 10]}", "facets": True, "snippets": True}
        http.post("search", json=body).raise_for_status()
        if n == 0:
            print("searching", flush=True)
"""


@contextmanager
def searching(server: Server) -> Iterator[None]:
    """Another process searches without a pause."""
    base = f"http://127.0.0.1:{server.port}/v1/{NAME}/"
    command = [sys.executable, "-c", SEARCHER, base]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"searching\n"
        yield
        assert process.poll() is None, "a search failed"
    finally:
        process.kill()
        process.wait()


def found(server: Server, text: str, **more: Any) -> list[str]:
    """The items that have the word `text`: without any, a search falls back to what is near."""
    asked = {"text": text, "facets": True, "snippets": True, "n": 50, "explore": False, **more}
    rows = server.post("search", asked)["items"]
    return [row["item_id"] for row in rows if row["marks"] or row["pinned"]]


def soon(is_right: Callable[[], bool]) -> float:
    """Seconds until it is right; it must be within one."""
    began = time.monotonic()
    while not is_right():
        assert time.monotonic() - began <= SECOND, "not right within a second"
    return time.monotonic() - began


def test_items_are_right_in_results_within_a_second_under_load(serving: Serving) -> None:
    server = serving().start()
    with searching(server):
        for number in range(ROUNDS):
            item = {"item_id": f"new-{number}", "title": f"zorkmid{number} kettle", "price": 10.0}
            word = f"zorkmid{number}"
            server.post("items", {"items": [item]})
            soon(lambda i=item, w=word: i["item_id"] in found(server, w))
            changed = {**item, "title": f"quixotic{number} kettle", "price": 99.0}
            server.post("items", {"items": [changed]})
            soon(lambda i=item, n=number: i["item_id"] in found(server, f"quixotic{n}"))
            assert item["item_id"] not in found(server, word)
            assert item["item_id"] not in found(server, f"quixotic{number}", sort="newest",
                                                filters={"max_price": 50})  # fmt: skip
            server.post("items", {"items": [{**changed, "available": False}]})
            soon(lambda i=item, n=number: i["item_id"] not in found(server, f"quixotic{n}"))
            server.post("items", {"items": [changed]})
            soon(lambda i=item, n=number: i["item_id"] in found(server, f"quixotic{n}"))
            server.http.delete(f"/v1/{NAME}/items/{item['item_id']}").raise_for_status()
            soon(lambda i=item, n=number: i["item_id"] not in found(server, f"quixotic{n}"))


def test_items_and_rules_are_right_after_a_kill(serving: Serving) -> None:
    server = serving().start()
    server.post("items", {"items": [{"item_id": "kept", "title": "zorkmid kettle"}]})
    server.post("items", {"items": [{"item_id": "gone", "title": "zorkmid lamp"}]})
    server.post("items", {"items": [{"item_id": "other", "title": "zorkmid sofa"}]})
    server.post("items", {"items": [{"item_id": "other", "title": "quixotic sofa"}]})
    server.http.delete(f"/v1/{NAME}/items/gone").raise_for_status()
    server.post("rules", {"query": "zorkmid", "pin": ["other"]})
    server.kill()
    server.start()
    assert found(server, "zorkmid") == ["other", "kept"]
    assert found(server, "quixotic") == ["other"]
    suggestions = server.post("complete", {"text": "zork"})["completions"]
    assert [one["item_id"] for one in suggestions] == ["kept"]
