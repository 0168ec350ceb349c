"""Generative recommendation by semantic IDs: accuracy, validity, exactness of the beam, speed.

    python -m benchmarks.generative [DATA] [--data beauty] [--seed 0] [--json]

DATA is a folder with one folder for each set. The model is trained alone, on one thread, and stops
by validation; the test is asked once, twice over: every item of the catalogue by the
log-probability of its ID (`scored`), and the ten items that the beam names (`named`), both under
the set's own rule of what may come again. Every ID that the beam names is looked up in the
catalogue's list of IDs; a place that it leaves empty counts as invalid. Latency is of one user at a
time, from history to ten items. Seconds of CPU are of one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Candidates, Cases, QueryBatch, generator, metrics
from prismrec.core.arrays import Positions
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.ranks import HistoryFilter, batches, rank_all
from prismrec.evaluation.resources import peak_rss_mib, reset_peak
from prismrec.evaluation.run import Examination
from prismrec.models.generative.generator import SemanticIDs
from prismrec.models.generative.scorer import SemanticIDsScorer
from prismrec.threads import every_core, one_thread_each

K = 10
BATCH = 64
ALONE = 500
"""Users who are answered one at a time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print one line a figure, or JSON with `--json`; 1 if the beam named what does not exist."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--data", default="beauty", choices=SETS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    split, repeats = SETS[asked.data]
    plan = Plan(split=split, repeats=repeats, seed=asked.seed, models=("semantic_ids",))
    with every_core():
        exam = prepare(asked.folder / asked.data, plan, Settings()).exam
    one_thread_each()
    row: dict[str, Any] = {"data": asked.data, "seed": asked.seed}
    scorer, spent = trained(exam, asked.seed)
    row |= spent
    cases = exam.test.take(np.flatnonzero(headline(exam.test)))
    row |= judged(scorer, cases, exam.rule) | latency(scorer, cases, asked.seed)
    print(json.dumps(row) if asked.json else "\n".join(f"{k:28} {v}" for k, v in row.items()))
    return int(row["invalid"] > 0)


def trained(exam: Examination, seed: int) -> tuple[SemanticIDsScorer, dict[str, Any]]:
    """The fitted model, and what fitting it took."""
    reset_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    rng = generator(seed, "fit", "semantic_ids")
    learner = SemanticIDs(report=lambda r: print(r, file=sys.stderr, flush=True))
    scorer = learner.fit(exam.train, rng, validation=exam.validation)
    spent = {
        "fit_wall_seconds": round(time.perf_counter() - wall, 1),
        "fit_cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mib": round(peak_rss_mib()),
        "items": scorer.n_items,
        "prefixes_by_level": np.diff(scorer.names.tree.starts).tolist(),
    }
    return scorer, spent


def judged(scorer: SemanticIDsScorer, cases: Cases, rule: HistoryFilter) -> dict[str, Any]:
    """Accuracy of scoring and of naming, and how they agree."""
    ranked = rank_all(scorer, cases, k=K, rule=rule, batch=BATCH)
    lists = np.concatenate([beams(scorer, cases.take(rows), rule) for rows in parts(cases)])
    place = np.where(lists == cases.targets[:, None], np.arange(K) + 1, 0).max(axis=1)
    named = metrics.Ranks.of(np.where(place > 0, place, metrics.NEVER), scorer.n_items)
    exists = {tuple(name) for name in scorer.ids.tolist()}
    tree = scorer.names.tree
    said = tree.tokens[tree.paths[lists[lists >= 0]]].tolist()
    shared = [len(np.intersect1d(a, b)) / K for a, b in zip(lists, ranked.lists, strict=True)]
    out: dict[str, Any] = {"users": len(cases)}
    for name, ranks in (("scored", ranked.ranks), ("named", named)):
        out[f"{name}_recall@10"] = round(float(metrics.recall(ranks, K).mean()), 4)
        out[f"{name}_ndcg@10"] = round(float(metrics.ndcg(ranks, K).mean()), 4)
    return out | {
        "named": lists.size,
        "invalid": lists.size - sum(tuple(name) in exists for name in said),
        "beam_is_exact": round(float((lists == ranked.lists).all(axis=1).mean()), 4),
        "beam_shares": round(float(np.mean(shared)), 4),
    }


def parts(cases: Cases) -> list[np.ndarray]:
    return list(batches(len(cases), BATCH))


def beams(scorer: SemanticIDsScorer, cases: Cases, rule: HistoryFilter) -> Positions:
    """(b, K): the items that the beam names."""
    allowed = rule.allowed(cases.queries, scorer.n_items)
    return scorer.generate(cases.queries, K, allowed=allowed).positions


class Names(Protocol):
    """What names items for queries."""

    def generate(self, queries: QueryBatch, n: int, /) -> Candidates: ...


def latency(scorer: Names, cases: Cases, seed: int) -> dict[str, Any]:
    """Milliseconds from a history to ten named items, one user at a time."""
    chosen = generator(seed, "alone").choice(len(cases), min(ALONE, len(cases)), replace=False)
    wall, cpu = [], []
    for row in chosen:
        query = cases.queries.take(np.array([row]))
        before, spent = time.perf_counter(), time.thread_time()
        scorer.generate(query, K)
        wall.append(time.perf_counter() - before)
        cpu.append(time.thread_time() - spent)
    found = {"ms_p50": np.median(wall), "ms_p95": np.percentile(wall, 95), "cpu_ms": np.mean(cpu)}
    return {name: round(float(value) * 1e3, 2) for name, value in found.items()}


if __name__ == "__main__":
    sys.exit(main())
