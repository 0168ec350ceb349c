"""A language model that names the next item: accuracy, validity, how the beam agrees, speed.

    python -m benchmarks.language_model [DATA] [--data beauty] [--out FOLDER]
                                        [--seed 0] [--json]

DATA is a folder with one folder for each set. A GPT-2 with its own tokenizer is made on the spot
and trained alone, on one thread; validation stops it. The test is asked once, twice over: every
item of the catalogue by the log-probability of its name, as far as the beam followed it (`scored`),
and the ten items that the beam names (`named`), both under the set's own rule of what may come
again. The tokens of every name that was said are put back into text, which must begin the name of
the item that came out; a place that the beam leaves empty, or fills twice, counts as invalid.
Latency is of one user at a time, from history to ten items. Seconds of CPU are of one thread.
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
from tokenizers import Tokenizer

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
from prismrec.language.settings import LanguageSettings
from prismrec.models.language_model.learner import BEFORE, LanguageModel
from prismrec.models.language_model.scorer import LanguageModelScorer
from prismrec.threads import one_thread_each


def main(argv: Sequence[str] | None = None) -> int:
    """Print one line a figure, or JSON with `--json`; 1 if a name was said that does not exist."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--data", default="beauty", choices=SETS)
    parser.add_argument("--out", type=Path, help="write the model here, as train-llm does")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    split, repeats = SETS[asked.data]
    plan = Plan(split=split, repeats=repeats, seed=asked.seed, models=("language_model",))
    own_words = Settings(language=LanguageSettings(encoder="tfidf"))  # no text vector is read here
    one_thread_each()
    exam = prepare(asked.folder / asked.data, plan, own_words).exam
    row: dict[str, Any] = {"data": asked.data, "seed": asked.seed}
    scorer, spent = trained(exam, asked.seed)
    row |= spent
    if asked.out:
        scorer.save(asked.out)
    cases = exam.test.take(np.flatnonzero(headline(exam.test)))
    figures, _, lists = judged(scorer, cases, exam.rule)
    row |= figures | latency(scorer, cases, asked.seed)
    row["invalid"] = lists.size - sum(len(set(names)) for names in valid_names(scorer, lists))
    print(json.dumps(row) if asked.json else "\n".join(f"{k:28} {v}" for k, v in row.items()))
    return int(row["invalid"] > 0)


def trained(exam: Examination, seed: int) -> tuple[LanguageModelScorer, dict[str, Any]]:
    """The fitted model, and what fitting it took."""
    reset_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    learner = LanguageModel(report=lambda epoch: print(epoch, file=sys.stderr, flush=True))
    rng = generator(seed, "fit", learner.name)
    scorer = learner.fit(exam.train, rng, validation=exam.validation)
    spelling, taken = scorer.spelling, exam.train.positives.items
    free = ~spelling.tree.only_children[spelling.tree.paths]
    return scorer, {
        "fit_wall_seconds": round(time.perf_counter() - wall, 1),
        "fit_cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mib": round(peak_rss_mib()),
        "items": scorer.n_items,
        "weights": sum(p.numel() for p in scorer.model.parameters()),
        "tokens_a_name_taken": round(float(spelling.lengths[taken].mean()), 2),
        "choices_a_name_taken": round(float(free.sum(axis=1)[taken].mean()), 2),
        "first_tokens": spelling.tree.roots,
    }


def valid_names(scorer: LanguageModelScorer, lists: Positions) -> list[list[int]]:
    """Of each list the items whose tokens, as text, begin their own names."""
    tokenizer = Tokenizer.from_str(scorer.vocabulary.tokenizer)
    spelling, names = scorer.spelling, scorer.vocabulary.names
    lines = np.split(spelling.tokens, spelling.indptr[1:-1])
    said = tokenizer.decode_batch([line.tolist() for line in lines])
    true = [(BEFORE + n).startswith(text) for n, text in zip(names, said, strict=True)]
    return [[item for item in row if item >= 0 and true[item]] for row in lists.tolist()]


if __name__ == "__main__":
    sys.exit(main())
