"""What active labelling saves: accuracy by how many texts were judged, beside random choice.

    python -m benchmarks.labelling [DATA] [--rounds 6] [--step 77] [--seeds 2] [--json]

`banking77`: labels of the train table are shown only for the texts that were chosen; after each
round a logistic regression on the default encoder's frozen vectors is asked the whole test table.
Ways: `random`; `doubt` (the smallest margins); `prismrec` (the first round by typical texts, then
doubt, as `prismrec label` does). Means over seeds; nothing is chosen on the test.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs, Vectors
from prismrec.data.labelled import read_labelled
from prismrec.language.choice import choose_encoder
from prismrec.language.classifier.querying import doubtful_texts, typical_texts
from prismrec.language.settings import LanguageSettings

WAYS = ("random", "doubt", "prismrec")


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a way, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    for name, usual in (("rounds", 6), ("step", 77), ("seeds", 2)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    train, test = (
        read_labelled(asked.data / "banking77" / f"{name}.parquet") for name in ("train", "test")
    )
    encoder = choose_encoder(train.texts, LanguageSettings(hub=False)).encoder
    vectors, exam = encoder.encode(train.texts), encoder.encode(test.texts)
    labels, answers = np.array(train.labels), np.array(test.labels)
    rows = []
    for way in asked.ways.split(","):
        curves = [
            curve(way, (vectors, labels), (exam, answers), asked, seed)
            for seed in range(asked.seeds)
        ]
        judged = [asked.step * (i + 1) for i in range(asked.rounds)]
        row: dict[str, Any] = {"way": way, "seeds": asked.seeds, "judged": judged}
        row["accuracy"] = [round(float(a), 4) for a in np.mean(curves, axis=0)]
        rows.append(row)
        if not asked.json:
            told = "  ".join(f"{n}: {a:.4f}" for n, a in zip(judged, row["accuracy"], strict=True))
            print(f"{way:10} {told}", flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def curve(
    way: str,
    pool: tuple[Vectors, np.ndarray],
    exam: tuple[Vectors, np.ndarray],
    asked: argparse.Namespace,
    seed: int,
) -> list[float]:
    """The accuracy on the exam after each round."""
    vectors, labels = pool
    rng = generator(seed, "labelling", way)
    known: Longs = np.zeros(0, np.int64)
    model, figures = None, []
    for _ in range(asked.rounds):
        rest = np.setdiff1d(np.arange(len(vectors)), known)
        said: Floats | None = model.predict_proba(vectors[rest]) if model is not None else None
        known = np.concatenate([known, rest[chosen(way, vectors[rest], said, asked.step, rng)]])
        model = LogisticRegression(C=30.0, max_iter=200).fit(vectors[known], labels[known])
        figures.append(float((model.predict(exam[0]) == exam[1]).mean()))
    return figures


def chosen(
    way: str, vectors: Vectors, said: Floats | None, n: int, rng: np.random.Generator
) -> Longs:
    """The places of the next `n` texts."""
    if way == "random" or (way == "doubt" and said is None):
        return rng.choice(len(vectors), n, replace=False)
    if said is None:
        return typical_texts(vectors, n, rng)
    if way == "prismrec":
        return doubtful_texts(said, n)
    best = np.sort(said, axis=1)
    return np.argsort(best[:, -1] - best[:, -2], kind="stable")[:n]


if __name__ == "__main__":
    sys.exit(main())
