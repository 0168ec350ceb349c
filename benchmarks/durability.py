"""kill -9 of the real server under concurrent writers, many times over one collection.

    python -m benchmarks.durability [--kills 100] [--writers 4] [--seed 7] [--json]

Clients send batches of events with ids, and items, and note what was acknowledged; the server is
killed at a random moment, started again, and so on. At the end every acknowledged event is sent
once more (each must be known), the log is read (each event once, numbers without a gap), and every
acknowledged item is looked for by search and by recommendation. The collection is a small synthetic
marketplace.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from benchmarks.serve import BOOT, free_port

__all__ = ["NAME", "Killed", "main", "marketplace"]

NAME = "shop"


@dataclass
class Killed:
    """What became of what was acknowledged."""

    kills: int
    events_acknowledged: int = 0
    events_stored: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    items_acknowledged: int = 0
    items_not_found: int = 0
    file_faults: list[str] = field(default_factory=list)
    restart_seconds: float = 0.0


class Lives:
    """One collection, served, written to and killed again and again."""

    def __init__(self, path: Path, writers: int) -> None:
        self.path, self.writers = path, writers
        self.events: list[str] = []
        self.items: list[str] = []
        self.starts: list[float] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(timeout=60, trust_env=False)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        port = free_port()
        self.http.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        began = time.perf_counter()
        command = [sys.executable, "-c", BOOT, str(self.path), str(port)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                self.http.get("/readyz").raise_for_status()
                self.starts.append(time.perf_counter() - began)
                return
            except httpx.TransportError:
                time.sleep(0.02)
        raise RuntimeError("the server did not come back")

    def kill(self, life: int, seconds: float) -> None:
        """Let the writers write for a while, and kill the server in the middle of it."""
        already = len(self.events)
        threads = [
            threading.Thread(target=self.write, args=(life, writer))
            for writer in range(self.writers)
        ]
        for thread in threads:
            thread.start()
        while len(self.events) == already:
            time.sleep(0.002)
        time.sleep(seconds)
        self.end(signal_kill=True)
        for thread in threads:
            thread.join()

    def end(self, *, signal_kill: bool = False) -> None:
        """SIGKILL, or SIGTERM."""
        assert self.process is not None
        self.process.kill() if signal_kill else self.process.terminate()
        self.process.wait()

    def write(self, life: int, writer: int) -> None:
        """Send events, and now and then an item, until the server is gone."""
        with httpx.Client(base_url=self.http.base_url, timeout=60, trust_env=False) as http:
            for number in range(10**6):
                try:
                    self.events += events(http, f"{life}-{writer}-{number}")
                    if number % 5 == 0:
                        self.items.append(item(http, f"{life}x{writer}x{number}"))
                except httpx.TransportError:
                    return

    def post(self, route: str, body: dict[str, Any]) -> Any:
        """The answer to a POST that must succeed."""
        return self.http.post(f"/v1/{NAME}/{route}", json=body).raise_for_status().json()

    def found(self, item_id: str) -> bool:
        """Whether an item comes out of search, first, and of recommendation."""
        hits = self.post("search", {"text": item_id, "n": 1})["items"]
        only = self.post("recommend", {"filters": {"only": [item_id]}})["items"]
        return [x["item_id"] for x in hits] == [x["item_id"] for x in only] == [item_id]


def events(http: httpx.Client, name: str) -> list[str]:
    """Send three events; the ids of those that were accepted."""
    rows = [
        {"user_id": "u", "item_id": "item-1", "event": "view", "event_id": f"{name}-{row}"}
        for row in range(3)
    ]
    outcomes = http.post(f"/v1/{NAME}/events", json={"events": rows}).json()["rows"]
    return [row["event_id"] for row in outcomes if row["status"] == "accepted"]


def item(http: httpx.Client, name: str) -> str:
    """Send an item whose title is a word of its own, no typing error away from another; its id."""
    word = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
    body = {"items": [{"item_id": word, "title": word}]}
    http.post(f"/v1/{NAME}/items", json=body).raise_for_status()
    return word


def judge(lives: Lives, kills: int) -> Killed:
    """Start once more and count what is there."""
    lives.start()
    missing = sum(not lives.found(item_id) for item_id in lives.items)
    again: Counter[str] = Counter()
    for start in range(0, len(lives.events), 1_000):
        some = lives.events[start : start + 1_000]
        rows = [{"user_id": "u", "item_id": "item-1", "event": "view", "event_id": e} for e in some]
        again.update(row["status"] for row in lives.post("events", {"events": rows})["rows"])
    lives.end()
    return log_of(lives, kills, missing, len(lives.events) - again["duplicate"])


def log_of(lives: Lives, kills: int, missing: int, unknown: int) -> Killed:
    """The figures, with the log itself read in this process."""
    from prismrec.collection import Collection

    with Collection.open(lives.path) as shop:
        log = shop.store.events.since(0, 10**9)
        faults = shop.store.check()
    keys = Counter(log["event_id"].to_list())
    if log["seq"].to_list() != list(range(1, len(log) + 1)):
        faults.append("the numbers of the events have gaps")
    lost = len(set(lives.events) - set(keys))
    return Killed(
        kills=kills,
        events_acknowledged=len(lives.events),
        events_stored=len(log),
        events_lost=max(lost, unknown),
        events_doubled=sum(count - 1 for count in keys.values()),
        items_acknowledged=len(lives.items),
        items_not_found=missing,
        file_faults=faults,
        restart_seconds=round(sorted(lives.starts)[len(lives.starts) // 2], 2),
    )


def marketplace(folder: Path) -> Path:
    """A small fitted collection, its texts read by TF-IDF so that it starts quickly."""
    import prismrec as pr
    from prismrec.config import Settings
    from prismrec.evaluation.simulator import SimulatorSettings, simulate

    simulate(SimulatorSettings(items=60, users=25, events=700), seed=1).write(folder / "data")
    plain = Settings()
    settings = replace(
        plain,
        language=replace(plain.language, encoder="tfidf", tfidf_dimension=16, hub=False),
        models=replace(plain.models, experts=("popularity", "item_knn", "text_knn")),
    )
    pr.fit(folder / "data", folder / f"{NAME}.prism", settings=settings).close()
    return folder / f"{NAME}.prism"


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0 when nothing was lost, doubled or not found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        lives = Lives(marketplace(Path(folder)), asked.writers)
        for life in range(asked.kills):
            lives.start()
            lives.kill(life, rng.uniform(0, 0.5))
            print(f"\rkilled {life + 1} of {asked.kills}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        found = judge(lives, asked.kills)
    if asked.json:
        print(json.dumps(asdict(found)))
    else:
        print("\n".join(f"{name:>20}  {value}" for name, value in asdict(found).items()))
    bad = found.events_lost or found.events_doubled or found.items_not_found or found.file_faults
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
