"""How soon the monitor finds a surge of complaints, and how often it cries wolf.

    python -m benchmarks.monitoring [DATA] [--months 200] [--surges 400] [--train 20000] [--seed 0]
        [--json]

Real Chinese shopping reviews: a classifier of sentiment (`prismrec classify --mode words`) learns
from some; streams are drawn from the others with replacement, 1,000 a day, 15% of them negative.
The first 3,000 texts of each stream are the baseline. False alarms are counted over the 27 days
after it of months in which nothing happens; surges of x1.5, x2 and x4 begin right after it.
`perfect` is the same with the true labels in place of the classifier; `mean rule` is a peer on the
classifier's own labels: alarm when the share of negatives among the last 200 texts is more than 4
standard errors above that of the baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.core.arrays import Bools, Floats, Longs
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.monitor.rise import advanced, stakes
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.shift import at_rates, rates_of

RATE, A_DAY, DAYS, LONGEST = 0.15, 1_000, 30, 2_000
SURGES = (1.5, 2.0, 4.0)
NEGATIVE = "0"
WINDOW, ERRORS = 200, 4.0
SETTINGS = MonitorSettings()

Watch = Callable[[Longs, Longs], Longs]
"""Baselines (s, b) and streams (s, n), numbers of texts, to where each alarm was, (s, n) 0 or 1."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a way, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    for name, usual in (("months", 200), ("surges", 400), ("train", 20_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    classifier, texts, negative = world(asked)
    found = classifier.probabilities(texts)
    place = classifier.labels.index(NEGATIVE)
    accuracy = float(((found.argmax(axis=1) == place) == negative).mean())
    rows = []
    for name, watch in ways(found, place, classifier, negative).items():
        row = {"way": name, "classifier_accuracy": round(accuracy, 4)}
        row |= measured(watch, negative, asked)
        rows.append(row)
        if not asked.json:
            print(line(row), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def world(asked: argparse.Namespace) -> tuple[TextClassifier, list[str], Bools]:
    """The classifier, and the texts it has not seen with whether each is negative."""
    table = pl.read_parquet(asked.data / "chinese-reviews" / "reviews.parquet").drop_nulls()
    order = generator(asked.seed, "monitoring").permutation(len(table))
    texts, labels = table["review"].to_list(), table["label"].cast(pl.String).to_list()
    known, rest = order[: asked.train], order[asked.train :]
    classifier = fit_classifier(
        [texts[i] for i in known], [labels[i] for i in known], ClassifierSettings(mode="words")
    )
    return classifier, [texts[i] for i in rest], np.array([labels[i] == NEGATIVE for i in rest])


def ways(
    found: Floats, place: int, classifier: TextClassifier, negative: Bools
) -> dict[str, Watch]:
    """Every way to watch, by name."""
    trained = np.array(classifier.facts["shares"])
    named = (found.argmax(axis=1) == place).astype(np.float64)
    return {
        "monitor": lambda before, stream: by_bets(*turned(found, trained, place, before, stream)),
        "perfect": lambda before, stream: by_bets(
            negative[before].astype(np.float64), negative[stream].astype(np.float64)
        ),
        "mean rule": lambda before, stream: by_window(named[before], named[stream]),
    }


def turned(
    found: Floats, trained: Floats, place: int, before: Longs, stream: Longs
) -> tuple[Floats, Floats]:
    """What the monitor takes a text for, in each baseline and stream."""
    values = []
    for early, late in zip(before, stream, strict=True):
        rates = rates_of(found[early], trained, SETTINGS.least_rate)
        values.append([at_rates(found[rows], trained, rates)[:, place] for rows in (early, late)])
    return np.stack([early for early, _ in values]), np.stack([late for _, late in values])


def by_bets(before: Floats, stream: Floats) -> Longs:
    """The monitor's own arithmetic, all streams at once; after an alarm evidence starts anew."""
    usual = before.mean(axis=1) + before.std(axis=1) / np.sqrt(before.shape[1])
    bets = np.stack([stakes(float(rate), SETTINGS.ratios) for rate in usual])  # (s, k)
    evidence, alarms = np.zeros_like(bets), np.zeros(stream.shape, np.int64)
    for at in range(stream.shape[1]):
        evidence = advanced(evidence, stream[:, at, None], usual[:, None], bets)
        hit = evidence.mean(axis=1) >= SETTINGS.texts_between_false_alarms
        alarms[hit, at] = 1
        evidence[hit] = 0
    return alarms


def by_window(before: Floats, stream: Floats) -> Longs:
    """Alarm where the mean of a window is too high; the next one a window later at the soonest."""
    usual = before.mean(axis=1, keepdims=True)
    limit = usual + ERRORS * np.sqrt(usual * (1 - usual) / WINDOW)
    sums = np.cumsum(np.concatenate([before[:, -WINDOW:], stream], axis=1), axis=1)
    means = (sums[:, WINDOW:] - sums[:, :-WINDOW]) / WINDOW
    alarms, last = np.zeros(stream.shape, np.int64), np.full(len(stream), -WINDOW)
    for at in range(stream.shape[1]):
        hit = (means[:, at] > limit[:, 0]) & (at - last >= WINDOW)
        alarms[hit, at] = 1
        last[hit] = at
    return alarms


def measured(watch: Watch, negative: Bools, asked: argparse.Namespace) -> dict[str, Any]:
    """False alarms a month, and for each surge the share found and the delay in texts."""
    rng = generator(asked.seed, "monitoring", "streams")
    calm = A_DAY * DAYS - SETTINGS.baseline
    alarms = []
    for _ in range(0, asked.months, 50):  # memory: 50 months at once
        before, stream = (draw(negative, rng, 50, n, RATE) for n in (SETTINGS.baseline, calm))
        alarms.append(watch(before, stream).sum(axis=1))
    counts = np.concatenate(alarms)[: asked.months]
    row: dict[str, Any] = {
        "months": len(counts),
        "false_alarms_a_month": round(float(counts.mean()), 3),
        "interval": round(float(1.96 * counts.std() / np.sqrt(len(counts))), 3),
    }
    for ratio in SURGES:
        before = draw(negative, rng, asked.surges, SETTINGS.baseline, RATE)
        stream = draw(negative, rng, asked.surges, LONGEST, RATE * ratio)
        hits = watch(before, stream)
        found, delay = hits.any(axis=1), hits.argmax(axis=1) + 1
        row[f"x{ratio:g}"] = {
            "found": round(float(found.mean()), 3),
            "mean_delay": round(float(delay[found].mean()), 1) if found.any() else None,
            "median_delay": float(np.median(delay[found])) if found.any() else None,
            "within_200": round(float((found & (delay <= 200)).mean()), 3),
        }
    return row


def draw(negative: Bools, rng: np.random.Generator, streams: int, n: int, rate: float) -> Longs:
    """(streams, n) numbers of texts, each negative with probability `rate`."""
    bad, good = np.flatnonzero(negative), np.flatnonzero(~negative)
    wished = rng.random((streams, n)) < rate
    return np.where(wished, rng.choice(bad, wished.shape), rng.choice(good, wished.shape)).astype(
        np.int64
    )


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    told = f"{row['way']:10} {row['false_alarms_a_month']:.2f} false alarms a month"
    for ratio in SURGES:
        one = row[f"x{ratio:g}"]
        told += f"  x{ratio:g}: {one['found']:.0%} found, median {one['median_delay']} texts,"
        told += f" {one['within_200']:.0%} within 200"
    return told


if __name__ == "__main__":
    sys.exit(main())
