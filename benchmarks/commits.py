"""Does an acknowledged event survive, and what does an acknowledgement cost?

    python -m benchmarks.commits [--kills 100] [--seconds 5] [--url sqlite:///...] [--json]

First a process appends batches from four threads and is killed with SIGKILL at a random moment, as
often as asked, on one and the same store; then the store is opened and every acknowledged event is
looked for. Then 1, 8 and 32 threads append single events side by side, and 1 thread batches of
growing size: events a second and the time until the acknowledgement.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prismrec.core import Event
from prismrec.store import Store, open_store


@dataclass(frozen=True)
class Kills:
    """What the killed process had acknowledged, and what was found afterwards."""

    kills: int
    acknowledged: int
    stored: int
    lost: int
    doubled: int


@dataclass(frozen=True)
class Speed:
    """Appending for a while: `batch` events a call from `writers` threads."""

    writers: int
    batch: int
    events_per_second: float
    p50_ms: float
    p99_ms: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--url", default="", help="a store to use; by default a temporary SQLite")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=int, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.child is not None:
        append_for_ever(options.url, options.child)
    with tempfile.TemporaryDirectory(prefix="durability-") as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'store.db'}"
        killed = kill_often(url, options.kills, options.seed)
        speeds = [
            measure(url, writers, batch, options.seconds)
            for writers, batch in ((1, 1), (8, 1), (32, 1), (1, 100), (1, 1000))
        ]
    report(killed, speeds, options.json)
    return 0 if killed.lost == killed.doubled == 0 else 1


def kill_often(url: str, kills: int, seed: int) -> Kills:
    """Kill a process that appends, `kills` times, then count what is there."""
    rng = random.Random(seed)
    acknowledged: list[str] = []
    for run in range(kills):
        acknowledged += one_kill(url, run, rng.uniform(0, 0.5))
        print(f"\rkilled {run + 1} of {kills}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    with open_store(url, "durability") as store:
        keys = store.events.since(0, 10**9)["event_id"].to_list()
    lost = set(acknowledged) - set(keys)
    doubled = len(keys) - len(set(keys)) + len(acknowledged) - len(set(acknowledged))
    return Kills(kills, len(acknowledged), len(keys), len(lost), doubled)


def one_kill(url: str, run: int, seconds: float) -> list[str]:
    """The event ids that a process acknowledged before it was killed."""
    command = [sys.executable, __file__, "--child", str(run), "--url", url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()  # so that it is killed while it writes, not while it starts
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    lines = (first + process.stdout.read()).splitlines(keepends=True)
    process.wait()
    return [key for line in lines if line.endswith("\n") for key in line.split()]


def append_for_ever(url: str, run: int) -> None:
    """Append from four threads and print what was acknowledged, until killed."""
    store = open_store(url, "durability")

    def work(name: int) -> None:
        for number in range(10**9):
            keys = [f"{run}-{name}-{number}-{row}" for row in range(5)]
            outcomes = store.events.append([event(name, number, key) for key in keys], 1)
            line = " ".join(o.event_id for o in outcomes if o.status == "accepted")
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(url: str, writers: int, batch: int, seconds: float) -> Speed:
    """Append side by side for some seconds, each event with an id of its own."""
    waits: list[float] = []
    with open_store(url, f"speed-{writers}-{batch}") as store:
        began = time.perf_counter()
        until = began + seconds
        threads = [
            threading.Thread(target=append_until, args=(store, name, batch, until, waits))
            for name in range(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
    waits.sort()
    middle, tail = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    return Speed(
        writers,
        batch,
        round(len(waits) * batch / took, 1),
        round(1e3 * middle, 2),
        round(1e3 * tail, 2),
    )


def append_until(store: Store, name: int, batch: int, until: float, waits: list[float]) -> None:
    """Append batches and note how long each acknowledgement took, in seconds."""
    number = 0
    while time.perf_counter() < until:
        rows = [event(name, number, f"{name}-{number}-{row}") for row in range(batch)]
        began = time.perf_counter()
        store.events.append(rows, 1)
        waits.append(time.perf_counter() - began)
        number += 1


def event(name: int, number: int, key: str) -> Event:
    """One event of the writer `name`."""
    return Event(f"item{number}", "view", user_id=f"user{name}", timestamp=number, event_id=key)


def report(killed: Kills, speeds: Sequence[Speed], as_json: bool) -> None:
    """Print the figures for machines or for people."""
    if as_json:
        print(json.dumps({"kill": asdict(killed), "speed": [asdict(speed) for speed in speeds]}))
        return
    print(
        f"{killed.kills} kills: {killed.acknowledged} acknowledged, {killed.stored} stored, "
        f"{killed.lost} lost, {killed.doubled} doubled"
    )
    for speed in speeds:
        print(
            f"{speed.writers:3} writers x {speed.batch:4} events: "
            f"{speed.events_per_second:9.1f} events/s, acknowledged after "
            f"{speed.p50_ms:.2f} ms (p50), {speed.p99_ms:.2f} ms (p99)"
        )


if __name__ == "__main__":
    sys.exit(main())
