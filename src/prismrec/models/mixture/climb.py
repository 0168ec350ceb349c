"""Scaling single experts up and down by what it does to nDCG@10 itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core.arrays import Bools
from prismrec.models.mixture.pool import Pool
from prismrec.models.mixture.weighing import Weighing

__all__ = ["climb"]

FACTORS = (0.0, 0.5, 2.0)
PROOF = 0.5
"""Standard errors by which a change must better nDCG to be taken."""
ROUNDS = 3


def climb(pool: Pool, fitted: Weighing, needed: Bools) -> Weighing:
    """Scale single experts up and down where nDCG@10 gains more than `PROOF` standard errors; the
    `needed` (e,) are never dropped."""
    terms = pool.terms(fitted)
    total, factors = terms.sum(-1), np.ones(len(needed))
    value = pool.ndcg(total)
    for _ in range(ROUNDS):
        before = factors.copy()
        for e in np.flatnonzero(factors):
            own = terms[:, :, e] * np.float32(factors[e])
            trials = [f for f in FACTORS if not (needed[e] and f * factors[e] < 0.1)]
            gains = [pool.ndcg(total + np.float32(f - 1) * own) - value for f in trials]
            proven = [g.mean() - PROOF * g.std() / np.sqrt(len(g)) for g in gains]
            best = int(np.argmax(proven))
            idle = trials[0] == 0 and gains[0].mean() >= 0  # as good without: quicker to serve
            if proven[best] > 0 or idle:
                best = best if proven[best] > 0 else 0
                total = total + np.float32(trials[best] - 1) * own
                value, factors[e] = value + gains[best], factors[e] * trials[best]
        if np.array_equal(before, factors):
            break
    return replace(fitted, scales=fitted.scales * factors)
