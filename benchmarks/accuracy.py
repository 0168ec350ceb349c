"""Accuracy of the default model against every single model, on public data sets.

    python -m benchmarks.accuracy [DATA] [--sets beauty,games,...] [--models default,...] [--json]

DATA is a folder with one folder for each set. `SETS` says how each is divided and filtered; every
item of the catalogue is ranked for every test case. Weights and training length are chosen on
validation cases; the test is asked once. Intervals are of 95%, resampling users; differences are of
the default model over each other one on the same cases. `pooled` gives each set the same say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.evaluation.evaluate import Plan, evaluate
from prismrec.evaluation.results import Report
from prismrec.evaluation.significance import Difference, pooled

SETS = {
    "beauty": ("leave-one-out", "no"),
    "games": ("leave-one-out", "no"),
    "movielens-100k": ("temporal", "no"),
    "movietweetings": ("temporal", "no"),
    "online-retail": ("temporal", "yes"),
}
"""How each set is split, and whether items may come again."""
MODELS = "default,popularity,repeats,text_knn,item_knn,transitions,user_knn,ease,als,prism"
METRIC = "ndcg@10"


def main(argv: Sequence[str] | None = None) -> int:
    """Print one table a set and one of the pooled differences, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "data", type=Path, nargs="?", default=data_folder(), help="the folder of the data sets"
    )
    parser.add_argument("--sets", default=",".join(SETS), help="which sets, comma-separated")
    parser.add_argument("--models", default=MODELS, help="which models, the default model first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    models = tuple(asked.models.split(","))
    reports = []
    for name in asked.sets.split(","):
        split, repeats = SETS[name]
        plan = Plan(split=split, models=models, repeats=repeats, seed=asked.seed)
        reports.append(evaluate(asked.data / name, plan))
        if not asked.json:
            print(table(reports[-1]), flush=True)
    verdicts = over_all(reports, asked.seed)
    if asked.json:
        print(json.dumps({"reports": [r.to_json() for r in reports], "pooled": verdicts}))
    elif verdicts:
        print(verdict_table(verdicts))
    return 0


def over_all(reports: Sequence[Report], seed: int) -> list[dict[str, Any]]:
    """The difference of the first model over each other one, over all sets."""
    out = []
    for against in dict.fromkeys(c.against for report in reports for c in report.comparisons):
        found = [
            comparison
            for report in reports
            for comparison in report.comparisons
            if comparison.against == against and comparison.metric == METRIC
        ]
        verdict = pooled([c.totals for c in found], generator(seed, "pooled", against))
        worse = [
            r.data for r in reports for c in r.comparisons if c in found and below(c.difference)
        ]
        out.append(
            {
                "against": against,
                "difference": verdict.mean,
                "interval": [verdict.low, verdict.high],
                "p": verdict.p,
                "worse_on": worse,
            }
        )
    return out


def below(difference: Difference) -> bool:
    """Whether the first model is significantly worse."""
    return difference.high < 0


def table(report: Report) -> str:
    """The models of one report, a line each."""
    lines = [
        f"{report.data}: {report.split}, {report.cases:,} cases, repeats {report.repeats}",
        f"{'model':<14}{'recall@10':>10}{'ndcg@10':>9}  {'95% interval':<18}"
        f"{'fit s':>7}{'test s':>8}{'MiB':>7}",
    ]
    for model in report.models:
        low, high = model.figures.intervals[METRIC]
        metrics = model.figures.metrics
        lines.append(
            f"{model.name:<14}{metrics['recall@10']:>10.4f}{metrics[METRIC]:>9.4f}"
            f"  {low:.4f} to {high:<8.4f}{model.fit_seconds:>7.0f}"
            f"{model.evaluate_seconds:>8.0f}{model.peak_rss_mib:>7.0f}"
        )
    return "\n".join([*lines, ""])


def verdict_table(verdicts: Sequence[dict[str, Any]]) -> str:
    """The pooled differences, a line each."""
    lines = [f"{METRIC} of the first model minus that of the other, pooled over the sets"]
    for verdict in verdicts:
        low, high = verdict["interval"]
        worse = ", ".join(verdict["worse_on"]) or "none"
        lines.append(
            f"{verdict['against']:<14}{verdict['difference']:>+9.4f}  {low:+.4f} to {high:+.4f}"
            f"  significantly worse on: {worse}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
