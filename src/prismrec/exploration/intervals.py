"""How far an off-policy estimate may be from the truth.

The bootstrap is the narrow one and right in the limit; empirical Bernstein holds at every sample
size for bounded rewards, however large the weights; the confidence sequence holds at all times at
once, so that a running comparison may be looked at after every event. All of them suppose that rows
are independent; where a person has several rounds, `Terms.by` makes a row of each person.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.estimators import Terms
from prismrec.exploration.people import sums_by

__all__ = [
    "bernstein_by_person",
    "bootstrap",
    "bootstraps",
    "confidence_sequence",
    "empirical_bernstein",
    "lower_sequence",
    "normal",
    "value_sequence",
]

_CELLS = 4_000_000  # counts held at once by the bootstrap
_MOST_BET = 0.5


def bootstrap(
    terms: Terms,
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """The interval of one estimate; see `bootstraps`."""
    return bootstraps([terms], rng, resamples=resamples, confidence=confidence)[0]


def bootstraps(
    found: Sequence[Terms],
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> list[tuple[float, float]]:
    """The studentised interval (bootstrap-t) of each of several estimates from the same n rounds,
    over rounds drawn with replacement, the same for all.

    Every resample is measured in its own standard errors, so that the interval leans to the side
    where rare large weights would show: the percentile interval of IPS misses there. Efron and
    Tibshirani, "An introduction to the bootstrap", 1993, section 12.5. A log in which too few
    rounds matter for resamples to have a spread gets the estimate itself on that side.
    """
    n = len(found[0])
    if n < 2:
        return [(terms.value, terms.value) for terms in found]
    block = max(1, _CELLS // n)
    away: list[list[Floats]] = [[] for _ in found]
    for at in range(0, resamples, block):
        counts = _counts(n, min(block, resamples - at), rng)
        for terms, blocks in zip(found, away, strict=True):
            blocks.append(_deviations(terms, counts))
    return [
        _studentised(terms, np.concatenate(blocks), confidence)
        for terms, blocks in zip(found, away, strict=True)
    ]


def _studentised(terms: Terms, away: Floats, confidence: float) -> tuple[float, float]:
    if len(away) == 0:
        return terms.value, terms.value
    tail, error = (1.0 - confidence) / 2.0, terms.standard_error
    low, high = np.quantile(away, [tail, 1.0 - tail])
    return float(terms.value - max(high, 0.0) * error), float(terms.value - min(low, 0.0) * error)


def _deviations(terms: Terms, counts: Floats) -> Floats:
    """How many of its own standard errors each resample lies above the estimate; those without a
    spread are left out."""
    errors = terms.standard_errors(counts)
    usable = errors > 1e-9 * terms.standard_error
    return np.asarray((terms.values(counts[usable]) - terms.value) / errors[usable], np.float64)


def normal(terms: Terms, *, confidence: float = 0.95) -> tuple[float, float]:
    """Estimate and normal quantile times its standard error, the central limit theorem's answer."""
    from statistics import NormalDist

    half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * terms.standard_error
    return terms.value - half, terms.value + half


def empirical_bernstein(
    rewards: Floats, weights: Floats, bounds: tuple[float, float], *, confidence: float = 0.95
) -> tuple[float, float]:
    """The last bounds of `value_sequence`, made narrowest for this many rounds: an interval of the
    value that holds at every sample size, for rounds that are independent."""
    lower, upper = value_sequence(
        rewards, weights, bounds, confidence=confidence, horizon=len(rewards)
    )
    return float(lower[-1]), float(upper[-1])


def bernstein_by_person(
    rewards: Floats,
    weights: Floats,
    bounds: tuple[float, float],
    people: Longs,
    *,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """`empirical_bernstein` for rounds of which those of one person depend on each other.

    It supposes also that nobody ever has more rounds than the busiest person of the log, and is
    the wider, the more that one has than the others. The value v is the mean sum s of a person's
    rounds over their mean number m; with M rounds of the busiest, (s + v (M - m)) / M is never
    negative and v in the mean, so that each v can be tested by `lower_sequence`; the bound is the
    smallest v that passes. `people` (n,) are in an order that chance decided.
    """
    (low, high), places = bounds, rewards.shape[1]
    _bounded(rewards, bounds)
    if not high > low:
        return low * places, high * places
    alpha, span = (1.0 - confidence) / 2.0, (high - low) * places
    rounds = sums_by(people, np.ones((len(people), 1)))[:, 0]
    above, below = (
        _smallest_passing(
            sums_by(people, (weights * gains).sum(axis=1, keepdims=True) / span)[:, 0],
            rounds,
            alpha,
        )
        for gains in (rewards - low, high - rewards)
    )
    return low * places + span * above, high * places - span * below


def _smallest_passing(sums: Floats, rounds: Floats, alpha: float) -> float:
    """The smallest value in [0, 1] that `lower_sequence` does not rule out, to a millionth."""
    most = float(rounds.max())

    def passes(value: float) -> bool:
        lifted = (sums + value * (most - rounds)) / most
        return float(lower_sequence(lifted, alpha=alpha, horizon=len(sums))[-1]) <= value

    grid = np.linspace(0.0, 1.0, 33)
    first = next((place for place, value in enumerate(grid) if passes(float(value))), 32)
    if first == 0:
        return 0.0
    below, above = float(grid[first - 1]), float(grid[first])
    while above - below > 1e-6:
        middle = (below + above) / 2.0
        below, above = (below, middle) if passes(middle) else (middle, above)
    return below


def value_sequence(
    rewards: Floats,
    weights: Floats,
    bounds: tuple[float, float],
    *,
    confidence: float = 0.95,
    horizon: int = 0,
) -> tuple[Floats, Floats]:
    """Lower and upper bounds (n,) of E[sum over places of w r] after each round, valid all at once.

    `rewards` and `weights` are (n, k) with rewards within `bounds`, `weights` of the places up to
    each (for single choices k is 1). No bound on the weights is needed: w (r - low) and
    w (high - r) are never negative, and `lower_sequence` bounds their means from below; the second
    one turned around bounds the value from above, because weights are 1 in the mean where the log
    supports the target. Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro, "Anytime-valid
    off-policy inference for contextual bandits", 2022.
    """
    (low, high), places = bounds, rewards.shape[1]
    _bounded(rewards, bounds)
    if not high > low:
        return np.full(len(rewards), low * places), np.full(len(rewards), high * places)
    alpha, span = (1.0 - confidence) / 2.0, (high - low) * places
    above, below = (
        lower_sequence((weights * gains).sum(axis=1) / span, alpha=alpha, horizon=horizon)
        for gains in (rewards - low, high - rewards)
    )
    return low * places + span * above, high * places - span * below


def lower_sequence(values: Floats, *, alpha: float, horizon: int = 0) -> Floats:
    """Lower bounds (n,) of the mean, at most 1, of `values` (n,), at least 0, without upper bound.

    With probability 1 - `alpha` the mean is above all of them at once. Narrowest after `horizon`
    values, or at no time in particular where it is 0. The empirical Bernstein supermartingale of
    Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
    sequences", Annals of Statistics 2021, with the plug-in bets of Waudby-Smith and Ramdas
    (`confidence_sequence`): it needs values no more than 1 below what was expected of them.
    """
    t = np.arange(1, len(values) + 1)
    means = np.minimum((0.5 + np.cumsum(values)) / (t + 1), 1.0)
    spreads = (0.25 + np.cumsum((values - means) ** 2)) / (t + 1)
    expected, spread = np.r_[0.5, means[:-1]], np.r_[0.25, spreads[:-1]]
    looks = float(horizon) if horizon else t * np.log1p(t)
    bet = np.minimum(np.sqrt(2.0 * np.log(1.0 / alpha) / (spread * looks)), _MOST_BET)
    cost = (values - expected) ** 2 * (-np.log1p(-bet) - bet)
    lower = (np.cumsum(bet * values) + np.log(alpha) - np.cumsum(cost)) / np.cumsum(bet)
    return np.asarray(np.maximum.accumulate(np.clip(lower, 0.0, 1.0)), np.float64)


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
    bet = np.minimum(bet, _MOST_BET)
    cost = (x - mean_before) ** 2 * (-np.log1p(-bet) - bet)
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
