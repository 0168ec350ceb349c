"""Are items without events recommended, and what does it cost the others?

    python -m benchmarks.newcomers [--data beauty] [--share 0.05] [--seed 0] [--json]

A share of the items, drawn at random, is withheld: all events on them are taken out of training and
of every history. The default model learns the rest; the test asks, in the full ranking, for the
withheld items (`cold`) and for the others (`rest`). Compared are the mixture as it is fitted and
the same without what newcomers borrow. Weights and the bonus are chosen on validation.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, generator
from prismrec.core.arrays import Bools
from prismrec.core.metrics import ndcg, recall
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.ranks import rank_all
from prismrec.evaluation.significance import paired
from prismrec.models.default import default_learner
from prismrec.threads import every_core

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Print both figures of both groups, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="beauty")
    parser.add_argument("--share", type=float, default=0.05, help="of the items, withheld")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    split, repeats = SETS[asked.data]
    settings = Settings()
    with every_core():
        plan = Plan(split=split, repeats=repeats, seed=asked.seed)
        exam = prepare(data_folder() / asked.data, plan, settings).exam
        rng = generator(asked.seed, "withheld")
        cold = rng.random(exam.train.n_items) < asked.share
        train = replace(
            exam.train, sequences=exam.train.sequences.where(~cold[exam.train.sequences.items])
        )
        assert exam.validation is not None
        validation, test = without(exam.validation, cold), without(exam.test, cold)
        learner = default_learner(settings.models, repeats=exam.rule.repeats)
        known = validation.take(np.flatnonzero(~validation.cold_item))
        fitted = learner.fit(train, generator(asked.seed, "fit"), validation=known)
        plain = fitted.with_newcomers(None)
        both = [rank_all(s, test, k=10, rule=exam.rule, batch=256).ranks for s in (fitted, plain)]
    rows = []
    for group, chosen in (("cold", test.cold_item), ("rest", ~test.cold_item)):
        for name, metric in (("recall@10", recall), ("ndcg@10", ndcg)):
            after, before = (metric(ranks, 10)[chosen] for ranks in both)
            people = test.clusters[chosen]
            gap = paired(after, before, people, generator(asked.seed, group, name))
            rows.append(
                {
                    "group": group,
                    "metric": name,
                    "cases": int(chosen.sum()),
                    "borrowing": float(after.mean()),
                    "not": float(before.mean()),
                    "difference": [gap.mean, gap.low, gap.high],
                }
            )
    found = {"data": asked.data, "withheld": int(cold.sum()), "rows": rows}
    print(json.dumps(found) if asked.json else table(found))
    return 0


def without(cases: Cases, cold: Bools) -> Cases:
    """The cases, their histories without the `cold` items (n,)."""
    events = cases.queries.histories
    queries = replace(cases.queries, histories=events.where(~cold[events.items]))
    return replace(cases, queries=queries, cold_item=cold[cases.targets])


def table(found: dict) -> str:
    """The figures for people."""
    lines = [f"{found['data']}: {found['withheld']} items withheld"]
    for row in found["rows"]:
        mean, low, high = row["difference"]
        lines.append(
            f"{row['group']:5} {row['metric']:10} {row['cases']:6} cases: {row['borrowing']:.4f}, "
            f"without borrowing {row['not']:.4f}; {mean:+.4f} ({low:+.4f} to {high:+.4f})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
