"""Zero-shot: what a catalogue without any events recommends to people who come with a history.

    python -m benchmarks.zero_shot [DATA] [--sets movielens-100k,beauty] [--seed 0] [--json]

The default model is fitted on the items alone, with the text encoder that a fit chooses, then
asked the test cases of each set, history filtered, full ranking. Beside it, on the same cases:
profiles of TF-IDF (words, sublinear counts; the mean of a history's rows, all alike or the newest
first, whichever is better for it), and what drawing at random would find, computed. Intervals are
of 95% and resample people. What can be set was chosen on validation cases of these sets.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, Interactions, QueryBatch, Scorer, generator, metrics
from prismrec.core import Sequences as Events
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.evaluation.evaluate import Plan, Prepared, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.significance import pooled, totals
from prismrec.models.default import learner_by_name
from prismrec.models.scoring.histories import history_matrix
from prismrec.threads import every_core

K = 10
HALF_LIVES = (4.0, 1e6)
"""Of the history that TF-IDF profiles are the mean of, in events."""


@dataclass(frozen=True)
class WordProfiles:
    """Scores by the dot product of TF-IDF rows (n, words) of items and of a history's mean."""

    rows: sparse.csr_array
    half_life: float
    kind: str = "word_profiles"
    part_names: tuple[str, ...] = ("words",)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        history = history_matrix(queries.histories, self.rows.shape[0], self.half_life)
        return np.asarray((history @ self.rows @ self.rows.T).toarray(), np.float32)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each set and method, or JSON with `--json`; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default="movielens-100k,beauty")
    parser.add_argument("--cache", type=Path, help="keep encoded texts here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rows = []
    for name in asked.sets.split(","):
        rows.append(compared(asked.data, name, asked.cache, asked.seed))
        if not asked.json:
            print(line(rows[-1]), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return int(not all(row["recall@10"] > max(3 * row["random"], row["tfidf"]) for row in rows))


def compared(data: Path, name: str, cache: Path | None, seed: int) -> dict[str, Any]:
    """recall@10 of one set by every method, and how far the first is above TF-IDF."""
    split, repeats = SETS[name]
    plan = Plan(split=split, models=("default",), repeats=repeats, seed=seed, cache=cache)
    with every_core():
        ready = prepare(data / name, plan, Settings())
        exam = ready.exam
        cases = exam.test.take(np.flatnonzero(headline(exam.test)))
        found = recalls(unseen(ready, seed), cases, exam.rule)
        rows = TfidfVectorizer(sublinear_tf=True).fit_transform(ready.catalogue.texts())
        profiles = [WordProfiles(sparse.csr_array(rows, dtype=np.float32), h) for h in HALF_LIVES]
        words = max((recalls(p, cases, exam.rule) for p in profiles), key=np.mean)
    gap = [totals(found - words, cases.clusters)], [totals(found, cases.clusters)]
    above, own = (pooled(parts, generator(seed, "zero-shot", name)) for parts in gap)
    chance = at_random(cases, exam.rule, exam.train.n_items)
    return {
        "data": name,
        "cases": len(cases),
        "recall@10": float(found.mean()),
        "interval": [own.low, own.high],
        "tfidf": float(words.mean()),
        "above_tfidf": above.mean,
        "above_tfidf_interval": [above.low, above.high],
        "random": chance,
        "times_random": float(found.mean() / chance),
    }


def unseen(ready: Prepared, seed: int) -> Scorer:
    """The default model of the catalogue, fitted without any event."""
    nobody = Interactions(Events.of([]), ready.exam.train.features)
    learner = learner_by_name("default", Settings().models, repeats=ready.exam.rule.repeats)
    return learner.fit(nobody, generator(seed, "fit", "default"))


def recalls(scorer: Any, cases: Cases, rule: HistoryFilter) -> Floats:
    """recall@10 of each case, over the whole catalogue."""
    return metrics.recall(rank_all(scorer, cases, k=K, rule=rule, batch=256).ranks, K)


def at_random(cases: Cases, rule: HistoryFilter, n_items: int) -> float:
    """The mean recall@10 of ten items drawn from those that may come out."""
    may = np.concatenate(
        [
            rule.allowed(cases.queries.take(rows), n_items).sum(axis=1)
            for rows in np.array_split(np.arange(len(cases)), -(-len(cases) // 256))
        ]
    )
    return float(np.mean(np.minimum(1, K / may)))


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    low, high = row["interval"]
    least, most = row["above_tfidf_interval"]
    return (
        f"{row['data']:16} recall@10 {row['recall@10']:.4f} ({low:.4f} to {high:.4f}), "
        f"{row['times_random']:.1f} times random ({row['random']:.4f}); TF-IDF {row['tfidf']:.4f}, "
        f"difference {row['above_tfidf']:+.4f} ({least:+.4f} to {most:+.4f})"
    )


if __name__ == "__main__":
    sys.exit(main())
