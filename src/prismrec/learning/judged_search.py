"""What judgments teach the ranking of searches, and how well that holds for queries not seen.

Candidates are those that the engine finds for a judged text, as it would for a person. An item that
nobody judged counts as grade 0: most of what a search finds and nobody thought worth judging is
wrong, and without it the trees would never see the answers they must push down. Some of it is
right all the same, so judgments teach best where most of the good answers are judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from prismrec.assembly import assemble, search_evidence, search_facts
from prismrec.config import Settings
from prismrec.core import Judgments, QueryBatch, generator
from prismrec.core.arrays import Floats, Positions
from prismrec.data.catalogue import Catalogue
from prismrec.evaluation.significance import paired
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.lambdamart import Examples, discounted, fit_lambdamart
from prismrec.ranking.search import SearchRanker, zero_shot
from prismrec.release import Release
from prismrec.snapshot import Snapshot

__all__ = ["cross_validated", "examples_of", "taught"]

CANDIDATES = 100
FOLDS = 5
BATCH = 64


def taught(
    release: Release,
    catalogue: Catalogue,
    judgments: Judgments,
    settings: Settings,
    *,
    seed: int = 0,
    path: Path | None = None,
    unjudged: int = CANDIDATES,
) -> Release:
    """`release` with a ranker of searches that learned from `judgments`, and from the best
    `unjudged` of what nobody judged as from what does not answer.

    Its worth is measured first, by cross-validation over queries. Where nDCG@10 would not rise, the
    ranker is left out. What was found stands in the report under `search`.
    """
    snapshot = assemble(release, catalogue, settings, path)
    items = [catalogue.item(int(p)) for p in np.flatnonzero(catalogue.alive)]
    numbers = numbers_of(items)
    ranker = SearchRanker(search_evidence(snapshot, search_facts(snapshot, numbers)))
    examples = examples_of(snapshot, ranker, judgments, unjudged=unjudged)
    report, keep = _measured(examples, seed)
    learned = fit_lambdamart(examples, seed, numbers=numbers).state() if keep else None
    return replace(release, ranker=learned, report={**release.report, "search": report})


def examples_of(
    snapshot: Snapshot, ranker: SearchRanker, judgments: Judgments, *, unjudged: int = CANDIDATES
) -> Examples:
    """The candidates of every judged query with all evidence: those that were judged, and the best
    `unjudged` by the fixed rule among those that were found, with grade 0 where nobody judged."""
    parts = list(_by_query(snapshot, ranker, judgments, unjudged))
    return Examples(
        names=ranker.names,
        columns=np.concatenate([part.columns for part in parts]),
        base=np.concatenate([part.base for part in parts]),
        grades=np.concatenate([part.grades for part in parts]),
        groups=np.array([len(part.grades) for part in parts], np.int64),
        ideals=np.array([part.ideal for part in parts]),
    )


@dataclass(frozen=True)
class _Query:
    columns: np.ndarray
    base: np.ndarray
    grades: np.ndarray
    ideal: float


def _by_query(
    snapshot: Snapshot, ranker: SearchRanker, judgments: Judgments, unjudged: int
) -> Iterator[_Query]:
    for start in range(0, len(judgments), BATCH):
        rows = range(start, min(start + BATCH, len(judgments)))
        asked = asked_for(snapshot, judgments.texts[start : start + BATCH])
        found = snapshot.found_by_text(asked, snapshot.alive) if unjudged else None
        for at, i in enumerate(rows):
            items, grades = judgments.row(i)
            known = items if found is None else np.union1d(items, _real(found.positions[at]))
            one = asked.take(np.array([at]))
            columns = ranker.columns(one, known[None, :].astype(np.int32))[0]
            base = zero_shot(columns, ranker.names)
            given = judgments.grades_of(i, known.astype(np.int32))
            best = np.lexsort((known, -base))
            rank = np.empty(len(known), np.int64)
            rank[best] = np.arange(len(known))
            kept = best[~np.isnan(given[best]) | (rank[best] < unjudged)]
            ideal = discounted(np.sort(grades)[::-1][:10])
            yield _Query(columns[kept], base[kept], np.nan_to_num(given[kept]), ideal)


def asked_for(snapshot: Snapshot, texts: tuple[str, ...]) -> QueryBatch:
    """The `texts`, as the engine understands them, as queries of nobody in particular."""
    texts = tuple(snapshot.reader.read(text).searched for text in texts)
    vectors = None if snapshot.encoder is None else snapshot.encoder.encode(texts)
    return replace(QueryBatch.of([[]] * len(texts)), texts=texts, text_vectors=vectors)


def cross_validated(examples: Examples, seed: int, *, folds: int = FOLDS) -> Floats:
    """(q,) nDCG@10 of every query, ranked by trees that saw nothing of it: the queries are divided
    into `folds` by chance, and all that reads judgments is done anew for each."""
    queries = len(examples.groups)
    order = generator(seed, "search", "folds").permutation(queries)
    out = np.zeros(queries)
    for fold in range(folds):
        held = np.sort(order[fold::folds])
        train, test = examples.take(np.setdiff1d(order, held)), examples.take(held)
        if len(held) and train.grades.any():
            trees = fit_lambdamart(train, seed)
            out[held] = test.ndcg(test.base + trees.correction(test.columns))
        else:
            out[held] = test.ndcg(test.base)
    return out


def _measured(examples: Examples, seed: int) -> tuple[dict[str, Any], bool]:
    """What cross-validation says, for the report, and whether to keep what was learned."""
    before, after = examples.ndcg(examples.base), cross_validated(examples, seed)
    queries = np.arange(len(before), dtype=np.int32)
    gain = paired(after, before, queries, generator(seed, "search", "gain"))
    keep = gain.mean > 0
    report = {
        "queries": len(before),
        "candidates": len(examples.grades),
        "ndcg@10": {
            "fixed rule": round(float(before.mean()), 4),
            "learned": round(float(after.mean()), 4),
        },
        "gain": {
            "mean": round(gain.mean, 4),
            "interval": [round(gain.low, 4), round(gain.high, 4)],
        },
        "kept": keep,
    }
    return report, keep


def _real(positions: Positions) -> Positions:
    return positions[positions >= 0]
