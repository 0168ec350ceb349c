"""Every figure of the README, anew: one JSON file a benchmark in `runs/`.

    python -m benchmarks [NAME ...]

Takes about an hour on two idle cores. A benchmark that fails is named at the end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EVERY = (
    "ingest",
    "vectors",
    "words",
    "accuracy",
    "encoder",
    "serve",
    "commits",
    "durability",
    "fuzz",
)


def main() -> int:
    """Run the benchmarks named on the command line, or every one."""
    runs = Path("runs")
    runs.mkdir(exist_ok=True)
    failed = []
    for name in sys.argv[1:] or EVERY:
        print(f"{name} -> {runs / name}.json", flush=True)
        with (runs / f"{name}.json").open("w") as out:
            done = subprocess.run(
                [sys.executable, "-m", f"benchmarks.{name}", "--json"], stdout=out, check=False
            )
        if done.returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all done")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
