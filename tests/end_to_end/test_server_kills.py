"""kill -9 of the real server under writes: nothing acknowledged is lost, doubled or unfindable."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from api.shops import NAME, Server, fitted, serving

__all__ = ["fitted", "serving"]

WRITERS = 3
KILLS = 10


class Written:
    """What the server acknowledged, over all its lives."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.items: list[str] = []
        self.sent: Counter[str] = Counter()


def write(server: Server, life: int, writer: int, written: Written) -> None:
    """Send events, and now and then an item, until the server is gone."""
    base = f"http://127.0.0.1:{server.port}/v1/{NAME}/"
    with httpx.Client(base_url=base, timeout=60, trust_env=False) as http:
        for number in range(10**6):
            name = f"{life}-{writer}-{number}"
            rows = [
                {
                    "user_id": f"writer-{writer}",
                    "item_id": "item-1",
                    "event": "view",
                    "event_id": f"{name}-{row}",
                    "timestamp": 1_700_000_000_000 + number,
                }
                for row in range(3)
            ]
            try:
                answer = http.post("events", json={"events": rows}).json()
                written.events += [
                    r["event_id"] for r in answer["rows"] if r["status"] == "accepted"
                ]
                if number % 5 == 0:
                    item = {
                        "item_id": f"item-{name}",
                        "title": f"word{name.replace('-', 'x')} thing",
                    }
                    http.post("items", json={"items": [item]}).raise_for_status()
                    written.items.append(item["item_id"])
            except httpx.TransportError:
                return


def word_of(name: str) -> str:
    """A word that no other item has."""
    return "word" + name.replace("-", "x")


def one_life(server: Server, life: int, written: Written, seconds: float) -> None:
    """Start it, write to it from several clients, and kill it in the middle."""
    server.start()
    already = len(written.events)
    threads = [
        threading.Thread(target=write, args=(server, life, writer, written))
        for writer in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    while len(written.events) == already:  # it is killed while it writes, not while it starts
        time.sleep(0.01)
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join()


@pytest.mark.slow
def test_ten_kills_lose_and_double_nothing(serving: Callable[..., Server]) -> None:
    rng = random.Random(7)
    server, written = serving(), Written()
    for life in range(KILLS):
        one_life(server, life, written, rng.uniform(0, 0.4))
    server.start()
    assert len(written.events) >= 3 * KILLS
    assert len(set(written.events)) == len(written.events)
    assert server.get("stats")["items"] >= 60 + len(written.items)
    for item_id in written.items:
        word = word_of(item_id.removeprefix("item-"))
        assert server.get(f"items/{item_id}")["item_id"] == item_id
        found = server.post("search", {"text": word, "n": 3})["items"]
        assert found[0]["item_id"] == item_id
        recommended = server.post("recommend", {"filters": {"only": [item_id]}})["items"]
        assert [item["item_id"] for item in recommended] == [item_id]
    again = resend(server, written.events)
    assert again == {"duplicate": len(written.events)}
    for writer in range(WRITERS):
        assert len(server.get(f"users/writer-{writer}/history", limit=3)) == 3
    assert server.stop() == 0
    check_store(server, written)


def resend(server: Server, event_ids: list[str]) -> Counter[str]:
    """Send every acknowledged event once more: each must be known."""
    statuses: Counter[str] = Counter()
    for start in range(0, len(event_ids), 500):
        rows = [
            {"user_id": "u", "item_id": "item-1", "event": "view", "event_id": event_id}
            for event_id in event_ids[start : start + 500]
        ]
        answer = server.post("events", {"events": rows})
        statuses.update(row["status"] for row in answer["rows"])
    return statuses


def check_store(server: Server, written: Written) -> None:
    """The log itself: every acknowledged event once, numbered without a gap, the file sound."""
    from prismrec.collection import Collection

    with Collection.open(server.path) as shop:
        log = shop.store.events.since(0, 10**9)
        assert shop.store.check() == []
        keys = Counter(log["event_id"].to_list())
        assert set(written.events) <= set(keys)
        assert max(keys.values()) == 1
        assert log["seq"].to_list() == list(range(1, len(log) + 1))
