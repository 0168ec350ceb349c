"""Whether a log can answer the question at all: overlap, support, honest propensities."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats, Longs

__all__ = [
    "LEAST_SUPPORT",
    "Honesty",
    "NoSupport",
    "check_log",
    "effective_sample_size",
    "frequency_check",
    "mean_weight_check",
    "require_support",
    "support",
]

LEAST_SUPPORT = 0.9
"""Share of the target's choices that the log must have made too, or no value is given."""
FEWEST = 5.0


class NoSupport(BadInput):
    """The log never did what the target policy would do, so it cannot say what that earns."""

    title = "No support"


@dataclass(frozen=True)
class Honesty:
    """A test that a mean is 1, as it is where propensities are what they claim.

    `mean` with its interval `low` to `high`; `which` is the index of the action it is about, -1 for
    all of them together. `honest` is false where the interval leaves 1 out.
    """

    mean: float
    low: float
    high: float
    which: int = -1

    @property
    def honest(self) -> bool:
        """Whether the log is consistent with its propensities."""
        return bool(self.low <= 1.0 <= self.high)


def check_log(rewards: Floats, logged: Floats) -> None:
    """Refuse an empty log, rewards that are no numbers, and propensities outside of (0, 1]."""
    if len(rewards) == 0:
        raise BadInput("The log has no rows.", hint="Give a log with at least one round.")
    wrong = int(np.count_nonzero(~((logged > 0.0) & (logged <= 1.0 + 1e-9))))
    if wrong:
        raise BadInput(
            f"{wrong} of {logged.size} propensities are not above 0 and at most 1.",
            hint="A propensity is the probability with which the logged action was chosen.",
        )
    if not bool(np.all(np.isfinite(rewards))):
        raise BadInput("A reward is not a finite number.", hint="Leave such rows out of the log.")


def effective_sample_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2: rounds drawn from the target itself that would tell as much.

    Kish, "Survey Sampling", 1965; 0 where every weight is 0.
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def support(target: Floats, seen: Floats, share: Floats) -> float:
    """Share of the target's choices that fall on actions the log has taken too.

    `target` (strata, actions) are the target's probabilities, `seen` how often the log took each
    action there, `share` (strata,) how often each stratum comes, summing to 1.
    """
    return float(share @ np.where(seen > 0, target, 0.0).sum(axis=1))


def require_support(share: float, weights: Floats) -> None:
    """Raise `NoSupport` where the log says too little of the target policy for any value."""
    if share < LEAST_SUPPORT:
        raise NoSupport(
            f"Only {100 * share:.1f}% of what the target policy would choose was ever chosen in "
            f"the log; no value can be given below {100 * LEAST_SUPPORT:.0f}%.",
            hint="Log with exploration (such as epsilon-greedy), use a longer log, or evaluate a "
            "policy that stays closer to the logged one.",
        )
    if not bool(np.any(weights > 0)):
        raise NoSupport(
            "The target policy would have chosen nothing that the log chose.",
            hint="Use a longer log, or a policy that stays closer to the logged one.",
        )


def mean_weight_check(weights: Floats, *, confidence: float = 0.99) -> Honesty:
    """The mean importance weight, whose expectation is 1 where the log supports all of the target.

    Where its interval leaves 1 out, the propensities are wrong, or the target does what the log
    never could. The interval is the normal one.
    """
    n = len(weights)
    mean = float(weights.mean())
    error = float(weights.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * error
    slack = 1e-9  # a log of the target itself has weights of 1 up to rounding
    return Honesty(mean, mean - half - slack, mean + half + slack)


def frequency_check(
    actions: Longs, logged: Floats, n_actions: int, *, confidence: float = 0.99
) -> Honesty:
    """The action whose frequency contradicts its propensities most, over all `actions` (n,).

    For each action, the mean over rounds of (taken / propensity) is 1 if every round could have
    taken it, whatever the rounds' contexts. The interval is wide enough for all actions at once
    (Bonferroni); those taken less than five times on average by their own propensities are left
    out. Gives `Honesty(1, 1, 1)` where no action is left.
    """
    n, inverse = len(actions), 1.0 / np.asarray(logged, np.float64)
    sums = np.bincount(actions, inverse, n_actions)
    squares = np.bincount(actions, inverse**2, n_actions)
    means = sums / n
    # If the mean is 1, its variance is E[1 / propensity] - 1 over n, and squares / sums estimates
    # that expectation from the rounds that took the action.
    typical = np.divide(squares, sums, out=np.full(n_actions, np.inf), where=sums > 0)
    errors = np.sqrt(np.maximum(typical - 1.0, 0.0) / n)
    tested = np.flatnonzero(n / typical >= FEWEST)
    if len(tested) == 0:
        return Honesty(1.0, 1.0, 1.0)
    gaps = np.abs(means[tested] - 1.0) / np.maximum(errors[tested], 1e-9)
    worst = int(tested[np.argmax(gaps)])
    tail = (1.0 - confidence) / (2.0 * len(tested))
    half = -NormalDist().inv_cdf(tail) * float(errors[worst]) + 1e-9
    return Honesty(
        float(means[worst]), float(means[worst]) - half, float(means[worst]) + half, worst
    )
