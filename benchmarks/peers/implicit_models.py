"""ALS of the library implicit (Hu, Koren and Volinsky, "Collaborative filtering for implicit
feedback datasets", 2008), its size and regularisation chosen on the validation cases.

How much these two matter: Rendle, Krichene, Zhang and Koren, "Revisiting the performance of iALS on
item recommendation benchmarks", RecSys 2022.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

from benchmarks.peers.task import Answer, Rows, Task, ndcg, popular, top

FACTORS = (64, 128, 256)
REGULARISATION = (0.01, 0.1, 1.0)
ALPHA = (1.0, 10.0)
ITERATIONS = 15
BATCH = 512


def als(task: Task) -> Answer:
    """The best of the grid, as far as the minutes go; `fit_seconds` is of the chosen one."""
    matrix = events(task)
    best: tuple[float, float, Any, dict[str, float]] | None = None
    spent, converged, curve = 0.0, True, []
    end = time.monotonic() + task.seconds
    for factors, penalty, alpha in itertools.product(FACTORS, REGULARISATION, ALPHA):
        if best is not None and time.monotonic() > end:
            converged = False
            break
        start = time.process_time()
        model = fitted(matrix, factors, penalty, alpha, task)
        seconds = time.process_time() - start
        spent += seconds
        figure = validated(model, task)
        curve.append((spent, figure))
        if best is None or figure > best[0]:
            chosen = {"factors": factors, "regularization": penalty, "alpha": alpha}
            best = figure, seconds, model, chosen | {"iterations": ITERATIONS}
    assert best is not None
    start = time.process_time()
    parts = [
        top(task, scores(best[2], rows, task), rows)
        for rows in (task.test[s : s + BATCH] for s in range(0, len(task.test), BATCH))
    ]
    seconds = time.process_time() - start
    return Answer(np.concatenate(parts), best[1], seconds, converged, best[3], curve)


def events(task: Task) -> csr_matrix:
    """(users, items) how often each training user had each item."""
    ones = np.ones(len(task.items), np.float32)
    shape = (int(task.users.max()) + 1, task.n_items)
    return csr_matrix((ones, (task.users, task.items)), shape)


def fitted(matrix: csr_matrix, factors: int, penalty: float, alpha: float, task: Task) -> Any:
    """One model."""
    model = AlternatingLeastSquares(
        factors=factors,
        regularization=penalty,
        alpha=alpha,
        iterations=ITERATIONS,
        random_state=int(task.plan["seed"]),
        num_threads=int(task.plan["threads"]),
    )
    model.fit(matrix, show_progress=False)
    return model


def scores(model: Any, rows: Rows, task: Task) -> np.ndarray:
    """(b, n) the scores of all items for each history, folded in; counts where it says nothing."""
    indptr = np.cumsum([0, *map(len, rows)])
    flat = np.concatenate(rows) if rows else np.zeros(0, np.int32)
    asked = csr_matrix((np.ones(len(flat), np.float32), flat, indptr), (len(rows), task.n_items))
    asked.sum_duplicates()
    people = model.recalculate_user(np.arange(len(rows)), asked)
    out = np.asarray(people @ model.item_factors.T, np.float32)
    out[~np.any(people, axis=1)] = popular(task)
    return out


def validated(model: Any, task: Task) -> float:
    """Mean nDCG@10 of the validation cases."""
    parts = []
    for start in range(0, len(task.validation), BATCH):
        rows = task.validation[start : start + BATCH]
        targets = task.targets[start : start + BATCH]
        parts.append(ndcg(task, scores(model, rows, task), rows, targets))
    return float(np.concatenate(parts).mean())
