"""How fast does a served collection answer, and how soon is what it is told felt?

    python -m benchmarks.serve [X.prism] [--data FOLDER] [--rate 50] [--seconds 60] [--json]
    python -m benchmarks.serve [X.prism] --searches --rate 100        only searches, no writes

Starts the real server as a process of its own and asks it from this one: recommend for known users
(5 of 10 requests), search (3) and events (2), at a fixed rate whether or not earlier answers are
back (open loop), so that a slow answer delays no later request and hides in none. A time runs from
the moment a request was due to its last byte. Without a collection, one is made of the tables in
`--data` with the default settings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.load import Load, Times, times
from benchmarks.places import data_folder

__all__ = ["Served", "main"]

BOOT = """
import sys
from dataclasses import replace
from pathlib import Path
from prismrec.folder import settings_of
from prismrec.serving.run import serve

path = Path(sys.argv[1])
serve([path], replace(settings_of(path).serving, port=int(sys.argv[2])))
"""
DELAYS = 20
"""How often the delays from event to slate and from item to search are measured."""
IDLE_SECONDS = 10.0
WARM_UP = 100
"""Requests before the clock runs: caches fill, memory settles."""


@dataclass
class Served:
    """What was measured on one collection."""

    collection: str
    items: int
    rate: float
    seconds: float
    start_seconds: float
    errors: int = 0
    times: dict[str, Times] = field(default_factory=dict)
    event_to_slate_ms: dict[str, float] = field(default_factory=dict)
    item_to_search_ms: dict[str, float] = field(default_factory=dict)
    server_rss_mib: float = 0.0
    server_processor_ms: float = 0.0
    """Processor time of the server for one request of the load, whatever else the machine does."""
    client_processor_ms: float = 0.0
    """The same of this process, which shares its cores."""
    idle_stall_ms: float = 0.0
    """The longest that a sleeping process overslept before anything ran: the machine's own part."""


async def load(http: httpx.AsyncClient, made: Load, found: Served) -> None:
    """Send requests when they are due, whatever became of those before."""
    waits: dict[str, list[float]] = {}

    async def one(number: int, due: float) -> None:
        kind, path, body = made.request(number)
        try:
            answer = await http.post(path, json=body)
            good = answer.status_code == 200 and bool(answer.json())
        except httpx.HTTPError:
            good = False
        found.errors += not good
        waits.setdefault(kind, []).append(1e3 * (time.perf_counter() - due))

    for number in range(WARM_UP):
        await one(number, time.perf_counter())
    waits.clear()
    began, tasks = time.perf_counter() + 0.5, []
    for number in range(int(found.rate * found.seconds)):
        due = began + number / found.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(WARM_UP + number, due)))
    await asyncio.gather(*tasks)
    waits["all"] = [wait for some in waits.values() for wait in some]
    found.times = {kind: times(some) for kind, some in sorted(waits.items())}


async def until(ask: Callable[[], Awaitable[bool]], patience: float = 10.0) -> float:
    """Milliseconds until `ask` says yes."""
    began = time.perf_counter()
    while not await ask():
        if time.perf_counter() - began > patience:
            raise RuntimeError("what was told was never felt")
    return 1e3 * (time.perf_counter() - began)


async def delays(http: httpx.AsyncClient, made: Load, found: Served) -> None:
    """From an acknowledged event to a slate that differs, from an acknowledged item to a hit."""

    async def post(route: str, body: dict[str, Any]) -> Any:
        return (await http.post(f"{made.route}/{route}", json=body)).raise_for_status().json()

    slates, searches = [], []
    for number in range(DELAYS):
        visitor = {"user_id": f"visitor-{number}", "seed": 1}
        before = (await post("recommend", visitor))["items"]

        async def felt(visitor: Any = visitor, before: Any = before) -> bool:
            return bool((await post("recommend", visitor))["items"] != before)

        event = {"user_id": visitor["user_id"], "item_id": before[0]["item_id"], "event": "view"}
        await post("events", {"events": [event]})
        slates.append(await until(felt))
        word = f"quixotic{number}zither"

        async def hit(word: str = word) -> bool:
            items = (await post("search", {"text": word}))["items"]
            return bool(items and items[0]["item_id"] == word)

        began = time.perf_counter()
        await post("items", {"items": [{"item_id": word, "title": f"A {word} of brass"}]})
        told = 1e3 * (time.perf_counter() - began)
        searches.append(told + await until(hit))
    found.event_to_slate_ms = summary(slates)
    found.item_to_search_ms = summary(searches)


def idle_stall(seconds: float = IDLE_SECONDS) -> float:
    """The longest that a sleep of 2 ms overran, in milliseconds."""
    worst, end = 0.0, time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        time.sleep(0.002)
        worst = max(worst, 1e3 * (time.perf_counter() - began) - 2)
    return round(worst, 1)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median and worst."""
    return {"p50": round(float(np.median(values)), 1), "worst": round(max(values), 1)}


async def measure(
    path: Path, port: int, rate: float, seconds: float, *, searches_only: bool = False
) -> Served:
    """Start a server on `path`, put it under load, and stop it."""
    stall = idle_stall()
    began = time.perf_counter()
    command = [sys.executable, "-c", BOOT, str(path), str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    base = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(
            base_url=base, timeout=30, limits=limits, trust_env=False
        ) as http:
            await ready(http, server)
            name = path.name.removesuffix(".prism")
            items, made = await visitors(http, path, name)
            made.searches_only = searches_only
            found = Served(name, items, rate, seconds, round(time.perf_counter() - began, 1))
            found.idle_stall_ms = stall
            busy = processor(server.pid), time.process_time()
            await load(http, made, found)
            asked = WARM_UP + found.rate * found.seconds
            found.server_processor_ms = round(1e3 * (processor(server.pid) - busy[0]) / asked, 2)
            found.client_processor_ms = round(1e3 * (time.process_time() - busy[1]) / asked, 2)
            if not searches_only:
                await delays(http, made, found)
            found.server_rss_mib = resident(server.pid)
    finally:
        server.terminate()
        server.wait()
    return found


async def ready(http: httpx.AsyncClient, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    while server.poll() is None:
        try:
            (await http.get("/readyz")).raise_for_status()
            return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server did not start; run `prismrec serve` to see why")


async def visitors(http: httpx.AsyncClient, path: Path, name: str) -> tuple[int, Load]:
    """Users that the collection knows, and titles and ids of items that it recommends."""
    route = f"/v1/{name}"
    users = [row["user_id"] for row in (await http.get(f"{route}/users?limit=500")).json()]
    shown: dict[str, str] = {}
    for user in users[:100]:
        slate = (await http.post(f"{route}/recommend", json={"user_id": user, "n": 50})).json()
        shown |= {item["item_id"]: item["title"] for item in slate["items"]}
    items = (await http.get("/readyz")).json()["collections"][name]["items"]
    return items, Load(route, users, list(shown.values()), list(shown))


def resident(pid: int) -> float:
    """Memory of a process, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copied(path: Path, folder: Path) -> Path:
    """The collection in a place of its own: the benchmark writes events and items."""
    return Path(shutil.copytree(path, folder / path.name))


def fitted(data: Path, folder: Path) -> Path:
    """A collection made of the tables in `data` with the default settings."""
    import prismrec as pr

    path = folder / f"{data.name}.prism"
    pr.fit(data, path).close()
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collection", type=Path, nargs="?", help="by default one is fitted")
    parser.add_argument("--data", type=Path, default=data_folder() / "beauty")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--searches", action="store_true", help="nothing but searches")
    parser.add_argument("--port", type=int, default=0, help="by default a free one")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="serve-") as temporary:
        folder = Path(temporary)
        path = copied(asked.collection, folder) if asked.collection else fitted(asked.data, folder)
        port = asked.port or free_port()
        run = measure(path, port, asked.rate, asked.seconds, searches_only=asked.searches)
        found = asyncio.run(run)
    if asked.json:
        print(json.dumps(asdict(found)))
    else:
        show(found)
    return 1 if found.errors else 0


def show(found: Served) -> None:
    """The figures for people."""
    print(f"{found.collection}: {found.items} items, {found.rate:g} requests a second for")
    print(f"{found.seconds:g} s, {found.errors} errors, server at {found.server_rss_mib} MiB,")
    print(f"ready {found.start_seconds} s after its start; a sleep on the idle machine overran by")
    print(f"{found.idle_stall_ms} ms at most\n")
    print(f"{'':>12} {'requests':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'worst':>8}")
    for kind, row in found.times.items():
        figures = (row.requests, row.p50_ms, row.p95_ms, row.p99_ms, row.worst_ms)
        print(f"{kind:>12} " + " ".join(f"{figure:>8}" for figure in figures))
    if found.item_to_search_ms:
        delays = found.event_to_slate_ms, found.item_to_search_ms
        print(f"\nevent to slate {delays[0]} ms; item to search {delays[1]}")


if __name__ == "__main__":
    sys.exit(main())
