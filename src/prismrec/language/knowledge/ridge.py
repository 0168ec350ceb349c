"""Kernel ridge regression on labels, with the exact prediction of each row as if it were left out.

Rifkin and Lippert, "Notes on Regularized Least Squares", 2007: with `G` the inverse of `K + r I`
and `A = G Y`, the prediction of row i by all other rows is `Y_i - A_i / G_ii`, at no further cost.
What to trust is therefore measured on every labelled row, and none is set aside. Labels are sparse,
so that a value more costs what its rows cost, and not another column of `K`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core.arrays import Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Ridge"]


class Ridge:
    """The inverse of a `kernel` (l, l), positive semi-definite, which is overwritten, under a
    `penalty` above 0; any number of targets (l, c) can be fitted on it."""

    def __init__(self, kernel: Scores, penalty: float) -> None:
        from scipy.linalg import cho_factor
        from scipy.linalg.lapack import spotri

        kernel.flat[:: len(kernel) + 1] += penalty
        factor, _ = cho_factor(kernel.T, overwrite_a=True, check_finite=False)
        self._inverse: Scores = spotri(factor, overwrite_c=True)[0].T
        for row in range(1, len(kernel)):  # LAPACK gives the lower half alone
            self._inverse[:row, row] = self._inverse[row, :row]

    def weights(self, targets: csr_array[Any, Any]) -> Scores:
        """(l, c), so that `kernel @ weights` predicts other rows."""
        return np.asarray((targets.T @ self._inverse).T, np.float32)

    def spread(self, kernel: Scores) -> Scores:
        """(r, l) how far each labelled row counts for each of other rows, whose `kernel` (r, l)
        with them is given, so that `spread @ targets` predicts those: the same prediction, for less
        where there are more columns than rows."""
        return np.asarray(kernel @ self._inverse, np.float32)

    def left_out(self, targets: csr_array[Any, Any]) -> Scores:
        """(l, c) what all other rows say of each row."""
        alone = self.weights(targets) / -np.diag(self._inverse)[:, None]
        pairs = targets.tocoo()
        np.add.at(alone, (pairs.row, pairs.col), pairs.data)
        return np.ascontiguousarray(alone, np.float32)
