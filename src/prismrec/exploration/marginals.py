"""How likely an item is at a place whatever stands before it, where a log of slates tells.

A log holds the propensity of each choice given the places before. What the independent and the
pseudo-inverse estimator need is the chance of an item at a place in the mean over what stands
before. Two kinds of requests tell it: those where chance decided nothing above the last place, and
those whose slate was a uniform draw of the shortlist.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from prismrec.core.arrays import Bools, Floats
from prismrec.exploration.diagnostics import NoSupport, require_support
from prismrec.exploration.logs import SlateLog

__all__ = ["marginal_weights"]

MOST_CELLS = 600
"""Items times places up to which uniform slates get pseudo-inverse weights."""
_CLOSE = 1e-9


def marginal_weights(log: SlateLog, policy: str) -> tuple[Floats, Floats]:
    """Importance weights of `uniform` or `greedy` for each place on its own, (m, k), and the
    pseudo-inverse weight of each slate, (m,).

    Swaminathan et al., "Off-policy evaluation for slate recommendation", NIPS 2017: the weight of a
    slate s is q' G+ 1_s, with q the target's chances of items at places and G the second moments of
    the logging policy. Raises `NoSupport`, with the reason, where the log does not tell.
    """
    there, uniform = log.ranks >= 0, _uniform(log)
    chance = np.where(there, log.propensities, 1.0)
    alone = np.prod(np.where(_last(there), 1.0, chance), axis=1) >= 1.0 - _CLOSE
    unknown = int(np.count_nonzero(~(uniform | alone)))
    if unknown:
        raise NoSupport(
            f"In {unknown} of {len(chance)} slates chance decided above the last place, so that "
            "the log does not hold how likely an item is at a place whatever stands before it.",
            hint="Log with exploration.first_place at the last place, or uniform slates; else "
            "quote cascade-dr, which needs the logged propensities alone.",
        )
    sizes, places = log.sizes[:, None], np.arange(chance.shape[1])
    target = 1.0 / sizes if policy == "uniform" else (log.ranks == places).astype(np.float64)
    logged = np.where(uniform[:, None], 1.0 / sizes, chance)
    weights = np.where(there, target / logged, 1.0)
    certain = there & (logged >= 1.0 - _CLOSE)
    whole = 1.0 + (weights - 1.0).sum(axis=1)
    for row in np.flatnonzero(uniform & ~alone):
        length = int(there[row].sum())
        inverse = _uniform_inverse(int(log.sizes[row]), length)
        cells = np.ravel_multi_index(
            (np.arange(length), log.ranks[row, :length]), (length, int(log.sizes[row]))
        )
        whole[row] = inverse[policy == "greedy"][cells].sum()
    require_support(float(np.where(certain, target, 1.0)[there].mean()), weights)
    return np.asarray(weights, np.float64), np.asarray(whole, np.float64)


def _last(there: Bools) -> Bools:
    """(m, k): the last place of each slate."""
    last = np.cumsum(there, axis=1) == there.sum(axis=1, keepdims=True)
    return np.asarray(there & last)


def _uniform(log: SlateLog) -> Bools:
    """(m,): whether each choice was a uniform draw of what was left."""
    return np.asarray(np.abs(log.propensities - log.uniform).max(axis=1) < _CLOSE)


@cache
def _uniform_inverse(items: int, places: int) -> tuple[Floats, Floats]:
    """q' G+ by cell (place, item) for uniform slates, of the uniform and of the greedy policy."""
    if items * places > MOST_CELLS:
        raise NoSupport(
            f"Uniform slates of {places} from {items} items are too large for the pseudo-inverse.",
            hint="Quote cascade-dr, or log from shorter shortlists.",
        )
    same_place = np.kron(np.eye(places), np.ones((items, items)))
    same_item = np.kron(np.ones((places, places)), np.eye(items))
    apart = (1.0 - same_place) * (1.0 - same_item) / (items * max(items - 1, 1))
    moments = np.eye(items * places) / items + apart
    inverse = np.linalg.pinv(moments, hermitian=True)
    greedy = np.eye(places, items).ravel()
    even = np.full(items * places, 1.0 / items)
    return np.asarray(even @ inverse, np.float64), np.asarray(greedy @ inverse, np.float64)
