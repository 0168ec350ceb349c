"""How far an off-policy estimate may be from the truth.

The bootstrap is the narrow one and right in the limit; empirical Bernstein holds at every sample
size for bounded terms; the confidence sequence holds at all times at once, so that a running
comparison may be looked at after every event.
"""

from __future__ import annotations

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats
from prismrec.exploration.estimators import Terms

__all__ = ["bootstrap", "confidence_sequence", "empirical_bernstein", "normal", "percentiles"]

_CELLS = 4_000_000  # counts held at once by the bootstrap


def bootstrap(
    terms: Terms,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval over rounds drawn with replacement.

    Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979. Weights of
    self-normalised estimators are resampled with their rounds.
    """
    n = len(terms)
    block = max(1, _CELLS // max(n, 1))
    draws = [
        terms.values(_counts(n, min(block, resamples - at), rng))
        for at in range(0, resamples, block)
    ]
    return percentiles(np.concatenate(draws), confidence=confidence)


def percentiles(draws: Floats, *, confidence: float = 0.95) -> tuple[float, float]:
    """The middle `confidence` of what resamples gave, (resamples,)."""
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)


def normal(terms: Terms, *, confidence: float = 0.95) -> tuple[float, float]:
    """Estimate and normal quantile times its standard error, the central limit theorem's answer."""
    from statistics import NormalDist

    half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * terms.standard_error
    return terms.value - half, terms.value + half


def empirical_bernstein(
    values: Floats, bounds: tuple[float, float], *, confidence: float = 0.95
) -> tuple[float, float]:
    """An interval of the mean of independent `values` (n,) that lie within `bounds`, at every n.

    Maurer and Pontil, "Empirical Bernstein bounds and sample variance penalization", COLT 2009,
    theorem 4 on both sides. For IPS the bounds are those of weight times reward, which follow from
    the policies: the largest weight in the log is not one.
    """
    values, low, high = _bounded(values, bounds)
    n = len(values)
    if n < 2:
        return low, high
    spread = float(values.var(ddof=1))
    depth = np.log(4.0 / (1.0 - confidence))
    half = np.sqrt(2.0 * spread * depth / n) + 7.0 * (high - low) * depth / (3.0 * (n - 1))
    mean = float(values.mean())
    return max(low, float(mean - half)), min(high, float(mean + half))


def confidence_sequence(
    values: Floats, bounds: tuple[float, float], *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (n,) of the mean after each of `values` (n,), valid all at once.

    With probability `confidence` the mean lies within every one of them, so a test may be stopped
    whenever one looks: the predictable plug-in empirical Bernstein confidence sequence of
    Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 2024,
    theorem 2, its running intersection. Values need only have the same mean given the past.
    """
    values, low, high = _bounded(values, bounds)
    if not high > low:
        return values.copy(), values.copy()
    x, alpha = (values - low) / (high - low), 1.0 - confidence
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    spreads = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    mean_before, spread_before = np.r_[0.5, means[:-1]], np.r_[0.25, spreads[:-1]]
    bet = np.sqrt(2.0 * np.log(2.0 / alpha) / (spread_before * t * np.log1p(t)))
    bet = np.minimum(bet, 0.5)
    cost = 4.0 * (x - mean_before) ** 2 * (-np.log1p(-bet) - bet) / 4.0
    total = np.cumsum(bet)
    middle, half = np.cumsum(bet * x) / total, (np.log(2.0 / alpha) + np.cumsum(cost)) / total
    lower = np.maximum.accumulate(np.maximum(middle - half, 0.0))
    upper = np.minimum.accumulate(np.minimum(middle + half, 1.0))
    return low + (high - low) * lower, low + (high - low) * upper


def _counts(n: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each of n rounds is drawn, (resamples, n), as floats so that BLAS multiplies."""
    drawn = rng.integers(0, n, (resamples, n), dtype=np.int64)
    return np.stack([np.bincount(row, minlength=n) for row in drawn]).astype(np.float64)


def _bounded(values: Floats, bounds: tuple[float, float]) -> tuple[Floats, float, float]:
    """The values as float64 with their bounds; `BadInput` where one lies outside."""
    values, (low, high) = np.asarray(values, np.float64), bounds
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    if not bool(np.all((values >= low - slack) & (values <= high + slack))):
        raise BadInput(
            f"A value lies outside of its bounds {low:g} to {high:g}.",
            hint="Give the bounds of what could have happened: weight times reward for IPS.",
        )
    return np.clip(values, low, high), low, high
