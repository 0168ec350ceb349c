"""Names for the array types that the contracts speak of; shapes stand in the docstrings. And how a
table grows."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Longs", "Positions", "Scores", "Vectors", "with_rows"]

Positions = npt.NDArray[np.int32]
"""Item or user positions; -1 means none."""
Longs = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float32]
"""One row a thing; a row of zeros means that the thing has no such vector."""
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)


def with_rows(
    table: npt.NDArray[Number], n: int, places: Positions | Longs, rows: npt.NDArray[Number]
) -> npt.NDArray[Number]:
    """A copy of `table` with `n` rows, of which those at `places` are `rows`, any other new one
    zeros."""
    out = np.zeros((n, *rows.shape[1:]), table.dtype)
    out[: len(table)] = table
    out[places] = rows
    return out
