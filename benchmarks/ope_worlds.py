"""Synthetic problems whose value is known, to count how often intervals hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats
from prismrec.exploration.logs import BanditLog

__all__ = ["Problem", "problem"]


@dataclass(frozen=True)
class Problem:
    """A log, a target policy (positions, items), and what that policy is worth."""

    log: BanditLog
    target: Floats
    value: float


def problem(rng: np.random.Generator) -> Problem:
    """1 to 3 positions, 3 to 15 items, 500 to 5,000 rounds, clicks of 2 to 60%.

    Both policies are softmaxes of normal scores; the logging one shows every item with at least a
    tenth to a half of an even share, so that weights reach a few tens.
    """
    places, items = int(rng.integers(1, 4)), int(rng.integers(3, 16))
    rounds = int(np.exp(rng.uniform(np.log(500), np.log(5000))))
    base = rng.uniform(-3.0, 0.0)
    click = 1.0 / (1.0 + np.exp(-(base + rng.normal(0, 0.7, (places, items)))))
    floor = rng.uniform(0.1, 0.5)
    logged = (1 - floor) * _softmax(rng.normal(0, 1.0, (places, items))) + floor / items
    target = _softmax(rng.normal(0, rng.uniform(0.0, 2.0), (places, items)))
    at = rng.integers(0, places, rounds)
    ends = logged.cumsum(axis=1)
    ends[:, -1] = 1.0
    chosen = (rng.random(rounds)[:, None] > ends[at]).sum(axis=1)
    reward = (rng.random(rounds) < click[at, chosen]).astype(np.float64)
    names, spots = (tuple(f"{n:02}" for n in range(count)) for count in (items, places))
    log = BanditLog(names, spots, chosen, at, reward, logged[at, chosen], np.arange(rounds))
    return Problem(log, target, float((target * click).sum(axis=1).mean()))


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)
