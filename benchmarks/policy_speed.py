"""What a policy costs: decisions a second in batches, and what it adds to one request.

    python -m benchmarks.policy_speed [--features 8] [--json]

Drawn candidates, 100 a request, all of them in the shortlist; a policy that learns has learned from
2,000 slates of ten. A decision chooses one item with its propensity; a slate of ten is told beside
it. Times are CPU times of one thread, so that other work on the machine changes them little.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from prismrec.core import Candidates, Exposure, QueryBatch, generator
from prismrec.exploration import (
    Bootstrap,
    EpsilonGreedy,
    Greedy,
    Learned,
    LearnedSettings,
    LearningPolicy,
    LinUCB,
    PlackettLuce,
    Price,
    Priced,
    RegCB,
    SequentialPolicy,
    SquareCB,
    Thompson,
)
from prismrec.exploration.bandits import Rule

ITEMS, M, BATCH, ROUNDS, SINGLE = 10_000, 100, 500, 20, 1_000


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--features", type=int, default=8, help="how many numbers a candidate has")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    with threadpool_limits(limits=1):
        rows = [measured(name, policy, asked.features) for name, policy in policies(asked.features)]
    print(json.dumps({"benchmark": "policy_speed", "rows": rows}) if asked.json else table(rows))
    return 0


def policies(d: int) -> list[tuple[str, SequentialPolicy]]:
    """Every policy, those that learn after 2,000 slates."""
    rules: list[Rule] = [LinUCB(), Thompson(), Bootstrap(), SquareCB(), RegCB()]
    learning = [LearningPolicy(taught(rule, d), M) for rule in rules]
    plain: list[SequentialPolicy] = [Greedy(), EpsilonGreedy(0.1, M), PlackettLuce(1.0, M)]
    priced = Priced(learning[1], Price(0.5, 1, 0.05))
    named = [(policy.name, policy) for policy in (*plain, *learning)]
    return [*named, ("thompson, priced", priced)]


def taught(rule: Rule, d: int) -> Learned:
    """What the rule learned from 2,000 slates of ten, of which one item in ten earns."""
    rng, names = generator(0, "speed", "log"), tuple(map(str, range(d)))
    learned = Learned(rule, LearnedSettings(features=names), int)
    shown = []
    for number in range(2_000):
        chosen = tuple(map(str, rng.choice(ITEMS, 10, replace=False)))
        x = rng.normal(size=(d, 10)).round(4)
        told = {name: tuple(row.tolist()) for name, row in zip(names, x, strict=True)}
        scores, chances = (0.0,) * 10, (0.1,) * 10
        shown.append(
            Exposure(
                str(number), 0, 1, "any", "1", 0, chosen, scores, chosen, chances, features=told
            )
        )
    learned.update(shown, (rng.random((2_000, 10)) < 0.1).astype(float))
    return learned


def candidates(rng: np.random.Generator, rows: int, d: int) -> Candidates:
    """Requests with 100 candidates each, best first."""
    positions = rng.integers(0, ITEMS, (rows, M)).astype(np.int32)
    scores = np.sort(rng.normal(size=(rows, M)).astype(np.float32), axis=1)[:, ::-1]
    x = rng.normal(size=(rows, M, d)).astype(np.float32)
    names = tuple(map(str, range(d)))
    return Candidates(positions, scores, features=x, feature_names=names)


def measured(name: str, policy: SequentialPolicy, d: int) -> dict[str, Any]:
    """One line of the table."""
    rng = generator(0, "speed", name)
    batch, queries = candidates(rng, BATCH, d), QueryBatch.of([[]] * BATCH)
    one, alone = candidates(rng, 1, d), QueryBatch.of([[]])
    policy.choose(queries, batch, 1, rng)
    times = [seconds(lambda: policy.choose(queries, batch, 1, rng)) for _ in range(ROUNDS)]
    single = [seconds(lambda: policy.choose(alone, one, 1, rng)) for _ in range(SINGLE)]
    slate = [seconds(lambda: policy.choose(alone, one, 10, rng)) for _ in range(SINGLE)]
    return {
        "policy": name,
        "decisions_per_second": round(BATCH / float(np.median(times))),
        "one_ms_p50": round(float(np.percentile(single, 50)) * 1e3, 3),
        "one_ms_p99": round(float(np.percentile(single, 99)) * 1e3, 3),
        "slate_ms_p50": round(float(np.percentile(slate, 50)) * 1e3, 3),
        "slate_ms_p99": round(float(np.percentile(slate, 99)) * 1e3, 3),
    }


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this thread that `work` takes."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(str(r[n]) for n in names) + " |" for r in rows)])


if __name__ == "__main__":
    sys.exit(main())
