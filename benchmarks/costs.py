"""What each expert costs to fit, beside what the plan of a time budget takes it for.

    python -m benchmarks.costs [--sets movielens-100k,...] [--experts ease,...] [--work 1] [--json]

Every expert of the default model is fitted on the training part of each set, with its validation;
then the mixture is weighed. Seconds are processor time of one thread. The networks are given
`--work` million predictions and never stop early, so that what they cost is what was ordered.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import generator
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.models.budget import counts_of, seconds_of, weighing_seconds
from prismrec.models.default import experts_for, facts_of, learner_by_name
from prismrec.models.mixture.fit import fit_mixture
from prismrec.threads import one_thread_each

__all__ = ["main"]

SHOWN = ("movielens-100k", "beauty", "movietweetings", "online-retail")
NEVER = 10_000
"""Rounds of patience that no training has."""


def main(argv: Sequence[str] | None = None) -> int:
    """One line an expert and set: seconds, and seconds as the plan has them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SHOWN))
    parser.add_argument("--experts", default="", help="comma-separated; none: the default's")
    parser.add_argument("--work", type=float, default=1.0)
    parser.add_argument("--cache", type=Path, help="keep encoded texts here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    for name in asked.sets.split(","):
        for row in costs(name, asked):
            print(json.dumps(row) if asked.json else line(row), flush=True)
    return 0


def costs(name: str, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each expert of one set, then one for the mixture's weights."""
    split, repeats = SETS[name]
    plan = Plan(split=split, repeats=repeats, seed=asked.seed, cache=asked.cache)
    exam = prepare(asked.data / name, plan, Settings()).exam
    facts = facts_of(exam.train, exam.rule.repeats)
    counts = counts_of(exam.train, exam.validation)
    settings = replace(Settings().models, work=asked.work, patience=NEVER)
    about = {"data": name, **counts}
    experts = {}
    for expert in asked.experts.split(",") if asked.experts else experts_for(facts):
        learner: Any = learner_by_name(expert, settings, repeats=exam.rule.repeats)
        if hasattr(learner, "patience"):
            learner = replace(learner, patience=NEVER)
        begun = time.process_time()
        rng = generator(asked.seed, "fit", expert)
        experts[expert] = learner.fit(exam.train, rng, validation=exam.validation)
        spent = time.process_time() - begun
        said = seconds_of(expert, counts, asked.work)
        yield {**about, "expert": expert, "seconds": spent, "planned": said}
    begun = time.process_time()
    rng = generator(asked.seed, "mix")
    fit_mixture(experts, exam.validation, exam.rule.repeats, rng)
    spent = time.process_time() - begun
    said = weighing_seconds(counts, len(experts))
    yield {**about, "expert": "(weights)", "seconds": spent, "planned": said}


def line(row: dict[str, Any]) -> str:
    """A row for people."""
    return (
        f"{row['data']:16} {row['expert']:12} {row['seconds']:8.1f} s, "
        f"planned {row['planned']:8.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
