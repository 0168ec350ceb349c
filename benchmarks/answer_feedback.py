"""What feedback is worth: right answers before and after people said whether answers solved it.

    python -m benchmarks.answer_feedback [DATA] [--asked 1500] [--tested 600] [--part test]
                                         [--seed 0] [--json]

A collection is made of the 77 intents of `banking77`: the intent's name in words is the question
that an item answers, its answer a sentence that names it. Customers' questions of `train` come in
three rounds; each gets the desk's best answer, and the verdict says whether that was the right one:
nobody ever names another. After each round the desk learns from the verdicts. `curve` is a desk
that learned from the same verdicts how sure to be, and remembers none of them. Asked at the end
are questions of `--part`: `valid` is what constants were chosen on. Brier is the mean squared
error of the confidence; sent are answers at a confidence of 0.5 or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import prismrec as pr
from benchmarks.places import data_folder
from prismrec.collection import Collection
from prismrec.core import AnswerVerdict, generator
from prismrec.language.answers.remembered import Remembered
from prismrec.learning.answers import Desk

ROUNDS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each desk and round, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--asked", type=int, default=1500)
    parser.add_argument("--tested", type=int, default=600)
    parser.add_argument("--part", choices=("valid", "test"), default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    source = asked.data / "banking77"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bank = pr.fit(intents(source, folder), folder / "bank.prism")
        with bank:
            train = drawn(source / "train.parquet", asked.asked, asked.seed)
            test = drawn(source / f"{asked.part}.parquet", asked.tested, asked.seed)
            rows = measured(bank, train, test)
    for row in rows:
        print(json.dumps(row) if asked.json else "  ".join(f"{k} {v}" for k, v in row.items()))
    return 0


def intents(source: Path, folder: Path) -> Path:
    """A table of items: one for each intent."""
    labels = pl.read_parquet(source / "train.parquet")["label"].unique().sort().to_list()
    place = folder / "data"
    place.mkdir()
    rows = [
        {"item_id": label, "title": words, "description": f"This is how we help with {words}."}
        for label, words in ((str(one), str(one).replace("_", " ")) for one in labels)
    ]
    pl.DataFrame(rows).write_csv(place / "items.csv")
    return place


def drawn(table: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """(question, right answer) of a random part of a table."""
    rows = pl.read_parquet(table).select("text", "label").rows()
    order = generator(seed, "feedback", table.stem).permutation(len(rows))[:count]
    return [(str(rows[i][0]), str(rows[i][1])) for i in order]


def measured(
    bank: Collection, asked: list[tuple[str, str]], tested: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Figures before any feedback, after each round, and without remembering."""
    desk = Desk(bank)
    desk.learn()
    rows = [figures("before", desk, tested, 0)]
    size = -(-len(asked) // ROUNDS)
    for at in range(0, len(asked), size):
        said = [
            AnswerVerdict(text, item_id, item_id == right)
            for text, right in asked[at : at + size]
            if (item_id := desk.ask(text).item_id)
        ]
        bank.store.verdicts.add(said)
        desk = Desk(bank)
        desk.learn()
        rows.append(figures("feedback", desk, tested, at + len(said)))
    desk.remembered = Remembered(desk.reader, ())
    rows.append(figures("curve", desk, tested, len(asked)))
    return rows


def figures(name: str, desk: Desk, tested: list[tuple[str, str]], verdicts: int) -> dict[str, Any]:
    """The share of right answers at 1, and what their confidence is worth."""
    replies = [desk.ask(text) for text, _ in tested]
    right = np.array([r.item_id == label for r, (_, label) in zip(replies, tested, strict=True)])
    sure = np.array([reply.confidence for reply in replies])
    sent = sure >= 0.5
    return {
        "desk": name,
        "verdicts": verdicts,
        "answer_at_1": round(float(right.mean()), 4),
        "brier": round(float(np.mean((sure - right) ** 2)), 4),
        "sent": round(float(sent.mean()), 4),
        "right_of_sent": round(float(right[sent].mean()), 4) if sent.any() else None,
    }


if __name__ == "__main__":
    sys.exit(main())
