"""Names for the array types that the contracts speak of; shapes stand in the docstrings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Longs", "Positions", "Scores", "Vectors"]

Positions = npt.NDArray[np.int32]
"""Item or user positions; -1 means none."""
Longs = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Vectors = npt.NDArray[np.float32]
"""One row a thing; a row of zeros means that the thing has no such vector."""
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
