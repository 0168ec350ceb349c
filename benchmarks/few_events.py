"""How good is a slate for someone of whom little is known yet?

    python -m benchmarks.few_events [--data movielens-100k] [--models default,popularity]
                                    [--without profile] [--events 0,1,2,5] [--seed 0]

The same test cases, asked with only the last events of each history: none, one, two, five, all.
What the rest of the history holds still does not come out: every figure is of the same question.
With `--without` the default model is fitted once more without some experts, and the difference that
they make is given with its interval of 95%, resampling people.
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
from prismrec.evaluation.run import Examination
from prismrec.evaluation.significance import pooled, totals
from prismrec.models.default import experts_for, facts_of, learner_by_name
from prismrec.models.settings import ModelSettings
from prismrec.threads import every_core, side_by_side

__all__ = ["main"]

CHUNK = 128


def main(argv: Sequence[str] | None = None) -> int:
    """One row a model, one column a number of events."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="movielens-100k")
    parser.add_argument("--models", default="default,popularity")
    parser.add_argument("--without", default="", help="experts, comma-separated")
    parser.add_argument("--events", default="0,1,2,5")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    split, repeats = SETS[asked.data]
    known = [*map(int, asked.events.split(",")), None]
    with every_core():
        plan = Plan(split=split, repeats=repeats, seed=asked.seed)
        exam = prepare(data_folder() / asked.data, plan, Settings()).exam
        print(f"{asked.data}, nDCG@10 of {len(exam.test)} cases, by events of the history that are")
        new = exam.test.queries.histories.lengths == 0
        print(f"read; `new` are the {new.sum()} that have no history at all:")
        print(" " * 12 + "".join(f"{'all' if n is None else n:>8}" for n in known) + "     new")
        for name in asked.models.split(","):
            values = answers(exam, known, name, Settings().models, asked.seed)
            columns = (*values, values[-1][new])
            print(f"{name:12}" + "".join(f"{v.mean():8.4f}" for v in columns), flush=True)
            if name == "default" and asked.without:
                usual = experts_for(facts_of(exam.train, exam.rule.repeats))
                fewer = tuple(e for e in usual if e not in asked.without.split(","))
                settings = replace(Settings().models, experts=fewer)
                rest = answers(exam, known, name, settings, asked.seed)
                print("without it  " + "".join(f"{v.mean():8.4f}" for v in rest), flush=True)
                for n, one, other in zip(known, values, rest, strict=True):
                    gap = totals(one - other, exam.test.clusters)
                    found = pooled([gap], generator(asked.seed, "few", str(n)))
                    of = "all" if n is None else n
                    span = f"{found.low:+.4f} to {found.high:+.4f}"
                    print(f"{of:>5} events: {found.mean:+.4f} ({span})", flush=True)
    return 0


def answers(
    exam: Examination, known: list[int | None], name: str, settings: ModelSettings, seed: int
) -> list[Floats]:
    """For each number of events read, the figures of every test case by a model fitted once."""
    learner = learner_by_name(name, settings, repeats=exam.rule.repeats)
    rng = generator(seed, "fit", name)
    scorer = learner.fit(exam.train, rng, validation=exam.validation)
    return [figures(scorer, exam.test, n, exam.rule) for n in known]


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
