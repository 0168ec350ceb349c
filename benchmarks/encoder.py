"""What the pretrained text encoder is worth: the same model with TF-IDF in its place.

    python -m benchmarks.encoder [DATA] [--sets beauty,...] [--models text_knn,default] [--json]

Each set is evaluated twice with the same split, seed and model, once with the encoder that `fit`
chooses and once with TF-IDF and SVD of words and character n-grams. The difference is of nDCG@10
and recall@10 on the same cases; intervals are of 95% and resample users.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import generator, metrics
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.ranks import rank_all
from prismrec.evaluation.significance import pooled, totals
from prismrec.models.default import learner_by_name
from prismrec.threads import every_core

METRICS = {"ndcg@10": metrics.ndcg, "recall@10": metrics.recall}
Columns = dict[str, np.ndarray]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each set, model and metric, and the pooled differences, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", default="text_knn,default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    gaps: dict[tuple[str, str], list[Any]] = {}
    for name in asked.sets.split(","):
        for model in asked.models.split(","):
            for row, gap in compared(asked.data, name, model, asked.seed):
                rows.append(row)
                gaps.setdefault((model, row["metric"]), []).append(gap)
                if not asked.json:
                    print(line(row), flush=True)
    for (model, metric), parts in gaps.items():
        rng = generator(asked.seed, "pooled", model, metric)
        found = pooled(parts, rng)
        row = verdict("pooled", model, metric, found)
        rows.append(row)
        if not asked.json:
            print(line(row), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def compared(data: Path, name: str, model: str, seed: int) -> list[tuple[dict[str, Any], Any]]:
    """For each metric, the difference on one set, and its per-user totals for the pooling."""
    split, repeats = SETS[name]
    plan = Plan(split=split, models=(model,), repeats=repeats, seed=seed)
    chosen, people = columns(data / name, plan, Settings())
    plain = Settings()
    tfidf = replace(plain, language=replace(plain.language, encoder="tfidf"))
    counted, _ = columns(data / name, plan, tfidf)
    out = []
    for metric in METRICS:
        gap = totals(chosen[metric] - counted[metric], people)
        found = pooled([gap], generator(seed, "encoder", name, metric))
        row = verdict(name, model, metric, found)
        row |= {"encoder": float(chosen[metric].mean()), "tfidf": float(counted[metric].mean())}
        out.append((row, gap))
    return out


def columns(folder: Path, plan: Plan, settings: Settings) -> tuple[Columns, np.ndarray]:
    """The per-case values of the headline cases, and the person behind each."""
    with every_core():
        ready = prepare(folder, plan, settings)
    exam = ready.exam
    learner = learner_by_name(plan.models[0], settings.models, repeats=exam.rule.repeats)
    rng = generator(plan.seed, "fit", plan.models[0])
    first = np.flatnonzero(headline(exam.test))
    cases = exam.test.take(first)
    with every_core():
        scorer = learner.fit(exam.train, rng, validation=exam.validation)
        ranked = rank_all(scorer, cases, k=10, rule=exam.rule, batch=512)
    return {name: of(ranked.ranks, 10) for name, of in METRICS.items()}, cases.clusters


def verdict(name: str, model: str, metric: str, found: Any) -> dict[str, Any]:
    """One row of the result."""
    return {
        "data": name,
        "model": model,
        "metric": metric,
        "difference": found.mean,
        "interval": [found.low, found.high],
        "p": found.p,
    }


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    low, high = row["interval"]
    both = f"{row['encoder']:.4f} against {row['tfidf']:.4f}" if "encoder" in row else ""
    return (
        f"{row['data']:16} {row['model']:10} {row['metric']:10} {row['difference']:+.4f} "
        f"({low:+.4f} to {high:+.4f})  {both}"
    )


if __name__ == "__main__":
    sys.exit(main())
