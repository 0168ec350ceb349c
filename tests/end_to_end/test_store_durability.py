"""An acknowledged event survives: killed processes, and the order of system calls."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prismrec.store import open_store

CHILD = """
import sys, threading
from prismrec.core import Event
from prismrec.store import database, open_store

folder, run, threads, batches, synchronous = sys.argv[1:]
database.PRAGMAS["synchronous"] = synchronous
store = open_store(f"sqlite:///{folder}/store.db", "shop")
print("ready", flush=True)

def work(name):
    for number in range(int(batches)):
        keys = [f"{run}-{name}-{number}-{row}" for row in range(3)]
        batch = [Event("item", "view", user_id=f"u{name}", timestamp=number, event_id=key)
                 for key in keys]
        outcomes = store.events.append(batch, 1)
        line = " ".join(o.event_id for o in outcomes if o.status == "accepted")
        sys.stdout.write("ack " + line + "\\n")
        sys.stdout.flush()

workers = [threading.Thread(target=work, args=(name,)) for name in range(int(threads))]
[w.start() for w in workers]
[w.join() for w in workers]
store.close()
"""


def child(folder: Path, run: int, threads: int, batches: int, synchronous: str) -> list[str]:
    words = (folder, run, threads, batches, synchronous)
    return [sys.executable, "-c", CHILD, *map(str, words)]


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    rng = random.Random(7)
    acknowledged: list[str] = []
    for run in range(10):
        command = child(tmp_path, run, 4, 10**6, "FULL")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        acknowledged += process.stdout.readline().split()[1:]  # it is writing now
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        whole = [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        acknowledged += [key for line in whole for key in line.split()[1:]]
        assert process.wait() == -signal.SIGKILL
    with open_store(f"sqlite:///{tmp_path}/store.db", "shop") as store:
        stored = store.events.since(0, 10**9)
        assert store.check() == []
        by_person = [len(store.events.history(f"u{name}", 10**6)) for name in range(4)]
    keys = stored["event_id"].to_list()
    assert len(acknowledged) >= 30
    assert len(set(acknowledged)) == len(acknowledged)
    assert len(set(keys)) == len(keys)
    assert set(acknowledged) <= set(keys)
    assert stored["seq"].to_list() == list(range(1, len(keys) + 1))
    assert sum(by_person) == len(keys)


def unsynced_acknowledgements(trace: str) -> tuple[int, int]:
    """How many acknowledgements a trace of system calls has, and how many of them were written
    while the database held bytes that had not been synced since."""
    dirty, acks, bad = False, 0, 0
    for line in trace.splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*store\.db>", line):
            dirty = True
        elif re.search(r"f(data)?sync\(\d+<[^>]*store\.db>", line):
            dirty = False
        elif re.search(r'write\(1<[^>]*>, "ack ', line):
            acks += 1
            bad += dirty
    return acks, bad


@pytest.mark.slow
@pytest.mark.parametrize(("synchronous", "sound"), [("FULL", True), ("OFF", False)])
def test_the_disk_is_synced_before_the_acknowledgement(
    tmp_path: Path, synchronous: str, sound: bool
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (Debian: apt-get install strace)")
    calls = "trace=pwrite64,write,fsync,fdatasync"
    strace = ["strace", "-f", "-y", "-s", "16", "-e", calls, "-o", str(tmp_path / "trace")]
    command = [*strace, *child(tmp_path, 0, 1, 10, synchronous)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode and "PTRACE" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    acks, bad = unsynced_acknowledgements((tmp_path / "trace").read_text())
    assert acks == 10
    assert (bad == 0) is sound
