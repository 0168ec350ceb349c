"""Our side of the exchange: a split goes out as Parquet, ranked lists come back as ranks."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.kept import cases_hash
from prismrec.core import BadInput, Cases, PrismError, Sequences, generator
from prismrec.evaluation.protocols import rank_lists
from prismrec.evaluation.ranks import Ranked
from prismrec.evaluation.run import Examination
from prismrec.models.validation import sampled

__all__ = ["LENGTH", "VERSION", "Order", "ask", "export", "validation_of"]

LENGTH = 100
"""How many items of each list come back."""
VALIDATION_CASES = 5_000
VERSION = "1"
"""Of what peers are asked and how they train: another makes what is kept out of date."""
SOURCE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Order:
    """Which peer, with which seed, for how many minutes at most (0: no bound), on how many
    threads."""

    peer: str
    seed: int = 0
    minutes: float = 0.0
    threads: int = 1


def ask(order: Order, exam: Examination, folder: Path, python: Path) -> tuple[Ranked, dict]:
    """Let the peer train and answer in the environment of `python`: the ranks of the test targets
    in its lists, and what it told (seconds, memory, curve, settings). What it answered to the same
    order before is taken again.

    Raises `PrismError` where the peer fails.
    """
    if not answered(order, exam, folder):
        _train(order, exam, folder, python)
    lists = np.load(folder / "lists.npy", allow_pickle=False)
    return ranked(lists, exam), json.loads((folder / "answer.json").read_text())


def answered(order: Order, exam: Examination, folder: Path) -> bool:
    """Whether the folder holds the answer to this order, as complete as its minutes allow."""
    if not (folder / "answer.json").is_file():
        return False
    before = json.loads((folder / "task.json").read_text())
    now, told = plan_of(order, exam), json.loads((folder / "answer.json").read_text())
    enough = told["converged"] or 0 < now["minutes"] <= before["minutes"]
    return enough and before | {"minutes": 0} == now | {"minutes": 0}


def _train(order: Order, exam: Examination, folder: Path, python: Path) -> None:
    for old in ("lists.npy", "answer.json"):
        (folder / old).unlink(missing_ok=True)
    export(order, exam, folder)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": str(order.threads)}
    command = [str(python), "-u", "-m", "benchmarks.peers.worker", str(folder.resolve())]
    with (folder / "log.txt").open("w") as log:
        done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode:
        raise PrismError(f"{order.peer} failed.", hint=f"Its output is in {folder / 'log.txt'}.")


def export(order: Order, exam: Examination, folder: Path) -> None:
    """Write what the peer may see: training events, validation cases, the histories of the test
    cases; no test target."""
    folder.mkdir(parents=True, exist_ok=True)
    _check(exam)
    train = exam.train.positives
    pq.write_table(pa.table({"user": train.rows, "item": train.items}), folder / "train.parquet")
    validation = validation_of(exam)
    columns = {"history": lists_of(validation.queries.histories), "target": validation.targets}
    pq.write_table(pa.table(columns), folder / "validation.parquet")
    test = pa.table({"history": lists_of(exam.test.queries.histories)})
    pq.write_table(test, folder / "test.parquet")
    (folder / "task.json").write_text(json.dumps(plan_of(order, exam), indent=1))


def plan_of(order: Order, exam: Examination) -> dict[str, Any]:
    """What is asked, next to the tables."""
    return asdict(order) | {
        "split": exam.split,
        "repeats": exam.rule.repeats,
        "items": exam.train.n_items,
        "k": LENGTH,
        "version": VERSION,
        "cases": cases_hash(exam.test),
    }


def validation_of(exam: Examination) -> Cases:
    """The validation cases that everybody stops by: the same for our models and for peers."""
    if exam.validation is None or not len(exam.validation):
        raise BadInput(f"{exam.data} has no validation case.", hint="Choose another split.")
    return sampled(exam.validation, VALIDATION_CASES, generator(0, "peers", "validation"))


def ranked(lists: np.ndarray, exam: Examination) -> Ranked:
    """The ranks of the test targets in a peer's lists (cases, at most LENGTH)."""
    if len(lists) != len(exam.test):
        raise BadInput(
            f"The peer answered {len(lists):,} of {len(exam.test):,} cases.",
            hint="Answer every test case, in order.",
        )
    padded = np.full((len(lists), LENGTH), -1, np.int32)
    padded[:, : lists.shape[1]] = lists
    return rank_lists(padded, exam.test, exam.rule)


def lists_of(histories: Sequences) -> pa.ListArray:
    """Histories as a column of lists, oldest item first."""
    return pa.ListArray.from_arrays(pa.array(histories.indptr, pa.int32()), histories.items)


def _check(exam: Examination) -> None:
    """A peer knows two rules: the whole history is out, or nothing is."""
    histories = exam.test.queries.histories
    removed = len(exam.rule.removed(exam.test.queries).items)
    if removed not in (0, len(histories.items)) or (removed == 0) != exam.rule.repeats:
        raise BadInput(
            f"{exam.data} removes part of a history, which peers cannot.",
            hint="Compare with peers where all events are consumed, or none is.",
        )
