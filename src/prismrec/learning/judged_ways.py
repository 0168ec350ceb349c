"""The ways in which judgments can teach the ranking of searches, each measured on queries that it
did not see, and the best of them.

Trees correct the fixed rule; a reader changes it by query and title read together; trees can also
correct what the reader made of it. Trees that start from a reader learn from readings of readers
that did not see the query, as they will be asked for queries that no reader saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs, Scores
from prismrec.evaluation.significance import paired
from prismrec.learning.judged_reading import Lessons, fit_reader, reading_of
from prismrec.ranking.lambdamart import Examples, fit_lambdamart
from prismrec.ranking.taught import Taught

__all__ = ["best_way", "cross_validated", "divisions", "out_of_fold_reading", "values_of"]

FOLDS = 5
RULE, TREES, READING, BOTH = "fixed rule", "trees", "reading", "reading and trees"


def divisions(queries: int, seed: int, folds: int = FOLDS) -> Iterator[tuple[Longs, Longs]]:
    """The queries to learn from and those held back, `folds` times, divided by chance; every query
    is held back once."""
    order = generator(seed, "search", "folds").permutation(queries)
    for fold in range(folds):
        held = np.sort(order[fold::folds])
        yield np.setdiff1d(order, held), held


def cross_validated(examples: Examples, seed: int, *, folds: int = FOLDS) -> Floats:
    """(q,) nDCG@10 of every query, ranked by trees that saw nothing of it: the queries are divided
    into `folds` by chance, and all that reads judgments is done anew for each."""
    out = np.zeros(len(examples.groups))
    for others, held in divisions(len(out), seed, folds):
        train, test = examples.take(others), examples.take(held)
        if len(held) and train.grades.any():
            trees = fit_lambdamart(train, seed)
            out[held] = test.ndcg(test.base + trees.correction(test.columns))
        else:
            out[held] = test.ndcg(test.base)
    return out


def out_of_fold_reading(lessons: Lessons, seed: int, *, folds: int = FOLDS) -> Scores:
    """(n,) what reading adds to every example, by readers that saw nothing of its query."""
    out = np.zeros(len(lessons.examples.grades), np.float32)
    for fold, (others, held) in enumerate(divisions(len(lessons.texts), seed, folds)):
        if len(held):
            learned = fit_reader(lessons, others, generator(seed, "search", "reading", fold))
            rows = np.concatenate([lessons.rows(int(query)) for query in held])
            out[rows] = reading_of(lessons, learned, held)
    return out


def best_way(
    examples: Examples, lessons: Lessons | None, seed: int, numbers: tuple[str, ...] = ()
) -> tuple[Taught, dict[str, Any]]:
    """What the best way by nDCG@10 out of fold learns from all `examples`, and a report of all;
    nothing is learned where none is above the fixed rule. A reader costs time at every search and
    is taken only where its gain is above its standard error. Without `lessons` there is none.
    `numbers` are the numeric attributes among the columns."""
    values, read = values_of(examples, lessons, seed)
    best = _best(values)
    reading = trees = None
    if lessons is not None and best in (READING, BOTH):
        every = np.arange(len(examples.groups))
        reading = fit_reader(lessons, every, generator(seed, "search", "reading"))
    if best in (TREES, BOTH):
        start = examples if best == TREES else read
        trees = fit_lambdamart(start, seed, numbers=numbers)
    return Taught(trees, reading), _told(examples, values, best, seed)


def values_of(
    examples: Examples, lessons: Lessons | None, seed: int
) -> tuple[dict[str, Floats], Examples]:
    """(q,) nDCG@10 of every query by each way, out of fold, the cheaper ways first; and the
    examples as trees see them that correct a reader."""
    read = examples
    values = {RULE: examples.ndcg(examples.base), TREES: cross_validated(examples, seed)}
    if lessons is not None:
        read = replace(examples, base=examples.base + out_of_fold_reading(lessons, seed))
        values |= {READING: read.ndcg(read.base), BOTH: cross_validated(read, seed)}
    return values, read


def _best(values: dict[str, Floats]) -> str:
    """The name of the best way; the cheaper ones come first in `values`."""
    best = RULE
    for way, of in values.items():
        gain = of - values[best]
        needed = gain.std() / np.sqrt(len(gain)) if way in (READING, BOTH) else 0.0
        if gain.mean() > needed:
            best = way
    return best


def _told(examples: Examples, values: dict[str, Floats], best: str, seed: int) -> dict[str, Any]:
    """What cross-validation says, for the report; the gain is of the way that was taken, or of the
    best that was not."""
    tried = best if best != RULE else TREES
    queries = np.arange(len(examples.groups), dtype=np.int32)
    gain = paired(values[tried], values[RULE], queries, generator(seed, "search", "gain"))
    return {
        "queries": len(queries),
        "candidates": len(examples.grades),
        "ndcg@10": {way: round(float(of.mean()), 4) for way, of in values.items()},
        "gain": {
            "mean": round(gain.mean, 4),
            "interval": [round(gain.low, 4), round(gain.high, 4)],
        },
        "kept": best != RULE,
        "way": best,
    }
