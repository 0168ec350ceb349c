"""What a peer is asked, as it reads it in its own environment; needs numpy and pyarrow alone."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

__all__ = ["Answer", "Rows", "Task", "ndcg", "popular", "read_task", "top"]

Rows = list[np.ndarray]
"""A history each: item positions, oldest first."""


@dataclass(frozen=True)
class Task:
    """One set of cases.

    `users` and `items` (events,) are the training events, sorted by user and time; `validation`
    and `test` the histories of the cases, `targets` (validation cases,) what came next. Items of a
    history do not come back unless `repeats`. `plan` holds the peer's name, the split, the seed,
    the minutes it may train (0: no bound), the threads, and how long the lists are.
    """

    plan: dict[str, Any]
    users: np.ndarray
    items: np.ndarray
    validation: Rows
    targets: np.ndarray
    test: Rows

    @property
    def n_items(self) -> int:
        return int(self.plan["items"])

    @property
    def repeats(self) -> bool:
        return bool(self.plan["repeats"])

    @property
    def seconds(self) -> float:
        """How long it may train, by the clock on the wall."""
        return float(self.plan["minutes"]) * 60 or float("inf")


@dataclass(frozen=True)
class Answer:
    """`lists` (test cases, k) int32 item positions, best first, -1 where there are fewer; what it
    took in seconds of the processor, the curve of (training seconds so far, validation nDCG@10),
    and whether it `converged` or its minutes were over first."""

    lists: np.ndarray
    fit_seconds: float
    rank_seconds: float
    converged: bool
    settings: dict[str, Any]
    curve: list[tuple[float, float]] = field(default_factory=list)


def read_task(folder: Path) -> Task:
    """The task that `exchange.export` wrote."""
    plan = json.loads((folder / "task.json").read_text())
    train = pq.read_table(folder / "train.parquet")
    validation = pq.read_table(folder / "validation.parquet")
    return Task(
        plan,
        train.column("user").to_numpy(),
        train.column("item").to_numpy(),
        _rows(validation),
        validation.column("target").to_numpy(),
        _rows(pq.read_table(folder / "test.parquet")),
    )


def _rows(table: Any) -> Rows:
    column = table.column("history").combine_chunks()
    flat, ends = column.values.to_numpy(), column.offsets.to_numpy()
    return [flat[start:stop] for start, stop in itertools.pairwise(ends)]


def popular(task: Task) -> np.ndarray:
    """(n_items,) how often each item was trained on: what is left to say of unknown histories."""
    return np.bincount(task.items, minlength=task.n_items).astype(np.float32)


def masked(task: Task, scores: np.ndarray, histories: Rows) -> np.ndarray:
    """`scores` (b, n), in place, without what may not come back."""
    if not task.repeats:
        for row, history in zip(scores, histories, strict=True):
            row[history] = -np.inf
    return scores


def top(task: Task, scores: np.ndarray, histories: Rows) -> np.ndarray:
    """The best items of every row (b, k), equal scores in order of position."""
    k = min(int(task.plan["k"]), task.n_items)
    scores = masked(task, scores, histories)
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    best.sort(axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    lists = np.take_along_axis(best, order, axis=1).astype(np.int32)
    lists[~np.isfinite(np.take_along_axis(values, order, axis=1))] = -1
    return lists


def ndcg(task: Task, scores: np.ndarray, histories: Rows, targets: np.ndarray) -> np.ndarray:
    """nDCG@10 of each case (b,), over all items; a target that may not come back is a miss."""
    right = masked(task, scores, histories)[np.arange(len(targets)), targets]
    rank = 1 + np.count_nonzero(scores > right[:, None], axis=1)
    found = np.isfinite(right) & (rank <= 10)
    return np.where(found, 1 / np.log2(rank + 1), 0.0)
