"""Kernel ridge regression on labels, with the exact prediction of each row as if it were left out.

Rifkin and Lippert, "Notes on Regularized Least Squares", 2007: with `G` the inverse of `K + r I`
and `A = G Y`, the prediction of row i by all other rows is `Y_i - A_i / G_ii`, at no further cost.
What to trust is therefore measured on every labelled row, and none is set aside.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Scores

__all__ = ["Ridge"]


class Ridge:
    """The inverse of a `kernel` (l, l), positive semi-definite, under a `penalty` above 0; any
    number of targets can be fitted on it."""

    def __init__(self, kernel: Scores, penalty: float) -> None:
        from scipy.linalg import cho_factor, cho_solve

        factor = cho_factor(kernel + np.eye(len(kernel), dtype=np.float32) * np.float32(penalty))
        self._inverse = cho_solve(factor, np.eye(len(kernel), dtype=np.float32))

    def fit(self, targets: Scores) -> tuple[Scores, Scores]:
        """For `targets` (l, c): weights (l, c), so that `kernel @ weights` predicts other rows, and
        what all other rows say of each row, (l, c)."""
        weights = np.asarray(self._inverse @ targets, np.float32)
        left_out = targets - weights / np.diag(self._inverse)[:, None]
        return weights, left_out
