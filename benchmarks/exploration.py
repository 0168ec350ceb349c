"""All of exploration beside its peers: estimators, policies that learn, the gate, speed.

    python -m benchmarks.exploration [--folder runs/exploration] [--json]

One after the other, each with its own settings: `benchmarks.ope` (obp), `benchmarks.bandits`
(Vowpal Wabbit, MABWiser), `benchmarks.gate` and `benchmarks.policy_speed`. What each measures
stands at its head. What exploring earns in the simulated marketplace takes longer and is a command
of its own, `benchmarks.marketplace`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from benchmarks import bandits, gate, ope, policy_speed
from benchmarks.places import data_folder

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run them all; print their tables, or one JSON document with what each printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/exploration"))
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    found = {}
    for name, run, words in parts(asked.folder):
        if asked.json:
            found[name] = json.loads(printed(run, [*words, "--json"]))
        else:
            print(f"\n## {name}\n", flush=True)
            run(words)
    if asked.json:
        print(json.dumps({"benchmark": "exploration", **found}))
    return 0


Run = Callable[[Sequence[str]], int]


def parts(folder: Path) -> list[tuple[str, Run, list[str]]]:
    """The benchmarks with the words they are run with."""
    logs = str(data_folder() / "open-bandit")
    return [
        ("ope", ope.main, [logs, "--folder", str(folder / "ope")]),
        ("bandits", bandits.main, ["--out", str(folder / "bandits")]),
        ("gate", gate.main, []),
        ("policy_speed", policy_speed.main, []),
    ]


def printed(run: Run, words: Sequence[str]) -> str:
    """What a benchmark printed."""
    out = StringIO()
    with redirect_stdout(out):
        run(words)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
