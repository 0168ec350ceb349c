"""Choosing how far to clip importance weights without knowing the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prismrec.core.arrays import Floats
from prismrec.exploration.estimators import Terms

__all__ = ["clipping_grid", "least_squared_error", "slope"]


def clipping_grid(weights: Floats, points: int = 12) -> list[float]:
    """Thresholds to try, largest first: infinity, then quantiles of the positive weights."""
    positive = weights[weights > 0]
    if len(positive) == 0:
        return [float("inf")]
    levels = np.quantile(positive, np.linspace(1.0, 0.0, points))
    return [float("inf"), *(float(level) for level in dict.fromkeys(levels.tolist()))]


def slope(estimates: Sequence[Terms], *, width: float = 1.0) -> int:
    """The index of the estimate to trust, of several whose bias grows while their variance shrinks.

    Give them least biased first. The last one whose interval still meets the intervals of all
    before it is taken: its bias is not yet visible beside the noise. `width` is the half-width in
    standard errors, twice over as the method asks. Su, Srinath and Krishnamurthy, "Adaptive
    estimator selection for off-policy evaluation" (SLOPE), ICML 2020, after Lepski.
    """
    low, high = -np.inf, np.inf
    for index, estimate in enumerate(estimates):
        half = 2.0 * width * estimate.standard_error
        low, high = max(low, estimate.value - half), min(high, estimate.value + half)
        if low > high:
            return index - 1
    return len(estimates) - 1


def least_squared_error(
    unbiased: Terms, grid: Sequence[float], made: Callable[[float], Terms]
) -> float:
    """The point of `grid` whose estimate has the least estimated mean squared error.

    Squared bias is the squared distance from `unbiased`, with the noise of that distance taken
    off, and variance is the squared standard error: the direct form of Su, Dimakopoulou,
    Krishnamurthy and Dudik, ICML 2020, section 5. Of equals, the first.
    """
    errors = []
    for point in grid:
        terms = made(point)
        gap = terms.each - unbiased.each
        noise = float(gap.var(ddof=1)) / len(gap) if len(gap) > 1 else 0.0
        errors.append(max(float(gap.mean()) ** 2 - noise, 0.0) + terms.standard_error**2)
    return grid[int(np.argmin(errors))]
