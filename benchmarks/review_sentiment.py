"""How well reviews are read as praise or complaint, and what that says of items, beside TF-IDF.

    python -m benchmarks.review_sentiment [DATA] [--part test] [--tested 6000] [--seed 0]

`chinese-reviews`: shopping reviews of ten categories, labelled positive or negative. A random third
teaches, a third is what was chosen on (`--part dev`), a third is reported; `--tested` reviews of
it are read. `rules` knows no label, `few` 100 reviews of each kind, `all` the whole third. Peers: a
linear support vector machine over TF-IDF of characters (one to three) of whole reviews, on the same
labels. A review in which nothing tells is half right. Items are made: 200 of 30 reviews of one
category, whose share of positive ones is drawn between 0.1 and 0.9; told is the mean absolute
error of the share of praise that is read, and its correlation with the true one.
No set at hand labels topics, so that these are not judged here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from benchmarks.places import data_folder
from prismrec.core import generator
from prismrec.core.arrays import Bools, Floats
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.reviews.sentiment import Review, Voice, by_ratings, by_rules, opinions_of

FEW, ITEMS, REVIEWS = 100, 200, 30


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line a way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--tested", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    table = pl.read_parquet(asked.data / "chinese-reviews" / "reviews.parquet").drop_nulls()
    order = generator(asked.seed, "reviews").permutation(len(table))
    third = len(table) // 3
    train = table[order[:third]]
    tested = table[order[third : 2 * third] if asked.part == "dev" else order[2 * third :]]
    truth = tested["label"].to_numpy()[: asked.tested] == 1
    texts = tested["review"].to_list()[: asked.tested]
    groups = items_of(tested, asked.seed)
    few = pl.concat([train.filter(pl.col("label") == kind).head(FEW) for kind in (0, 1)])
    report("rules", by_rules(), texts, truth, groups)
    for name, some in (("few", few), ("all", train)):
        rated = [Review("", r, float(x)) for r, x in some.select("review", "label").iter_rows()]
        voice = by_ratings(rated, ClassifierSettings(mode="words"), seed=asked.seed)
        assert voice is not None
        report(name, voice, texts, truth, groups)
        peer(f"peer, {name}", some, texts, truth, groups)
    return 0


def items_of(table: pl.DataFrame, seed: int) -> list[tuple[list[str], float]]:
    """Made items: their reviews, and the share of positive ones."""
    rng = generator(seed, "made items")
    kinds = table["category"].unique().sort().to_list()
    out = []
    for place in range(ITEMS):
        own = table.filter(pl.col("category") == kinds[place % len(kinds)])
        good, bad = (own.filter(pl.col("label") == x)["review"].to_list() for x in (1, 0))
        count = int(rng.binomial(REVIEWS, rng.uniform(0.1, 0.9)))
        chosen = [good[i] for i in rng.integers(len(good), size=count)]
        chosen += [bad[i] for i in rng.integers(len(bad), size=REVIEWS - count)]
        out.append((chosen, count / REVIEWS))
    return out


def report(
    name: str,
    voice: Voice,
    texts: Sequence[str],
    truth: Bools,
    groups: Sequence[tuple[list[str], float]],
) -> None:
    """Accuracy by review, and the error of the share by item."""
    chances = voice(texts)
    shares = []
    for reviews, _ in groups:
        heard = opinions_of([Review("x", text) for text in reviews], voice, name)
        shares.append(heard[0].share if heard else 0.5)
    told(name, right(chances - 0.5, truth), np.array(shares), groups)


def peer(
    name: str,
    train: pl.DataFrame,
    texts: Sequence[str],
    truth: Bools,
    groups: Sequence[tuple[list[str], float]],
) -> None:
    """The linear machine on whole reviews."""
    counted = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    machine = make_pipeline(counted, LinearSVC()).fit(train["review"], train["label"])
    shares = np.array([(machine.predict(reviews) == 1).mean() for reviews, _ in groups])
    told(name, right(machine.decision_function(texts), truth), shares, groups)


def right(scores: Floats, truth: Bools) -> float:
    """The share of reviews whose sign is right; no sign is half right."""
    return float(np.where(scores == 0, 0.5, (scores > 0) == truth).mean())


def told(
    name: str, accuracy: float, shares: Floats, groups: Sequence[tuple[list[str], float]]
) -> None:
    """One line."""
    true = np.array([share for _, share in groups])
    error, order = np.abs(shares - true).mean(), np.corrcoef(shares, true)[0, 1]
    print(f"{name:10} right {accuracy:.4f}; items: error {error:.4f}, correlation {order:.3f}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
