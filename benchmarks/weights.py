"""How well weights that a mixture learned on validation serve what comes later.

    python -m benchmarks.weights [DATA] [--sets beauty,...] [--cases 150,600,2000,6000] [--json]

The events of the test are taken away; what is left is divided as `evaluate` divides it, so that its
test is the usual validation and nothing of the real test is looked at. The experts of the default
model are fitted once for each set. For each number of validation cases, drawn at random three times
(once for all of them), the mixture chooses its weights, and both it and the expert that is best on
validation rank the whole catalogue for at most 4,000 later cases: nDCG@10, means of the draws.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, Scorer, generator
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.models.default import experts_for, facts_of, learner_by_name
from prismrec.models.mixture.fit import fit_mixture
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import one_thread_each

LATER = 4000
DRAWS = 3
TEST = 0.1
"""The share of the time that is the test of a temporal split."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each set and number of cases, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--cases", default="150,600,2000,6000")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in asked.sets.split(","):
            past = Path(temporary) / name
            earlier(asked.data / name, past, temporal=SETS[name][0] == "temporal")
            sizes = [int(n) for n in asked.cases.split(",")]
            for row in tried(name, past, sizes, asked.seed):
                rows.append(row)
                if not asked.json:
                    print(
                        f"{name:16} {row['cases']:6} cases  mixture {row['mixture']:.4f}  "
                        f"best expert ({row['best']}) {row['alone']:.4f}",
                        flush=True,
                    )
    if asked.json:
        print(json.dumps(rows))
    return 0


def earlier(data: Path, out: Path, *, temporal: bool) -> None:
    """Write the data without the events that are its test."""
    out.mkdir(parents=True, exist_ok=True)
    for table in data.glob("*.parquet"):
        if table.name != "events.parquet":
            (out / table.name).write_bytes(table.read_bytes())
    events = pl.read_parquet(data / "events.parquet")
    if temporal:
        first, last = events["timestamp"].min(), events["timestamp"].max()
        kept = events.filter(pl.col("timestamp") < last - TEST * (last - first))  # type: ignore[operator]
    else:
        ordered = events.with_row_index("row").sort("timestamp", "row")
        left = ordered.filter(pl.int_range(pl.len()).over("user_id") < pl.len().over("user_id") - 1)
        kept = left.sort("row").drop("row")
    kept.write_parquet(out / "events.parquet")


def tried(name: str, past: Path, sizes: Sequence[int], seed: int) -> Iterator[dict[str, Any]]:
    """A row for each number of validation cases."""
    split, repeats = SETS[name]
    plan = Plan(split=split, models=("default",), repeats=repeats, seed=seed, cache=past / "text")
    exam = prepare(past, plan, Settings()).exam
    if exam.validation is None:
        raise SystemExit(f"{name} has no validation cases")
    again = exam.rule.repeats
    experts = {
        expert: learner_by_name(expert, repeats=again).fit(
            exam.train, generator(seed, "fit", expert), validation=exam.validation
        )
        for expert in experts_for(facts_of(exam.train, again))
    }
    later = sampled(exam.test, LATER, generator(seed, "later", name))
    alone = {expert: quality(one, exam.validation, again) for expert, one in experts.items()}
    best = max(alone, key=lambda expert: alone[expert])
    reference = quality(experts[best], later, again)
    for size in sizes:
        found = []
        for draw in range(DRAWS if size < len(exam.validation) else 1):
            rng = generator(seed, "draw", name, str(size), str(draw))
            mixture = fit_mixture(experts, sampled(exam.validation, size, rng), again, rng)
            found.append(quality(mixture, later, again))
        mean = float(np.mean(found))
        yield {"data": name, "cases": size, "mixture": mean, "best": best, "alone": reference}


def quality(scorer: Scorer, cases: Cases, repeats: bool) -> float:
    """nDCG@10 of at most `LATER` of the cases."""
    asked = sampled(cases, LATER, generator(0, "quality"))
    return float(ndcg_of(scorer, asked, repeats).mean())


if __name__ == "__main__":
    sys.exit(main())
