"""What fine-tuning a language model as a ranker is worth: zero-shot, head only, fine-tuned.

    python -m benchmarks.text_ranker [DATA] [--set beauty] [--users 200] [--candidates 30]
        [--pairs 1000] [--epochs 2] [--history 3] [--item-tokens 20] [--modes frozen,lora] [--json]

The same users and candidates for all: test cases drawn at random, each with its target and items
drawn in proportion to count^0.75 that the user has not had. Training reads a sample of acted pairs,
stops by validation cases, and never sees a test case. Intervals of 95% resample users.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import generator
from prismrec.evaluation.evaluate import Plan, Prepared, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.significance import pooled, totals
from prismrec.language.find import find_encoder
from prismrec.language.settings import DEFAULT_ENCODER
from prismrec.models.text_ranker.comparison import (
    Judged,
    Shortlists,
    draw_shortlists,
    judge_ranker,
    judge_zero_shot,
)
from prismrec.models.text_ranker.ranker import fit_text_ranker
from prismrec.models.text_ranker.settings import TextRankerSettings
from prismrec.threads import every_core


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each way, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--set", default="beauty", choices=SETS)
    for name, usual in (("users", 200), ("candidates", 30), ("pairs", 1000), ("epochs", 2)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--history", type=int, default=3)
    parser.add_argument("--item-tokens", type=int, default=20)
    parser.add_argument("--modes", default="frozen,lora")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    rows = []
    for row in measured(asked):
        rows.append(row)
        if not asked.json:
            print(line(row), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def measured(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row a way: its figures, their differences from zero-shot, and what it took."""
    split, repeats = SETS[asked.set]
    with every_core():
        ready = prepare(
            asked.data / asked.set, Plan(split=split, repeats=repeats, seed=asked.seed), Settings()
        )
    lists = shortlists(ready, asked)
    vectors = ready.exam.train.features.text_vectors
    assert vectors is not None, "a set with texts"
    zero = judge_zero_shot(vectors, lists, asked.history)
    yield row_of("zero-shot", zero, None, lists, 0.0, [])
    for mode in asked.modes.split(","):
        yield trained(mode, ready, lists, zero, asked)


def trained(
    mode: str, ready: Prepared, lists: Shortlists, zero: Judged, asked: argparse.Namespace
) -> dict[str, Any]:
    """The row of a ranker trained in this mode."""
    begun = time.process_time()
    figures: list[float] = []
    ranker = fit_text_ranker(
        folder(),
        ready.catalogue.texts(),
        ready.exam.train,
        generator(asked.seed, "text ranker", mode),
        settings(asked, mode),
        validation=ready.exam.validation,
        report=lambda epoch, loss, figure: figures.append(round(figure, 4)),
    )
    spent = time.process_time() - begun
    return row_of(mode, judge_ranker(ranker, lists), zero, lists, spent, figures)


def shortlists(ready: Prepared, asked: argparse.Namespace) -> Shortlists:
    """The users and candidates that all ways are judged on."""
    test = ready.exam.test
    cases = test.take(np.flatnonzero(headline(test)))
    rng = generator(asked.seed, "shortlists")
    chosen = np.sort(rng.choice(len(cases), min(asked.users, len(cases)), replace=False))
    return draw_shortlists(
        cases.take(chosen), ready.exam.train, asked.candidates, settings(asked, "frozen"), rng
    )


def settings(asked: argparse.Namespace, mode: str) -> TextRankerSettings:
    """As asked for on the command line."""
    return TextRankerSettings(
        mode=mode,
        history=asked.history,
        item_tokens=asked.item_tokens,
        pairs=asked.pairs,
        epochs=asked.epochs,
    )


def folder() -> Path:
    """The default text encoder's."""
    tried: list[str] = []
    found = find_encoder(DEFAULT_ENCODER, Settings().language, tried)
    if found is None:
        raise SystemExit(f"{DEFAULT_ENCODER} is not here: {'; '.join(tried)}")
    return found.path


def row_of(
    way: str,
    judged: Judged,
    zero: Judged | None,
    lists: Shortlists,
    spent: float,
    figures: list[float],
) -> dict[str, Any]:
    """Figures, and where `zero` is given the differences from it with their intervals."""
    row: dict[str, Any] = {
        "way": way,
        "users": len(lists.cases),
        "candidates": int(lists.items.shape[1]),
        "figures": judged.means(),
        "cpu_seconds": round(spent, 1),
        "validation_log_loss": figures,
    }
    if zero is not None:
        row["against_zero_shot"] = {}
        for name, values in judged.values.items():
            gap = totals(values - zero.values[name], lists.cases.clusters)
            found = pooled([gap], generator(0, "text ranker", way, name))
            row["against_zero_shot"][name] = [found.mean, found.low, found.high]
    return row


def line(row: dict[str, Any]) -> str:
    """A row as text."""
    figures = "  ".join(f"{name} {value:.4f}" for name, value in row["figures"].items())
    gap = row.get("against_zero_shot", {}).get("ndcg@10")
    told = f"  ndcg@10 {gap[0]:+.4f} ({gap[1]:+.4f} to {gap[2]:+.4f})" if gap else ""
    return f"{row['way']:10} {figures}{told}  {row['cpu_seconds']:.0f} s of CPU"


if __name__ == "__main__":
    sys.exit(main())
