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
from typing import Any

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.naming import judged, latency
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import generator
from prismrec.core.arrays import Positions
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.resources import peak_rss_mib, reset_peak
from prismrec.evaluation.run import Examination
from prismrec.models.generative.generator import SemanticIDs
from prismrec.models.generative.scorer import SemanticIDsScorer
from prismrec.threads import every_core, one_thread_each


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
    figures, best, lists = judged(scorer, cases, exam.rule)
    row |= figures | validity(scorer, best, lists) | latency(scorer, cases, asked.seed)
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


def validity(scorer: SemanticIDsScorer, best: Positions, lists: Positions) -> dict[str, Any]:
    """Names that do not exist, and how often the ten named are the ten `best`, in order."""
    exists = {tuple(name) for name in scorer.ids.tolist()}
    tree = scorer.names.tree
    said = tree.tokens[tree.paths[lists[lists >= 0]]].tolist()
    return {
        "invalid": lists.size - sum(tuple(name) in exists for name in said),
        "beam_is_exact": round(float((lists == best).all(axis=1).mean()), 4),
    }


if __name__ == "__main__":
    sys.exit(main())
