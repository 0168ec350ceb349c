"""Train one peer and answer its test cases: runs in the peers' environment.

    python -m benchmarks.peers.worker FOLDER

FOLDER holds the task that `exchange.export` wrote; `lists.npy` and `answer.json` come beside it.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import resource
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.peers.task import Answer, Task, read_task

PEERS = {
    "rectools-sasrec": "rectools_models:sasrec",
    "rectools-esasrec": "rectools_models:esasrec",
    "rectools-bert4rec": "rectools_models:bert4rec",
    "implicit-als": "implicit_models:als",
    "popular": "counting:most_popular",
}
"""The peers, and the function that trains and asks each; `popular` proves the exchange."""
LIBRARIES = ("rectools", "torch", "pytorch-lightning", "pm-implicit", "implicit", "numpy")


def main(folder: Path) -> None:
    """Do the task in `folder`."""
    task = read_task(folder)
    bound_threads(int(task.plan["threads"]))
    module, _, name = PEERS[task.plan["peer"]].partition(":")
    answer: Answer = getattr(importlib.import_module(f"benchmarks.peers.{module}"), name)(task)
    np.save(folder / "lists.npy", answer.lists.astype(np.int32), allow_pickle=False)
    (folder / "answer.json").write_text(json.dumps(told(task, answer), indent=1))


def bound_threads(threads: int) -> None:
    """Every library on this many threads."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def told(task: Task, answer: Answer) -> dict[str, object]:
    """What it took, for the table."""
    return {
        "peer": task.plan["peer"],
        "fit_seconds": answer.fit_seconds,
        "rank_seconds": answer.rank_seconds,
        "converged": answer.converged,
        "settings": answer.settings,
        "curve": answer.curve,
        "peak_mib": peak_mib(),
        "python": platform.python_version(),
        "versions": versions(),
    }


def peak_mib() -> float:
    """The peak of resident memory. What `getrusage` tells counts the process that started this."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def versions() -> dict[str, str]:
    """The versions of the libraries that are there."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
