"""Learning a classifier from a folder of labelled tables; measuring it on texts it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prismrec.core import BadInput
from prismrec.core.classes import error_left, macro_f1
from prismrec.core.probabilities import expected_calibration_error
from prismrec.data.labelled import Labelled, find_table, read_labelled
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.settings import LanguageSettings
from prismrec.threads import every_core

__all__ = ["Learned", "learn_classifier", "measured"]

HANDED_OVER = 0.05
"""The share of the test texts that a person decides in the figures of a report."""


@dataclass(frozen=True)
class Learned:
    """A `classifier`, and the `report` of what it does on the test texts, which is JSON."""

    classifier: TextClassifier
    report: dict[str, Any]


def learn_classifier(
    folder: Path,
    settings: ClassifierSettings | None = None,
    language: LanguageSettings | None = None,
    *,
    seed: int = 0,
) -> Learned:
    """Train on the table `train` of `folder`, weigh on `valid` where there is one (else on a part
    of `train`), and measure on `test`, once.

    Raises `BadInput` where `train` or `test` is missing or cannot be used.
    """
    tables = {name: find_table(folder, name) for name in ("train", "valid", "test")}
    missing = [name for name in ("train", "test") if tables[name] is None]
    if missing:
        raise BadInput(
            f"{folder} has no table {' and no table '.join(missing)}.",
            hint="Put train.csv and test.csv there (or .jsonl, .parquet) with text and label.",
        )
    read = {name: read_labelled(path) for name, path in tables.items() if path is not None}
    valid = read.get("valid")
    with every_core():
        classifier = fit_classifier(
            read["train"].texts,
            read["train"].labels,
            settings,
            language,
            valid=(valid.texts, valid.labels) if valid else None,
            seed=seed,
        )
    left_out = {name: table.left_out for name, table in read.items()}
    return Learned(classifier, measured(classifier, read["test"]) | {"left_out": left_out})


def measured(classifier: TextClassifier, test: Labelled) -> dict[str, Any]:
    """Accuracy, macro F1, expected calibration error (15 bins) of the likeliest label, and what is
    left of the errors once a person decides the least certain texts. A label never trained counts
    as an error."""
    found = classifier.probabilities(test.texts)
    numbers = {label: place for place, label in enumerate(classifier.labels)}
    for label in test.labels:
        numbers.setdefault(label, len(numbers))
    actual = np.array([numbers[label] for label in test.labels], np.int64)
    predicted, best = found.argmax(axis=1), found.max(axis=1)
    correct = predicted == actual
    return {
        "accuracy": float(correct.mean()),
        "macro_f1": macro_f1(predicted, actual),
        "calibration_error": expected_calibration_error(best, correct),
        "fit_seconds": classifier.facts["fit_seconds"],
        "encoder": classifier.facts["encoder"],
        "test_texts": len(test),
        "labels": len(classifier.labels),
        "hand_over": {
            "share": HANDED_OVER,
            "threshold": classifier.threshold(HANDED_OVER),
            "error": float(1 - correct.mean()),
            "error_left": error_left(best, correct, HANDED_OVER),
        },
        "weights": {
            part.kind: weight
            for part, weight in zip(classifier.parts, classifier.weights, strict=True)
        },
        "training": classifier.facts,
    }
