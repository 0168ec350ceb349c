"""What LightGCN gains from knowledge: what items have (brand, category) as nodes of its graph.

    python -m benchmarks.knowledge [DATA] [--sets beauty,movielens-100k] [--weights 0,0.2,0.5]
                                   [--work 0.75] [--seed 0]

nDCG@10 of at most 4,000 validation cases, on which the half-life was chosen and training stopped,
so that figures are a little high, with and without alike; no test case is looked at. Differences
are from the first of `--weights`, with intervals of 95% that resample people. The second figure is
of the rare targets: those with at most five training events.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import generator
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.significance import pooled, totals
from prismrec.models.graph.lightgcn import LightGCN
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import one_thread_each

__all__ = ["main"]

CASES = 4000
RARE = 5


def main(argv: Sequence[str] | None = None) -> int:
    """One row a set and weight of the edges of knowledge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default="beauty,movielens-100k")
    parser.add_argument("--weights", default="0,0.2,0.5")
    parser.add_argument("--work", type=float, default=0.75)
    parser.add_argument("--cache", type=Path, help="keep encoded texts here")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    one_thread_each()
    for name in asked.sets.split(","):
        compare(name, asked)
    return 0


def compare(name: str, asked: argparse.Namespace) -> None:
    """The rows of one set."""
    split, repeats = SETS[name]
    plan = Plan(split=split, repeats=repeats, seed=asked.seed, cache=asked.cache)
    exam = prepare(asked.data / name, plan, Settings()).exam
    if exam.validation is None:
        raise SystemExit(f"{name} has no validation cases")
    cases = sampled(exam.validation, CASES, generator(asked.seed, "knowledge", name))
    counts = np.bincount(exam.train.positives.items, minlength=exam.train.n_items)
    rare = counts[cases.targets] <= RARE
    first = None
    for weight in map(float, asked.weights.split(",")):
        begun = time.process_time()
        learner = LightGCN(knowledge=weight, work=asked.work)
        rng = generator(asked.seed, "fit", "lightgcn")
        scorer = learner.fit(exam.train, rng, validation=exam.validation)
        seconds = time.process_time() - begun
        values = ndcg_of(scorer, cases, exam.rule.repeats)
        told = f"{name:16} {weight:4.1f} {values.mean():.4f}, rare {values[rare].mean():.4f}"
        if first is None:
            first = values
        else:
            gap = totals(values - first, cases.clusters)
            found = pooled([gap], generator(asked.seed, "gain", name, str(weight)))
            told += f"; {found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
        print(f"{told}  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
