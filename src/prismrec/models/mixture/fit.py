"""Choosing the weights of a mixture on validation cases, in three steps.

First the weights of the greatest conditional likelihood of the targets: a softmax over the
candidates of each case, which are the best of every expert and some items drawn at random, these
standing for all the items that were not drawn. The likelihood cares for the whole catalogue, people
for the first ten, so the second step halves, doubles or drops single experts where that makes
nDCG@10 better by more than chance would. A third step lets the weights follow how sure each expert
is of a query, by the gradient of a smooth nDCG. People are divided into two halves: what does not
do better on the half that it was not fitted to is not taken, and where the mixture does not beat
its best expert there, that expert answers alone.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from prismrec.core import Cases, Scorer
from prismrec.core.arrays import Bools, Floats
from prismrec.models.mixture.pool import Pool, pool_of
from prismrec.models.mixture.scorer import CONTENT, QUERY_FEATURES, MixtureScorer, scaled
from prismrec.models.validation import sampled

__all__ = ["Weighing", "fit_mixture"]

CASES = 10_000
"""Validation cases that the weights are chosen on, at most."""
FEWEST = 20
"""With fewer cases that can be answered, all experts weigh the same."""
PENALTY = 0.01
"""On the squares of the weights that make a difference between queries."""
CAUTION = 2.0
"""Pulls the weights towards equal ones, as much as this many cases would."""
FACTORS = (0.0, 0.5, 2.0)
SOFTNESS = 0.3
"""How far apart two scores must be for one to count as better, in the smooth nDCG."""
ANCHOR = 0.003
"""On the squares of what the third step changes."""
PROOF = 0.5
"""Standard errors by which a change must better nDCG to be taken."""
ROUNDS = 3
TEXT_WEIGHT = 6.0
"""What a text in the query adds to the weight of the experts that read it, before the softplus. No
validation case has a text, and who writes one means it."""
TEXT_DAMPING = 2.0
"""What it takes from the weight of the experts that read only the history; from that of popularity,
three times as much."""
PROFILE = "profile"
"""The expert that knows something of who has no history."""
PRIORS = (PROFILE, "popularity")
"""The experts that can answer where the history is empty; the first that is there does."""
SHORTER = 0.3
"""Where profiles are told, the share of the cases that are asked once more with less of their
history: validation has few people of whom nothing else is known, but the service has many."""
KNOWN = (0, 1, 2, 5)
"""The events that are left to them."""


@dataclass(frozen=True)
class Weighing:
    """What turns the experts' scores into one: see `MixtureScorer`."""

    floors: Floats
    scales: Floats
    weights: Floats
    certainty: Floats | None = None

    def keep(self, kept: Bools) -> Weighing:
        """Only the experts that are `kept` (e,); before the third step."""
        return Weighing(self.floors[kept], self.scales[kept], self.weights[:, kept])

    def features(self, pool: Pool) -> Floats:
        """What the weights depend on, (c, f)."""
        if self.certainty is None:
            return pool.features.astype(np.float64)
        return np.concatenate([pool.features, scaled(pool.sure, self.certainty)], axis=1)

    def terms(self, pool: Pool) -> np.ndarray:
        """What each expert adds to the score of every candidate, (c, k, e) float32."""
        mixed = np.logaddexp(0, self.features(pool) @ self.weights) * self.scales
        return np.asarray(self.log_scores(pool) * mixed[:, None, :], np.float32)

    def log_scores(self, pool: Pool) -> np.ndarray:
        """z of every candidate without its scale, (c, k, e) float32."""
        evidence = np.log1p(np.maximum(pool.scores, 0) / np.where(self.floors > 0, self.floors, 1))
        return np.where(self.floors > 0, evidence, pool.scores).astype(np.float32)


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
    names = np.array(list(experts))
    pool = None
    if cases is not None and len(cases):
        asked = sampled(cases, CASES, rng)
        if PROFILE in experts:
            asked = with_shorter(asked, rng)
        pool = pool_of(experts, asked, repeats, rng)
    even = _even(experts, pool)
    if pool is None or len(pool.scores) < FEWEST:
        return _lend(experts, lent) or _mixture(experts, names, even)
    needed = np.isin(names, [*PRIORS, CONTENT])
    kept, follow = _proven(pool, even, needed)
    names, needed, pool, even = names[kept], needed[kept], pool.experts(kept), even.keep(kept)
    chosen = _choose(pool, even, needed)
    kept = chosen.scales > 0
    names, chosen = names[kept], chosen.keep(kept)
    if follow:
        chosen = _follow(pool.experts(kept), chosen)
    return _mixture(experts, names, chosen)


def prior_of(experts: Container[str]) -> str:
    """The expert that answers where the history is empty, empty where none can."""
    return next((name for name in PRIORS if name in experts), "")


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
    the best one and the `needed`, and whether the third step pays."""
    odd = pool.people % 2 == 1
    if not 0 < odd.sum() < len(odd):
        odd = np.arange(len(odd)) % 2 == 1
    plain, followed = np.zeros(len(odd)), np.zeros(len(odd))
    for half in (odd, ~odd):
        fitted = _choose(pool.take(~half), even, needed)
        kept, asked = fitted.scales > 0, pool.take(half)
        plain[half] = asked.ndcg(fitted.terms(asked).sum(-1))
        bolder = _follow(pool.take(~half).experts(kept), fitted.keep(kept))
        followed[half] = asked.ndcg(bolder.terms(asked.experts(kept)).sum(-1))
    alone = [pool.ndcg(pool.scores[:, :, e]).mean() for e in range(len(needed))]
    best = int(np.argmax(alone))
    if alone[best] > max(plain.mean(), followed.mean()):
        return needed | (np.arange(len(needed)) == best), False
    gain = followed - plain
    return np.ones(len(needed), bool), bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def _choose(pool: Pool, even: Weighing, needed: Bools) -> Weighing:
    """Likelihood first, then nDCG@10; the `needed` experts are never dropped."""
    return _climb(pool, _likeliest(pool, even), needed)


def _likeliest(pool: Pool, even: Weighing) -> Weighing:
    """The weights of the greatest penalised likelihood; floors and scales stay."""
    z = torch.from_numpy(even.log_scores(pool) * even.scales.astype(np.float32))  # (c, k, e)
    logs, features = torch.from_numpy(pool.logs), torch.from_numpy(pool.features)
    start = torch.from_numpy(np.ascontiguousarray(even.weights, np.float32))
    weights = start.clone().requires_grad_(True)
    targets = torch.zeros(len(z), dtype=torch.long)
    optimiser = torch.optim.LBFGS([weights], max_iter=40, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        mixed = functional.softplus(features @ weights)  # (c, e)
        mass = torch.einsum("cke,ce->ck", z, mixed) + logs
        loss = functional.cross_entropy(mass, targets) + PENALTY * weights[1:].square().sum()
        loss = loss + CAUTION / len(z) * (weights - start).square().sum()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    return replace(even, weights=weights.detach().double().numpy())


def _follow(pool: Pool, fitted: Weighing) -> Weighing:
    """Let the weights depend on the certainties too, from `fitted` by the gradient of nDCG with the
    rank of the target made smooth: `1 + sum_i sigmoid((s_i - s_target) / SOFTNESS)`.

    Qin, Liu and Li, "A general approximation framework for direct optimization of information
    retrieval measures", 2010.
    """
    width = pool.sure.std(axis=0)
    scale = np.stack([pool.sure.mean(axis=0), np.where(width > 1e-9, width, 1.0)])
    rows = np.zeros((pool.sure.shape[1], len(fitted.scales)))
    grown = replace(fitted, weights=np.concatenate([fitted.weights, rows]), certainty=scale)
    z = torch.from_numpy(grown.log_scores(pool) * grown.scales.astype(np.float32))  # (c, k, e)
    stands_for = torch.from_numpy(np.exp(pool.logs))  # (c, k), 0 where it does not count
    stands_for[:, 0] = 0  # the target is no rival of itself
    features = torch.from_numpy(grown.features(pool).astype(np.float32))
    start = torch.from_numpy(grown.weights.astype(np.float32))
    weights = start.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        mixed = functional.softplus(features @ weights)  # (c, e)
        scores = torch.einsum("cke,ce->ck", z, mixed)
        ahead = torch.sigmoid((scores - scores[:, :1]) / SOFTNESS)
        rank = 1 + (stands_for * ahead).sum(1)
        loss = -(1 / torch.log2(1 + rank)).mean()
        loss = loss + ANCHOR / len(fitted.scales) * (weights - start).square().sum()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    return replace(grown, weights=weights.detach().double().numpy())


def _climb(pool: Pool, fitted: Weighing, needed: Bools) -> Weighing:
    """Scale single experts up and down where nDCG@10 gains more than `PROOF` standard errors."""
    terms = fitted.terms(pool)
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
    return MixtureScorer(chosen, lent.floors, lent.scales, lent.weights, lent.certainty_scale)


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
    return MixtureScorer(chosen, weighing.floors, weighing.scales, weights, weighing.certainty)
