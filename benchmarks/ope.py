"""Off-policy evaluation: beside obp, on Open Bandit's logs, and on problems of known value.

    python -m benchmarks.ope DATA [--runs 30] [--problems 1000] [--seed 0] [--folder runs/ope]

DATA is the folder `open-bandit` with `random-men` and `bts-men`. Three tables:

- the same estimators on the same made-up log with the same reward model, ours beside obp 0.4.1,
  which lives in an environment of its own: the largest difference;
- what Thompson sampling would have earned, from the uniform random log, and the other way round:
  the mean relative error over `--runs` resamples of the log, the truth being what the other log
  earned. Ours tune themselves; obp's switching and shrinking have a setting, of which its default
  and the best in hindsight are shown. The reward model of obp is a logistic regression on its
  features of people and items, in three folds, as in its examples;
- how often 95% intervals hold the value of `--problems` synthetic problems (`ope_worlds`). Of the
  sequence, every bound at every time must hold.

Nothing here was tuned on the seeds it reports; trials used seeds from 1000 on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ope_peer import Oracle, answered, ours, task
from benchmarks.ope_worlds import Problem, problem
from prismrec.core.arrays import Floats
from prismrec.exploration.estimators import importance_weights
from prismrec.exploration.intervals import value_sequence
from prismrec.exploration.logs import read_log
from prismrec.exploration.ope import evaluate_log

__all__ = ["main"]

DEFAULTS = ("ips", "snips", "dm", "dr", "sndr", "switch-dr tau=1")
WAYS = {"random": ("bts", "random -> Thompson"), "bts": ("random", "Thompson -> random")}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, or one JSON document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("runs/ope"))
    for name, size in (("runs", 30), ("problems", 1000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    found = beside_obp(asked.data, range(asked.seed, asked.seed + asked.runs), asked.folder)
    found["coverage"] = coverage(asked.problems, asked.seed)
    print(json.dumps(found, indent=1) if asked.json else text(found))
    return 0


def beside_obp(data: Path, seeds: range, folder: Path) -> dict[str, Any]:
    """`differences` by estimator on one log, and `errors` by way, side and estimator."""
    oracle = Oracle.of(0)
    task(data, seeds, folder, oracle)
    answer = answered(folder, folder / "environment")
    differences = {
        name: abs(value - answer["oracle"][name]) for name, value in oracle.ours().items()
    }
    thompson = np.load(folder / "target.npy", allow_pickle=False)
    targets = {"random": thompson, "bts": np.full_like(thompson, 1.0 / len(thompson))}
    errors: dict[str, Any] = {}
    for log, (other, way) in WAYS.items():
        truth = float(read_log(data / f"{other}-men" / "log.parquet").rewards.mean())
        mine = ours(data, log, targets[log], seeds)
        errors[way] = {
            "truth": truth,
            "prismrec": relative_errors(mine, truth),
            "obp": relative_errors(answer[log], truth),
        }
    return {"differences": differences, "errors": errors}


def relative_errors(runs: Sequence[dict[str, float]], truth: float) -> dict[str, float]:
    """Mean over the runs of |estimate - truth| / truth, by estimator."""
    return {
        name: float(np.mean([abs(run[name] - truth) / truth for run in runs])) for name in runs[0]
    }


def coverage(problems: int, seed: int) -> dict[str, dict[str, float]]:
    """By estimator: how often its interval holds the value, how wide it is, and the root mean
    square of its relative error."""
    seen: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for number in range(problems):
        made = problem(np.random.default_rng([seed, number]))
        report = evaluate_log(made.log, made.target, seed=number)
        intervals = {e.name: (*e.interval, e.value) for e in report.estimates}
        middle = sum(report.bernstein) / 2
        intervals["empirical Bernstein"] = (*report.bernstein, middle)
        for name, (low, high, value) in intervals.items():
            off = value / made.value - 1.0
            seen[name].append((low <= made.value <= high, high - low, off**2))
        lower, upper = sequence(made)
        held = bool(np.all((lower <= made.value) & (made.value <= upper)))
        middle = float(lower[-1] + upper[-1]) / 2
        width = float(upper[-1] - lower[-1])
        seen["confidence sequence"].append((held, width, (middle / made.value - 1.0) ** 2))
    means = {name: np.mean(rows, axis=0) for name, rows in seen.items()}
    return {
        name: {"coverage": float(c), "width": float(w), "error": float(np.sqrt(e))}
        for name, (c, w, e) in means.items()
    }


def sequence(made: Problem) -> tuple[Floats, Floats]:
    """The bounds after every round of the problem's log."""
    log = made.log
    weights = importance_weights(made.target[log.strata, log.actions], log.propensities)
    return value_sequence(log.rewards[:, None], weights[:, None], (0.0, 1.0))


def text(found: dict[str, Any]) -> str:
    """The tables for people."""
    lines = ["difference from obp on one log with one reward model"]
    lines += [f"  {name:20} {gap:.1e}" for name, gap in found["differences"].items()]
    for way, errors in found["errors"].items():
        lines.append(f"{way}: mean relative error; the other log earned {errors['truth']:.4f}")
        lines += [f"  prismrec {name:20} {e:.3f}" for name, e in errors["prismrec"].items()]
        lines += [f"  obp      {name:20} {e:.3f}" for name, e in errors["obp"].items()]
        at_defaults = min(errors["obp"][name] for name in DEFAULTS)
        lines.append(
            f"  best: prismrec {min(errors['prismrec'].values()):.3f}, obp as it comes "
            f"{at_defaults:.3f}, with its settings chosen in hindsight "
            f"{min(errors['obp'].values()):.3f}"
        )
    lines.append("95% intervals on problems of known value: coverage, width, error of the estimate")
    for name, row in found["coverage"].items():
        lines.append(f"  {name:20} {row['coverage']:.3f}  {row['width']:.4f}  {row['error']:.4f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
