"""How good is a slate for someone of whom little is known yet?

    python -m benchmarks.few_events [--data movielens-100k] [--models default,popularity]
                                    [--events 0,1,2,5] [--seed 0]

The same test cases, asked with only the last events of each history: none, one, two, five, all.
What the rest of the history holds still does not come out: every figure is of the same question.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, Scorer, generator
from prismrec.core.arrays import Floats
from prismrec.core.metrics import ndcg
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.ranks import HistoryFilter, rank_batch
from prismrec.models.default import learner_by_name
from prismrec.threads import every_core, side_by_side

__all__ = ["main"]

CHUNK = 128


def main(argv: Sequence[str] | None = None) -> int:
    """One row a model, one column a number of events."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="movielens-100k")
    parser.add_argument("--models", default="default,popularity")
    parser.add_argument("--events", default="0,1,2,5")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    split, repeats = SETS[asked.data]
    known = [*map(int, asked.events.split(",")), None]
    with every_core():
        plan = Plan(split=split, repeats=repeats, seed=asked.seed)
        exam = prepare(data_folder() / asked.data, plan, Settings()).exam
        print(f"{asked.data}, nDCG@10 of {len(exam.test)} cases, by events of the history that are")
        print("read:" + "".join(f"{'all' if n is None else n:>8}" for n in known))
        for name in asked.models.split(","):
            learner = learner_by_name(name, repeats=exam.rule.repeats)
            rng = generator(asked.seed, "fit", name)
            scorer = learner.fit(exam.train, rng, validation=exam.validation)
            values = [figures(scorer, exam.test, n, exam.rule).mean() for n in known]
            print(f"{name:12}" + "".join(f"{value:8.4f}" for value in values), flush=True)
    return 0


def figures(scorer: Scorer, cases: Cases, events: int | None, rule: HistoryFilter) -> Floats:
    """nDCG@10 of each case where the model reads the last `events` (`None`: all) alone."""

    def block(start: int) -> Floats:
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        queries = part.queries
        if events is not None:
            queries = replace(queries, histories=queries.histories.last(events))
        ranks = rank_batch(np.array(scorer.score(queries)), part, k=10, rule=rule).ranks
        return ndcg(ranks, 10)

    return np.concatenate(list(side_by_side(block, range(0, len(cases), CHUNK))))


if __name__ == "__main__":
    sys.exit(main())
