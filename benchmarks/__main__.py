"""Every figure of the README, anew: one JSON file a benchmark in `runs/`.

    python -m benchmarks [NAME ...]

Takes some hours on two idle cores. A benchmark that fails is named at the end. Peers, which
take hours of their own, are left to `prismrec bench accuracy`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EVERY = (
    "ingest",
    "vectors",
    "words",
    "accuracy --peers none",
    "encoder",
    "newcomers",
    "generative",
    "language_model",
    "zero_shot",
    "classify",
    "monitoring",
    "bank_answers",
    "explanations",
    "conversation",
    "injection",
    "chat_limits",
    "search_latency",
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
    for command in sys.argv[1:] or EVERY:
        name, *options = command.split()
        print(f"{name} -> {runs / name}.json", flush=True)
        with (runs / f"{name}.json").open("w") as out:
            done = subprocess.run(
                [sys.executable, "-m", f"benchmarks.{name}", *options, "--json"],
                stdout=out,
                check=False,
            )
        if done.returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all done")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
