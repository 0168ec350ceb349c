"""Choosing the weights of a mixture on validation cases.

From the same weight for every expert they follow the gradient of a smooth nDCG, since people look
at the first of a list, and are held near where they began as much as a few cases would: what the
last weeks of training want is not what the next will. They depend on the query and on how sure each
expert is of it. Experts without which the cases are ranked as well are left out. People are divided
into two halves: where what was learned on one does worse on the other than equal weights do, these
stay, and where the best expert alone does better than the mixture, it answers alone, both where the
difference is more than a standard error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from prismrec.core import Cases, Scorer
from prismrec.core.arrays import Bools, Floats
from prismrec.models.mixture.pool import Pool, pool_of
from prismrec.models.mixture.scorer import CONTENT, PRIORS, PROFILE, MixtureScorer, prior_of
from prismrec.models.mixture.weighing import QUERY_FEATURES, Weighing
from prismrec.models.validation import sampled

__all__ = ["fit_mixture", "mixture_from"]

CASES = 10_000
"""Validation cases that the weights are chosen on, at most."""
FEWEST = 20
"""With fewer cases that can be answered, all experts weigh the same."""
CAUTION = 2.0
"""Pulls the weights towards equal ones, as much as this many cases would."""
SAME = 1e-9
"""nDCG that differs by less is the same."""
SOFTNESS = 0.3
"""How far apart two scores must be for one to count as better, in the smooth nDCG."""
TEXT_WEIGHT = 6.0
"""What a text in the query adds to the weight of the experts that read it, before the softplus. No
validation case has a text, and who writes one means it."""
TEXT_DAMPING = 2.0
"""What it takes from the weight of the experts that read only the history; from that of popularity,
three times as much."""
SHORTER = 0.3
"""Where profiles are told, the share of the cases that are asked once more with less of their
history: validation has few people of whom nothing else is known, but the service has many."""
KNOWN = (0, 1, 2, 5)
"""The events that are left to them."""


def fit_mixture(
    experts: Mapping[str, Scorer],
    cases: Cases | None,
    repeats: bool,
    rng: np.random.Generator,
    *,
    lent: MixtureScorer | None = None,
) -> MixtureScorer:
    """Mix `experts` by what answers `cases` best; `repeats` says whether a history's own items may
    come out. Without enough cases to choose by, the weights are those of `lent` where it has all
    these experts, else every expert weighs the same."""
    if cases is None or not len(cases):
        return mixture_from(experts, None, lent)
    asked = sampled(cases, CASES, rng)
    if PROFILE in experts:
        asked = with_shorter(asked, rng)
    return mixture_from(experts, pool_of(experts, asked, repeats, rng), lent)


def mixture_from(
    experts: Mapping[str, Scorer], pool: Pool | None, lent: MixtureScorer | None = None
) -> MixtureScorer:
    """The mixture that what the experts said of a pool of cases speaks for."""
    names = np.array(list(experts))
    even = _even(experts, pool)
    if pool is None or len(pool.scores) < FEWEST:
        return _lend(experts, lent) or _mixture(experts, names, even)
    needed = np.isin(names, [*PRIORS, CONTENT])
    kept, learns = _proven(pool, even, needed)
    names, needed, pool, even = names[kept], needed[kept], pool.experts(kept), even.keep(kept)
    fitted = _learned(pool, even) if learns else even
    kept = _paying(pool, fitted, needed)
    if not kept.all():
        pool, even = pool.experts(kept), even.keep(kept)
        fitted = _learned(pool, even) if learns else even
    return _mixture(experts, names[kept], fitted)


def with_shorter(cases: Cases, rng: np.random.Generator) -> Cases:
    """The cases, and some of them once more as questions of people of whom less is known."""
    again = np.flatnonzero(rng.random(len(cases)) < SHORTER)
    asked = cases.take(np.concatenate([np.arange(len(cases)), again]))
    events = asked.queries.histories
    left = np.concatenate([cases.queries.histories.lengths, rng.choice(KNOWN, len(again))])
    from_the_end = np.repeat(events.indptr[1:], events.lengths) - np.arange(len(events.items))
    shorter = events.where(from_the_end <= np.repeat(left, events.lengths))
    return replace(asked, queries=replace(asked.queries, histories=shorter))


def _proven(pool: Pool, even: Weighing, needed: Bools) -> tuple[Bools, bool]:
    """What stands on people it was not fitted to: which experts may take part (e,), all of them or
    the best one and the `needed`, and whether to learn their weights."""
    learned = np.zeros(len(pool.scores))
    for half in pool.halves():
        asked = pool.take(half)
        learned[half] = asked.ndcg(asked.terms(_learned(pool.take(~half), even)).sum(-1))
    equal = pool.ndcg(pool.terms(even).sum(-1))
    alone = [pool.ndcg(pool.scores[:, :, e]) for e in range(len(needed))]
    best = int(np.argmax([figures.mean() for figures in alone]))
    learns = not _surely(equal - learned)
    if _surely(alone[best] - (learned if learns else equal)):
        return needed | (np.arange(len(needed)) == best), True
    return np.ones(len(needed), bool), learns


def _surely(gain: Floats) -> bool:
    """Whether it is above zero by more than a standard error."""
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)) + SAME)


def _paying(pool: Pool, fitted: Weighing, needed: Bools) -> Bools:
    """The experts (e,) without which the cases would be ranked worse, and the `needed`."""
    terms, kept = pool.terms(fitted), np.ones(len(needed), bool)
    total = terms.sum(-1)
    value = pool.ndcg(total).mean()
    while (able := np.flatnonzero(kept & ~needed)).size:
        without = [pool.ndcg(total - terms[:, :, e]).mean() for e in able]
        idlest = int(np.argmax(without))
        if without[idlest] < value - SAME:
            break
        kept[able[idlest]], value = False, without[idlest]
        total = total - terms[:, :, able[idlest]]
    return kept


def _learned(pool: Pool, even: Weighing) -> Weighing:
    """What the weights come to from `even`, by the gradient of nDCG with the rank of the target
    made smooth: `1 + sum_i sigmoid((s_i - s_target) / SOFTNESS)`.

    Qin, Liu and Li, "A general approximation framework for direct optimization of information
    retrieval measures", 2010.
    """
    width = pool.sure.std(axis=0)
    scale = np.stack([pool.sure.mean(axis=0), np.where(width > 1e-9, width, 1.0)])
    rows = np.zeros((pool.sure.shape[1], len(even.scales)))
    grown = replace(even, weights=np.concatenate([even.weights, rows]), certainty=scale)
    z = torch.from_numpy(pool.z(grown) * grown.scales.astype(np.float32))  # (c, k, e)
    stands_for = torch.from_numpy(np.exp(pool.logs))  # (c, k), 0 where it does not count
    stands_for[:, 0] = 0  # the target is no rival of itself
    features = torch.from_numpy(grown.told(pool.features, pool.sure).astype(np.float32))
    start = torch.from_numpy(grown.weights.astype(np.float32))
    weights = start.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")
    pull = CAUTION / len(z) / len(even.scales)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        mixed = functional.softplus(features @ weights)  # (c, e)
        scores = torch.einsum("cke,ce->ck", z, mixed)
        ahead = torch.sigmoid((scores - scores[:, :1]) / SOFTNESS)
        rank = 1 + (stands_for * ahead).sum(1)
        loss = pull * (weights - start).square().sum() - (1 / torch.log2(1 + rank)).mean()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    return replace(grown, weights=weights.detach().double().numpy())


def _even(experts: Mapping[str, Scorer], pool: Pool | None) -> Weighing:
    """The same weight for every expert, with scales measured on the candidates: a floor at the
    median of the positive evidence, a scale that makes log-scores vary by one."""
    e = len(experts)
    floors, scales = np.zeros(e), np.ones(e)
    for column, scorer in enumerate(experts.values()):
        scores = np.zeros(0) if pool is None else pool.scores[:, :, column]
        if not getattr(scorer, "log_ready", True):
            positive = scores[scores > 0]
            floors[column] = max(float(np.median(positive)), 1e-6) if positive.size else 0.01
        elif scores.size:
            spread = float(scores.std(axis=1).mean())
            scales[column] = 1 / spread if spread > 1e-3 * np.abs(scores).max() else 1.0
    weights = np.zeros((len(QUERY_FEATURES), e))
    weights[0] = np.log(np.expm1(max(1 / e, 0.1)))
    return Weighing(floors, scales, weights)


def _lend(experts: Mapping[str, Scorer], lent: MixtureScorer | None) -> MixtureScorer | None:
    """`experts` with the weights of `lent`, if it mixes no others."""
    if lent is None or not set(lent.experts) <= set(experts):
        return None
    chosen = {name: experts[name] for name in lent.experts}
    return MixtureScorer(chosen, lent.weighing)


def _mixture(experts: Mapping[str, Scorer], names: np.ndarray, weighing: Weighing) -> MixtureScorer:
    """The scorer, with what validation cannot teach: who answers a text or an empty history."""
    weights = weighing.weights.copy()
    one, empty, _, text = (QUERY_FEATURES.index(f) for f in ("one", "empty", "length", "text"))
    prior = prior_of(experts)
    for column, name in enumerate(names):
        weights[text, column] = TEXT_WEIGHT if name == CONTENT else -TEXT_DAMPING
        if name in PRIORS:
            weights[text, column] = -3 * TEXT_DAMPING
        if name == prior:
            weights[empty, column] = max(weights[empty, column], 0.5 - weights[one, column])
    chosen = {str(name): experts[str(name)] for name in names}
    return MixtureScorer(chosen, replace(weighing, weights=weights))
