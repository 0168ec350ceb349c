"""Is the difference real? Intervals and tests that respect that one person makes many cases.

Cases of one user are not independent draws, so whole users are resampled (the cluster bootstrap:
Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8), and whole users
change sides in the paired test (the sign-flip permutation test; for retrieval, Smucker, Allan and
Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
CIKM 2007). A mean over cases is a ratio of sums over clusters, so each resample costs one product
of a vector of counts with a small matrix, for all metrics and models at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats, Positions

__all__ = [
    "Difference",
    "Totals",
    "bootstrap_means",
    "interval",
    "paired",
    "pooled",
    "totals",
    "wilson",
]

_BLOCK = 64  # resamples at once: bounds memory at 64 x clusters


@dataclass(frozen=True)
class Totals:
    """Per-cluster sums: `sums` (clusters, columns) and the number of cases `counts` (clusters,)."""

    sums: Floats
    counts: Floats

    @property
    def means(self) -> Floats:
        """The mean over cases of every column, (columns,)."""
        return np.asarray(self.sums.sum(axis=0) / max(self.counts.sum(), 1.0))


@dataclass(frozen=True)
class Difference:
    """`mean` of a minus b, its interval `low` to `high`, and the two-sided `p` of no difference."""

    mean: float
    low: float
    high: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def totals(values: Floats, clusters: Positions) -> Totals:
    """Sum `values` (cases, columns) or (cases,) by cluster; (cases,) `clusters` are any integers.

    NaN says that a case has no value in a column: give only columns without it.
    """
    values = np.asarray(values, np.float64).reshape(len(clusters), -1)
    _, which, counts = np.unique(clusters, return_inverse=True, return_counts=True)
    sums = [np.bincount(which, column, len(counts)) for column in values.T]
    return Totals(np.stack(sums, axis=1), counts.astype(np.float64))


def bootstrap_means(data: Totals, resamples: int, rng: np.random.Generator) -> Floats:
    """Means of every column when clusters are drawn with replacement, (resamples, columns).

    One draw serves all columns, so differences of columns are paired.
    """
    both = np.column_stack([data.sums, data.counts])
    drawn = np.concatenate([w @ both for w in _weights(len(both), resamples, rng)])
    return np.asarray(drawn[:, :-1] / drawn[:, -1:])


def interval(draws: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of `draws` (resamples,)."""
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)


def paired(
    a: Floats,
    b: Floats,
    clusters: Positions,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Difference:
    """`a` minus `b`, both (cases,) over the same cases: interval by bootstrap, p by sign flips."""
    data = totals(np.asarray(a, np.float64) - np.asarray(b, np.float64), clusters)
    return pooled([data], rng, resamples=resamples, confidence=confidence)


def pooled(
    differences: Sequence[Totals],
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Difference:
    """One verdict over several data sets, each with the same say however many cases it has.

    `differences` are `totals(a - b, clusters)` of each set, one column each. The mean is the mean
    of the sets' means; users are resampled, and change sides, within their own set.
    """
    if not differences:
        raise BadInput("There is nothing to compare.", hint="Give at least one data set.")
    share = 1.0 / len(differences)
    mean = share * sum(float(data.means[0]) for data in differences)
    draws, flipped = np.zeros(resamples), np.zeros(resamples)
    for data in differences:
        draws += share * bootstrap_means(data, resamples, rng)[:, 0]
        flipped += share * _flipped_means(data, resamples, rng)
    low, high = interval(draws, confidence)
    # The data themselves are one of the arrangements, so p is never 0 (Phipson and Smyth 2010).
    as_far = int(np.count_nonzero(np.abs(flipped) >= abs(mean) * (1.0 - 1e-12)))
    return Difference(mean, low, high, (as_far + 1) / (resamples + 1))


def wilson(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share of independent trials; (0, 1) where there is none.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    if trials <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2.0) / (1.0 + spread)
    half = z / (1.0 + spread) * np.sqrt(share * (1 - share) / trials + spread / (4.0 * trials))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _weights(clusters: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each cluster is drawn, (up to _BLOCK, clusters) at a time."""
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        drawn = rng.integers(0, clusters, (size, clusters), dtype=np.int32)
        rows = [np.bincount(row, minlength=clusters) for row in drawn]
        yield np.asarray(rows, np.float64)


def _flipped_means(data: Totals, resamples: int, rng: np.random.Generator) -> Floats:
    """Means after the difference of every cluster took a random sign, (resamples,)."""
    sums, n = data.sums[:, 0], max(data.counts.sum(), 1.0)
    out = []
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        heads = rng.integers(0, 2, (size, len(sums)), dtype=np.int8)
        out.append((2.0 * (heads @ sums) - sums.sum()) / n)
    return np.concatenate(out)
