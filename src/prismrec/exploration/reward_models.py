"""A small reward model: means of the cells (stratum, action), shrunk and cross-fitted.

A stratum is what the policy knew: the place on the page, or any other finite context. Cells hold
few rounds, so each mean is drawn towards its action's mean and that towards the overall mean, as
far as the noise within cells is larger than the spread between them (an empirical Bayes estimate:
Morris, "Parametric empirical Bayes inference", JASA 1983). Where a covariate of the cells is given,
the overall mean is a line in it: policies prefer what earns more, so that how much likelier a
policy is to choose a cell than the log was says something of cells that the log hardly saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs

__all__ = ["CrossFitted", "cell_means", "cross_fit", "folds_of", "log_ratio", "robust_weights"]

_LEAST, _MOST = 1.0, 1e6  # pseudo-counts between which shrinkage stays


@dataclass(frozen=True)
class CrossFitted:
    """One model per fold, fitted on all the other folds.

    `means` (folds, strata, actions) and `seen`, how many rounds (or how much weight) each cell had
    when it was fitted, of the same shape; `folds` (n,) says in which fold a round is, so that
    `means[folds[i]]` never saw round i.
    """

    means: Floats
    seen: Floats
    folds: Longs

    def predicted(self, strata: Longs, actions: Longs) -> Floats:
        """The model's reward of the logged actions, (n,)."""
        return np.asarray(self.means[self.folds, strata, actions])

    def expected(self, strata: Longs, target: Floats) -> Floats:
        """Its mean reward under `target` (folds or 1, strata, actions), (n,)."""
        return np.asarray((self.means * target).sum(axis=2)[self.folds, strata])


def folds_of(n: int, folds: int, rng: np.random.Generator) -> Longs:
    """A random fold for each of n rounds, (n,), sizes differing by at most one."""
    return np.asarray(rng.permutation(n) % max(min(folds, n), 1), np.int64)


def cross_fit(
    rewards: Floats,
    cells: tuple[Longs, Longs],
    shape: tuple[int, int],
    folds: Longs,
    weights: Floats | None = None,
    covariate: Floats | None = None,
) -> CrossFitted:
    """Fit `cell_means` once for every fold on the rounds outside of it.

    `cells` are the strata and actions (n,) of the rounds, `shape` how many of each there are,
    `weights` (n,) how much each round matters to the fit, all alike where not given, `covariate`
    (strata, actions) what `cell_means` may lean on; it must not depend on the rewards.
    """
    strata, actions = cells
    flat = strata * shape[1] + actions
    weights = np.ones(len(rewards)) if weights is None else weights
    # Shrinkage counts rounds, so a round weighs 1 on average.
    weights = weights * (len(rewards) / max(float(weights.sum()), 1e-300))
    means, seen = [], []
    for fold in range(int(folds.max()) + 1):
        # With a single round there is nothing else to fit on: it gets the empty model.
        rest = folds != fold
        counts, sums, squares = (
            _cell_sums(flat[rest], values[rest], shape)
            for values in (weights, weights * rewards, weights * rewards**2)
        )
        means.append(cell_means(counts, sums, squares, covariate))
        seen.append(counts)
    return CrossFitted(np.stack(means), np.stack(seen), folds)


def cell_means(
    counts: Floats, sums: Floats, squares: Floats, covariate: Floats | None = None
) -> Floats:
    """Shrunk means (strata, actions) from every cell's count, sum and sum of squares."""
    whole = _overall(counts, sums, squares, covariate)
    by_action, total = counts.sum(axis=0), sums.sum(axis=0)
    middle = np.divide(
        (counts * whole).sum(axis=0), by_action, out=whole.mean(axis=0), where=by_action > 0
    )
    action = _shrunk(by_action, total, squares.sum(axis=0), middle)
    return _shrunk(counts, sums, squares, whole + (action - middle))


def log_ratio(target: Floats, counts: Floats, logged: Floats) -> Floats:
    """How much likelier the target is to choose each cell than the log was, as a logarithm.

    `target`, `counts` and `logged`, the sums of the logarithms of the rounds' propensities, are
    (strata, actions). A cell that the log never chose counts as chosen by half a round, and one
    that the target never chooses as a thousandth of an even share.
    """
    rare = np.log(0.5 / max(float(counts.sum()), 1.0))
    typical = np.divide(logged, counts, out=np.full(counts.shape, rare), where=counts > 0)
    return np.asarray(np.log(np.maximum(target, 1e-3 / target.shape[1])) - typical, np.float64)


def _overall(counts: Floats, sums: Floats, squares: Floats, covariate: Floats | None) -> Floats:
    """The overall mean for every cell, or a line in the covariate fitted by least squares.

    The slope is shrunk by what chance alone would make of it (1 - 1 / t^2, none where |t| < 1), the
    line held within what was seen, in the covariate and in the means of the cells.
    """
    n = max(float(counts.sum()), 1e-12)
    mean = float(sums.sum()) / n
    seen = counts > 0
    if covariate is None or not seen.any():
        return np.full(counts.shape, mean)
    centred = np.clip(covariate, covariate[seen].min(), covariate[seen].max())
    centred = centred - float((counts * centred).sum()) / n
    spread = float((counts * centred**2).sum())
    noise = max(float(squares.sum()) / n - mean**2, 0.0)
    if spread <= 1e-9 or noise <= 0.0:
        return np.full(counts.shape, mean)
    slope = float((centred * sums).sum()) / spread
    slope *= max(0.0, 1.0 - noise / max(slope**2 * spread, 1e-300))
    cells = sums[seen] / counts[seen]
    return np.clip(mean + slope * centred, cells.min(), cells.max())


def robust_weights(target: Floats, logged: Floats) -> Floats:
    """How much each round matters to the reward model of MRDR: target (1 - logged) / logged^2.

    With it the model makes the variance of the doubly robust estimate small, not its own error.
    Farajtabar, Chow and Ghavamzadeh, "More robust doubly robust off-policy evaluation", ICML 2018,
    the diagonal part of its objective.
    """
    return np.asarray(target * (1.0 - logged) / logged**2, np.float64)


def _cell_sums(flat: Longs, values: Floats, shape: tuple[int, int]) -> Floats:
    sums = np.bincount(flat, values, shape[0] * shape[1]).reshape(shape)
    return np.asarray(sums, np.float64)


def _shrunk(counts: Floats, sums: Floats, squares: Floats, towards: Floats) -> Floats:
    """Each mean with as many pseudo-counts of `towards` as noise over spread asks for."""
    strength = _strength(counts, sums, squares, towards)
    return np.asarray((sums + strength * towards) / (counts + strength))


def _strength(counts: Floats, sums: Floats, squares: Floats, towards: Floats) -> float:
    """Variance within cells over variance between them, by the method of moments."""
    seen = counts > 0
    if np.count_nonzero(seen) < 2:
        return _LEAST
    n, means = counts[seen], sums[seen] / counts[seen]
    within = float(np.maximum(squares[seen] - n * means**2, 0.0).sum())
    within /= max(float(n.sum()) - len(n), 1.0)
    gaps = float((n * (means - towards[seen]) ** 2).sum())
    between = (gaps - within * len(n)) / float(n.sum())
    if between <= 0.0:
        return _MOST
    return float(np.clip(within / between, _LEAST, _MOST))
