"""How good a collection's search is, against judgments: the engine's own path, without a user."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prismrec.core import Filters, Judgments, Query, generator
from prismrec.core.arrays import Floats, Positions
from prismrec.core.judged import judged_ndcg, judged_recall, judged_reciprocal_rank
from prismrec.engine import Engine
from prismrec.evaluation.significance import bootstrap_means, interval, totals

__all__ = ["METRICS", "SearchReport", "evaluate_search", "search_values", "summarised"]

DEPTH = 100
PROGRESS_EVERY = 100


METRICS = ("ndcg@10", "mrr@10", "recall@100", "judged-ndcg@10", "judged@10")
"""What is measured of every query. The gain of an item is its grade and an unjudged one has none;
any grade above 0 is relevant. `judged-ndcg@10` ranks the judged items alone, `judged@10` is the
share of the first ten places that hold a judged item."""


@dataclass(frozen=True)
class SearchReport:
    """`values` (q, metrics) by query in the order of `METRICS`, `lists` (q, 100) what came out,
    `seconds` (q,) how long ten results took on the clock, the encoding of the text included."""

    texts: tuple[str, ...]
    values: Floats
    lists: Positions
    seconds: Floats
    answerable: int

    def to_json(self, *, seed: int = 0) -> dict[str, Any]:
        """Means over all queries, 95% intervals by resampling queries, latency."""
        told = summarised(self.values, seed=seed)
        p50, p99 = np.percentile(self.seconds, [50, 99]) * 1e3
        return {
            **told,
            "latency_ms": {"p50": round(float(p50), 3), "p99": round(float(p99), 3)},
            "queries": len(self.texts),
            "queries_with_relevant": self.answerable,
        }


def evaluate_search(
    engine: Engine,
    judgments: Judgments,
    *,
    only_judged: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SearchReport:
    """Search every text of `judgments` in turn and compare what comes out.

    Each is asked alone, as a person would, through the path that answers requests, without a user,
    filters or exploration. With `only_judged` the judged items of a query are all that may come
    out of it, so that reranking is measured and not finding.
    """
    lists = np.full((len(judgments), DEPTH), -1, np.int32)
    seconds = np.zeros(len(judgments))
    ids = engine.snapshot.catalogue.ids
    for i, text in enumerate(judgments.texts):
        items, _ = judgments.row(i)
        only = Filters(only=tuple(ids.names(items)), available=False) if only_judged else Filters()
        asked = Query(text=text, filters=only, seed=0, explore=False)
        start = time.perf_counter()
        engine.answer(asked)
        seconds[i] = time.perf_counter() - start
        kept = ids.positions(engine.answer(replace(asked, n=DEPTH)).ids)
        lists[i, : len(kept)] = kept
        if progress is not None and (i + 1) % PROGRESS_EVERY == 0:
            progress(i + 1, len(judgments))
    values = np.array([search_values(judgments, i, found) for i, found in enumerate(lists)])
    relevant = [bool((judgments.row(i)[1] > 0).any()) for i in range(len(judgments))]
    return SearchReport(judgments.texts, values, lists, seconds, sum(relevant))


def search_values(judgments: Judgments, i: int, found: Positions) -> Floats:
    """(metrics,) what the list `found` (100, -1 where it is shorter) is worth for query `i`."""
    items, _ = judgments.row(i)
    # Places that stayed empty are items without gain, lest what was not found should fill them.
    listed = np.concatenate([found, np.setdiff1d(items, found)])
    scores = np.where(np.arange(len(listed)) < len(found), -np.arange(len(listed)), -np.inf)
    grades = judgments.grades_of(i, listed)
    judged = ~np.isnan(grades)
    gains = np.where(judged, grades, 0.0)
    return np.array(
        [
            judged_ndcg(scores, gains, 10),
            judged_reciprocal_rank(scores, gains > 0, 10),
            judged_recall(scores, gains > 0, DEPTH),
            judged_ndcg(scores[judged], gains[judged], 10),
            float(judged[:10].mean()),
        ]
    )


def summarised(values: Floats, *, seed: int = 0, resamples: int = 1000) -> Mapping[str, Any]:
    """Means of `values` (q, metrics) and their 95% intervals, queries resampled."""
    data = totals(values, np.arange(len(values), dtype=np.int32))
    draws = bootstrap_means(data, resamples, generator(seed, "search", "intervals"))
    bounds = [interval(draws[:, column]) for column in range(len(METRICS))]
    return {
        "metrics": {name: round(float(m), 4) for name, m in zip(METRICS, data.means, strict=True)},
        "intervals": {
            name: [round(low, 4), round(high, 4)]
            for name, (low, high) in zip(METRICS, bounds, strict=True)
        },
    }
