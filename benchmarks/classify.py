"""How well texts are told apart: the classifier of `prismrec classify` beside peers.

    python -m benchmarks.classify [DATA] [--tasks banking77,banking77-few,...] [--folds 10]
        [--most-folds 10] [--passes 0] [--seed 0] [--json]

Tasks: `banking77` (its own valid and test), `banking77-few` (5 examples a class drawn from train,
the whole test), `financial-phrasebank` (stratified folds; figures over all folds together), and
`chinese-sentiment`, `chinese-category` (a stratified fifth is the test). Nothing is chosen on a
test; each is asked once. Peers, on the same texts: TF-IDF of words and pairs of words with a linear
machine, and the same of pieces of 1 to 5 characters, for which Chinese needs no segmentation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.core.classes import error_left, macro_f1
from prismrec.core.probabilities import expected_calibration_error
from prismrec.data.labelled import Labelled, read_labelled
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.threads import every_core

TASKS = (
    "banking77",
    "banking77-few",
    "financial-phrasebank",
    "chinese-sentiment",
    "chinese-category",
)
SHOTS = 5
PEERS = {
    "tf-idf words + linear": lambda: TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    "tf-idf characters + linear": lambda: TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=2, max_features=200_000
    ),
}


@dataclass(frozen=True)
class Split:
    """One training and its test."""

    train: Labelled
    valid: Labelled | None
    test: Labelled


@dataclass
class Said:
    """What one way said of tests, all folds together."""

    predicted: list[str]
    confidence: list[float]
    actual: list[str]
    seconds: float = 0.0
    facts: Any = None


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each way and task, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--most-folds", type=int, default=10, help="measure only the first ones")
    parser.add_argument("--passes", type=int, default=0)
    parser.add_argument("--mode", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers-only", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rows = []
    for task in asked.tasks.split(","):
        for row in measured(task, asked):
            rows.append(row)
            if not asked.json:
                print(line(row), flush=True)
    if asked.json:
        print(json.dumps(rows, ensure_ascii=False))
    return 0


def measured(task: str, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row a way: the peers, then the classifier."""
    splits = list(splits_of(task, asked))
    for name, counter in PEERS.items():
        yield row_of(task, name, [peer(counter, split) for split in splits])
    if not asked.peers_only:
        said = []
        for fold, split in enumerate(splits):
            said.append(classifier(split, asked))
            so_far = line(row_of(task, f"{fold + 1} of {len(splits)}", said))
            print(so_far, file=sys.stderr, flush=True)
        yield row_of(task, "prismrec classify", said) | {"training": said[0].facts}


def splits_of(task: str, asked: argparse.Namespace) -> Iterator[Split]:
    """The trainings and tests of a task."""
    data: Path = asked.data
    if task.startswith("banking77"):
        train, valid, test = (
            read_labelled(data / "banking77" / f"{name}.parquet")
            for name in ("train", "valid", "test")
        )
        few = task.endswith("few")
        yield Split(
            some_of_each(train, SHOTS, asked.seed) if few else train, None if few else valid, test
        )
    elif task == "financial-phrasebank":
        yield from folds(read_labelled(data / task / "sentences.parquet"), asked)
    else:
        label = "label" if task == "chinese-sentiment" else "category"
        table = pl.read_parquet(data / "chinese-reviews" / "reviews.parquet").drop_nulls()
        labels = table[label].cast(pl.String).to_list()
        every = Labelled(tuple(table["review"].to_list()), tuple(labels))
        yield next(folds(every, argparse.Namespace(folds=5, most_folds=1, seed=asked.seed)))


def some_of_each(train: Labelled, count: int, seed: int) -> Labelled:
    """`count` texts of each label, drawn at random."""
    rng, labels = generator(seed, "few"), np.array(train.labels)
    rows = [rng.choice(np.flatnonzero(labels == one), count, False) for one in np.unique(labels)]
    return train.take(np.sort(np.concatenate(rows)).tolist())


def folds(every: Labelled, asked: argparse.Namespace) -> Iterator[Split]:
    """Stratified folds in a random order."""
    cut = StratifiedKFold(asked.folds, shuffle=True, random_state=asked.seed)
    for fold, (train, test) in enumerate(cut.split(every.texts, every.labels)):
        if fold < asked.most_folds:
            yield Split(every.take(train.tolist()), None, every.take(test.tolist()))


def classifier(split: Split, asked: argparse.Namespace) -> Said:
    """The classifier as `prismrec classify` trains it."""
    begun = time.process_time()
    settings = ClassifierSettings(mode=asked.mode, passes=asked.passes)
    valid = (split.valid.texts, split.valid.labels) if split.valid else None
    with every_core():
        made = fit_classifier(
            split.train.texts, split.train.labels, settings, valid=valid, seed=asked.seed
        )
    spent = time.process_time() - begun
    found = made.classify(split.test.texts)
    return Said(
        [one.label for one in found],
        [one.probability for one in found],
        list(split.test.labels),
        spent,
        made.facts
        | {"weights": {p.kind: w for p, w in zip(made.parts, made.weights, strict=True)}},
    )


def peer(counter: Callable[[], TfidfVectorizer], split: Split) -> Said:
    """TF-IDF and a linear support vector machine, scikit-learn's own settings; on everything that
    the classifier may learn from. Its margins are no probabilities, so that none are reported."""
    begun = time.process_time()
    train = split.train.joined(split.valid) if split.valid else split.train
    made = make_pipeline(counter(), LinearSVC(random_state=0)).fit(train.texts, train.labels)
    spent = time.process_time() - begun
    return Said(made.predict(split.test.texts).tolist(), [], list(split.test.labels), spent)


def row_of(task: str, way: str, said: Sequence[Said]) -> dict[str, Any]:
    """The figures over all folds together."""
    actual = [label for one in said for label in one.actual]
    predicted = [label for one in said for label in one.predicted]
    confidence = np.array([p for one in said for p in one.confidence])
    numbers = {label: place for place, label in enumerate(sorted({*actual, *predicted}))}
    a, p = (np.array([numbers[one] for one in side]) for side in (actual, predicted))
    correct = a == p
    row: dict[str, Any] = {"task": task, "way": way, "folds": len(said), "texts": len(actual)}
    row |= {"accuracy": round(float(correct.mean()), 4), "macro_f1": round(macro_f1(p, a), 4)}
    row["cpu_seconds"] = round(sum(one.seconds for one in said), 1)
    if len(confidence):
        row["calibration_error"] = round(expected_calibration_error(confidence, correct), 4)
        row["error"] = round(float(1 - correct.mean()), 4)
        row["error_left"] = {
            str(share): round(error_left(confidence, correct, share), 4) for share in (0.05, 0.1)
        }
    return row


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    told = f"{row['task']:22} {row['way']:28} accuracy {row['accuracy']:.4f} "
    told += f"macro F1 {row['macro_f1']:.4f} "
    if "calibration_error" in row:
        left = row["error_left"]["0.05"]
        told += f"calibration {row['calibration_error']:.4f} error {row['error']:.4f}, "
        told += f"{left:.4f} with 5% handed over "
    return told + f"({row['cpu_seconds']:.0f} s of CPU)"


if __name__ == "__main__":
    sys.exit(main())
