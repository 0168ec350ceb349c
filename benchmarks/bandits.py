"""Policies that learn against Vowpal Wabbit and MABWiser, by regret on five bandit problems.

    python -m benchmarks.bandits [--out runs/bandits] [--seeds 20] [--only linear,drifting] [--json]

Every player sees the same rounds of a problem and the reward of its own choice alone. Told is the
mean regret over the seeds with a 95% interval (normal): the expected reward of the best candidates
less that of the chosen ones, summed over all rounds. `behind` is by how much a player's regret is
above that of our chosen rule in the same seed, the mean with its interval. Rules, beliefs and the
peers' products of features were chosen on seeds 101 to 116; seeds from 1 on are reported. Sizes:
linear and nonlinear 500 rounds of 10 out of 30 items, drifting 1,000 rounds of 10 out of 20,
banking77 600 rounds of 77, movielens-100k 500 rounds of 5 out of 60. The peers live in an
environment of their own, which is made at first use.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.bandit_players import Player, play
from benchmarks.bandit_problems import PROBLEMS
from benchmarks.peers.environment import environment
from prismrec.core import PrismError
from prismrec.exploration import BeliefSettings, LinUCB, SquareCB, Thompson
from prismrec.exploration.bandits import Rule

REQUIREMENTS = Path(__file__).parent / "peers" / "requirements-bandits.txt"
SOURCE = Path(__file__).parents[1]
RULES: dict[str, Rule] = {
    "linucb 0.1": LinUCB(0.1),
    "linucb 0.3": LinUCB(0.3),
    "thompson 0.1": Thompson(0.1),
    "squarecb 300": SquareCB(300.0),
}
CHOSEN = {
    "linear": "linucb 0.1",
    "nonlinear": "squarecb 300",
    "drifting": "linucb 0.3",
    "banking77": "linucb 0.3",
    "movielens-100k": "linucb 0.1",
}
"""Our best rule on the seeds that are not reported."""
BELIEFS = {
    "linear": (BeliefSettings(own_ridge=10.0), "outer"),
    "nonlinear": (BeliefSettings(ridge=0.3, own_ridge=3.0), "quadratic"),
    "drifting": (BeliefSettings(own_ridge=10.0, keep=0.99), "outer"),
    "banking77": (BeliefSettings(ridge=0.3, own_ridge=3.0), "match"),
    "movielens-100k": (BeliefSettings(own_ridge=3.0), "match"),
}
CROSSED = {
    "linear": "-q qa",
    "nonlinear": "-q qa -q aa -q qq",
    "drifting": "-q qa",
    "banking77": "-q qi",
    "movielens-100k": "-q qa",
}
"""Which namespaces Vowpal Wabbit multiplies; `qi` gives every item weights of its own."""
WABBITS = (
    "--squarecb --gamma_scale 100",
    "--squarecb --gamma_scale 1000",
    "--cover 4 --nounif",
    "--bag 5",
    "--first 100",
    "--epsilon 0.05",
    "--regcbopt --mellowness 0.001",
    "--cover 4 --nounif --power_t 0 -l 0.1",
)
OTHERS = ("mabwiser: LinUCB 0.3", "mabwiser: LinTS 0.1", "mabwiser: EpsilonGreedy 0.1")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/bandits"), help="working folder")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds, from 1 on")
    parser.add_argument("--only", default=",".join(PROBLEMS), help="problems, comma-separated")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    python = environment(asked.out / "environment", REQUIREMENTS)
    rows: list[dict[str, Any]] = []
    with threadpool_limits(limits=1):
        for name in asked.only.split(","):
            seeds = list(range(1, asked.seeds + 1))
            regrets = ours(name, seeds) | theirs(name, seeds, asked.out / name, python)
            against = regrets[f"prismrec: {CHOSEN[name]}"]
            rows += [row_of(name, who, found, against) for who, found in regrets.items()]
            print(table([row for row in rows if row["problem"] == name]), file=sys.stderr)
    print(json.dumps({"benchmark": "bandits", "rows": rows}) if asked.json else table(rows))
    return 0


def ours(name: str, seeds: Sequence[int]) -> dict[str, list[float]]:
    """The regret of every rule of ours, by seed."""
    belief, lens = BELIEFS[name]
    regrets: dict[str, list[float]] = {rule: [] for rule in RULES}
    began = time.process_time()
    for seed in seeds:
        problem = PROBLEMS[name](seed)
        for label, rule in RULES.items():
            found = play(problem, Player(rule, belief, lens), seed)
            regrets[label].append(float(found.sum()))
    print(f"{name}: {time.process_time() - began:.0f} s of ours", file=sys.stderr)
    return {f"prismrec: {label}": found for label, found in regrets.items()}


def theirs(name: str, seeds: Sequence[int], folder: Path, python: Path) -> dict[str, list[float]]:
    """The regret of every peer, by seed; an answer to the same task is taken again."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = hashlib.sha256()
    for seed in seeds:
        problem = PROBLEMS[name](seed)
        np.savez(folder / f"{seed}.npz", allow_pickle=False, **vars(problem))
        seen.update(problem.rewards.tobytes() + problem.queries.tobytes())
    players = [*(f"vw: {options} {CROSSED[name]}" for options in WABBITS), *OTHERS]
    task = {"seeds": list(seeds), "players": players, "problems": seen.hexdigest()}
    if answered(folder, task):
        return dict(json.loads((folder / "regret.json").read_text()))
    (folder / "regret.json").unlink(missing_ok=True)
    (folder / "task.json").write_text(json.dumps(task))
    command = [str(python.absolute()), "-m", "benchmarks.peers.bandit_players"]
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(
            [*command, str(folder.resolve())],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode:
        raise PrismError(f"The peers failed on {name}.", hint=f"See {folder / 'log.txt'}.")
    found: dict[str, list[float]] = json.loads((folder / "regret.json").read_text())
    return found


def answered(folder: Path, task: dict[str, Any]) -> bool:
    """Whether the folder holds the peers' answer to this task."""
    if not (folder / "regret.json").is_file():
        return False
    return bool(json.loads((folder / "task.json").read_text()) == task)


def row_of(
    name: str, player: str, regrets: Sequence[float], against: Sequence[float]
) -> dict[str, Any]:
    """One line of the table."""
    return {
        "problem": name,
        "player": player,
        "regret": interval(regrets),
        "behind": interval(np.subtract(regrets, against).tolist()),
        "seeds": len(regrets),
    }


def interval(values: Sequence[float]) -> str:
    """The mean, and its 95% interval."""
    mean, n = float(np.mean(values)), len(values)
    half = 1.96 * float(np.std(values, ddof=1)) / n**0.5 if n > 1 else float("nan")
    return f"{mean:.1f} ({mean - half:.1f} to {mean + half:.1f})"


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = ["problem", "player", "regret", "behind", "seeds"]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(str(r[n]) for n in names) + " |" for r in rows)])


if __name__ == "__main__":
    sys.exit(main())
