"""Who answers somebody of whom nothing is known: the prior alone, unless others are proven to help.

The weights of a mixture are those of people with a history. Networks, too, have an answer to an
empty one, which is worth less than what is popular; validation has few such people to say so. So
its cases are asked once more, the experts reading nothing of the history, and the mixture answers
only where it does better than its prior by more than chance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Cases
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.models.mixture.pool import Pool, pool_of
from prismrec.models.mixture.scorer import MixtureScorer, prior_of
from prismrec.models.validation import sampled

__all__ = ["answering_nobody"]

CASES = 1000
FEWEST = 200
"""With fewer, the weights stay."""
PROOF = 2.0
"""Standard errors by which the mixture must be better in nDCG@10."""


def answering_nobody(
    mixture: MixtureScorer, cases: Cases | None, repeats: bool, rng: np.random.Generator
) -> MixtureScorer:
    """`mixture` with the weights of empty histories chosen on `cases`, where there are enough;
    `repeats` says whether a history's own items may come out."""
    prior = prior_of(mixture.experts)
    if cases is None or not prior or len(mixture.experts) < 2:
        return mixture
    pool = pool_of(mixture.experts, sampled(cases, CASES, rng), repeats, rng, read=0)
    if len(pool.scores) < FEWEST:
        return mixture
    terms = pool.terms(mixture.weighing)
    alone = terms[:, :, list(mixture.experts).index(prior)]
    gain = pool.ndcg(terms.sum(-1)) - pool.ndcg(alone)
    if gain.mean() > PROOF * _error(gain, pool.people):
        return mixture
    # As far apart as the scores of the mixture: a newcomer's bonus is measured against these.
    louder = _spread(pool, terms.sum(-1)) / _spread(pool, alone)
    empty = np.array([louder * (name == prior) for name in mixture.experts])
    weighing = replace(mixture.weighing, empty=empty)
    return MixtureScorer(mixture.experts, weighing, mixture.newcomers)


def _error(values: Floats, people: Positions) -> float:
    """The standard error of the mean of `values` (c,), those of one person taken together."""
    _, person = np.unique(people, return_inverse=True)
    sums = np.bincount(person, values - values.mean())
    return float(np.sqrt((sums**2).sum()) / len(values))


def _spread(pool: Pool, scores: Scores) -> float:
    """How far apart the candidates of a case are, on the mean."""
    counted = np.where(np.isfinite(pool.logs), scores, np.nan)
    return max(float(np.nanstd(counted, axis=1).mean()), 1e-9)
