"""What the benchmarks of models that name items share: accuracy by score and by name, and speed."""

from __future__ import annotations

import time
from typing import Any, Protocol

import numpy as np

from prismrec.core import Candidates, Cases, QueryBatch, Scorer, generator, metrics
from prismrec.core.arrays import Bools, Positions
from prismrec.evaluation.ranks import HistoryFilter, batches, rank_all

__all__ = ["judged", "latency"]

K = 10
BATCH = 64
ALONE = 500
"""Users who are answered one at a time."""


class Names(Scorer, Protocol):
    """A scorer that also names items outright."""

    @property
    def n_items(self) -> int: ...

    def generate(
        self, queries: QueryBatch, n: int, *, allowed: Bools | None = None
    ) -> Candidates: ...


def judged(
    scorer: Names, cases: Cases, rule: HistoryFilter
) -> tuple[dict[str, Any], Positions, Positions]:
    """Accuracy of scoring the whole catalogue and of naming ten items, of what `rule` lets come
    out, and what share the two have in common; the ten best by score, and the ten named, (b, K)."""
    ranked = rank_all(scorer, cases, k=K, rule=rule, batch=BATCH)
    lists = []
    for rows in batches(len(cases), BATCH):
        queries = cases.queries.take(rows)
        allowed = rule.allowed(queries, scorer.n_items)
        lists.append(scorer.generate(queries, K, allowed=allowed).positions)
    said = np.concatenate(lists)
    place = np.where(said == cases.targets[:, None], np.arange(K) + 1, 0).max(axis=1)
    named = metrics.Ranks.of(np.where(place > 0, place, metrics.NEVER), scorer.n_items)
    shared = [len(np.intersect1d(a, b)) / K for a, b in zip(said, ranked.lists, strict=True)]
    out: dict[str, Any] = {"users": len(cases)}
    for name, ranks in (("scored", ranked.ranks), ("named", named)):
        out[f"{name}_recall@10"] = round(float(metrics.recall(ranks, K).mean()), 4)
        out[f"{name}_ndcg@10"] = round(float(metrics.ndcg(ranks, K).mean()), 4)
    out |= {"named": said.size, "beam_shares": round(float(np.mean(shared)), 4)}
    return out, ranked.lists, said


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
