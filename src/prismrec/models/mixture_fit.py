"""Choosing the weights of a mixture on validation cases.

The weights maximise the conditional log-likelihood of the targets: a softmax over the candidates of
each case, which are the best of every expert and some items drawn at random, these standing for all
the items that were not drawn. Half of the people fit, the other half judge: an expert without which
the mixture is as good goes, and a mixture no better than its best expert gives way to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from prismrec.core import Cases, Scorer
from prismrec.core.arrays import Bools, Floats
from prismrec.models.mixture import QUERY_FEATURES, MixtureScorer
from prismrec.models.mixture_pool import Pool, pool_of
from prismrec.models.validation import sampled

__all__ = ["fit_mixture", "fit_weights"]

CASES = 6000
"""Validation cases that the weights are chosen on, at most."""
FEWEST = 20
"""With fewer cases that can be answered, all experts weigh the same."""
PENALTY = 0.01
"""On the squares of the weights that make a difference between queries."""
CAUTION = 2.0
"""Pulls the weights towards equal ones, as much as this many cases would."""
TEXT_WEIGHT = 6.0
"""What a text in the query adds to the weight of the experts that read it, and takes from that of
popularity: no validation case has a text, and who writes one means it."""
READERS = ("text_knn",)
"""The experts that read the text of a query."""
PRIOR = "popularity"
"""The expert that answers where the history is empty."""


@dataclass(frozen=True)
class Weighing:
    """What turns the experts' scores into one: see `MixtureScorer`."""

    floors: Floats
    temperatures: Floats
    weights: Floats

    def keep(self, kept: Bools) -> Weighing:
        """Only the experts that are `kept` (e,)."""
        return Weighing(self.floors[kept], self.temperatures[kept], self.weights[:, kept])


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
    names = list(experts)
    pool = None
    if cases is not None and len(cases):
        pool = pool_of(experts, sampled(cases, CASES, rng), repeats, rng)
    start = _even(experts, pool)
    if pool is None or len(pool.scores) < FEWEST:
        return _lend(experts, lent) or _mixture(experts, names, start)
    judging = pool.people % 2 == 1
    if not 0 < judging.sum() < len(judging):
        judging = np.arange(len(judging)) % 2 == 1
    kept = _chosen(pool.take(judging), fit_weights(pool.take(~judging), start), names)
    names = [name for name, stays in zip(names, kept, strict=True) if stays]
    return _mixture(experts, names, fit_weights(pool.experts(kept), start.keep(kept)))


def _lend(experts: Mapping[str, Scorer], lent: MixtureScorer | None) -> MixtureScorer | None:
    """`experts` with the weights of `lent`, if it mixes no others."""
    if lent is None or not set(lent.experts) <= set(experts):
        return None
    chosen = {name: experts[name] for name in lent.experts}
    return MixtureScorer(chosen, lent.floors, lent.temperatures, lent.weights)


def _chosen(pool: Pool, fitted: Weighing, names: list[str]) -> Bools:
    """(e,) which experts stay, by nDCG@10 on cases that the weights were not fitted to. Those that
    answer an empty history or a text stay in any case: the cases seldom hold such queries."""
    needed = np.isin(names, [PRIOR, *READERS])
    kept = np.ones(len(names), bool)
    figure, lost = _judge(pool, fitted)
    for column in np.argsort(np.logaddexp(0, fitted.weights[0]), kind="stable"):
        without = kept.copy()
        without[column] = False
        if needed[column] or not without.any():
            continue
        smaller, more_lost = _judge(pool.experts(without), fitted.keep(without))
        if smaller >= figure and more_lost <= lost:
            kept, figure, lost = without, smaller, more_lost
    alone = [pool.ndcg(pool.scores[:, :, column]) for column in range(len(names))]
    best = int(np.argmax(alone))
    if alone[best] > figure:
        kept = needed | (np.arange(len(names)) == best)
    return kept


def _judge(pool: Pool, weighing: Weighing) -> tuple[float, float]:
    """nDCG@10 of the mixture and its mean negative log-likelihood."""
    scores = logits(pool, weighing)
    mass = (scores + pool.logs).astype(np.float64)
    top = mass.max(axis=1)
    lost = np.log(np.exp(mass - top[:, None]).sum(axis=1)) + top - mass[:, 0]
    return pool.ndcg(scores), float(lost.mean())


def fit_weights(pool: Pool, start: Weighing) -> Weighing:
    """The weights of the greatest penalised likelihood, floors and temperatures as they are."""
    z = torch.from_numpy(log_scores(pool, start))  # (c, k, e)
    logs, features = torch.from_numpy(pool.logs), torch.from_numpy(pool.features)
    weights = torch.from_numpy(np.ascontiguousarray(start.weights, np.float32)).requires_grad_(True)
    even, targets = weights.detach().clone(), torch.zeros(len(z), dtype=torch.long)
    optimiser = torch.optim.LBFGS([weights], max_iter=40, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        mixed = functional.softplus(features @ weights)  # (c, e)
        mass = (z * mixed[:, None, :]).sum(-1) + logs  # (c, k)
        loss = functional.cross_entropy(mass, targets) + PENALTY * weights[1:].square().sum()
        loss = loss + CAUTION / len(z) * (weights - even).square().sum()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    found = weights.detach().double().numpy()
    return Weighing(start.floors, start.temperatures, found)


def log_scores(pool: Pool, weighing: Weighing) -> np.ndarray:
    """z of every candidate, (c, k, e) float32."""
    floors, temperatures = weighing.floors, weighing.temperatures
    evidence = np.log1p(np.maximum(pool.scores, 0) / np.where(floors > 0, floors, 1))
    return np.where(floors > 0, evidence, pool.scores / temperatures).astype(np.float32)


def logits(pool: Pool, weighing: Weighing) -> np.ndarray:
    """The mixed score of every candidate, (c, k)."""
    mixed = np.logaddexp(0, pool.features @ weighing.weights)
    out: np.ndarray = np.einsum("cke,ce->ck", log_scores(pool, weighing), mixed)
    return out


def _even(experts: Mapping[str, Scorer], pool: Pool | None) -> Weighing:
    """The same weight for every expert, with scales measured on the candidates: a floor at the
    median of the positive evidence, a temperature that makes log-scores vary as much as z does."""
    e = len(experts)
    floors, temperatures = np.zeros(e), np.ones(e)
    for column, scorer in enumerate(experts.values()):
        scores = np.zeros(0) if pool is None else pool.scores[:, :, column]
        if not getattr(scorer, "log_ready", True):
            positive = scores[scores > 0]
            floors[column] = max(float(np.median(positive)), 1e-6) if positive.size else 0.01
        elif scores.size:
            spread = float(scores.std(axis=1).mean())
            temperatures[column] = spread if spread > 1e-3 * np.abs(scores).max() else 1.0
    weights = np.zeros((len(QUERY_FEATURES), e))
    weights[0] = np.log(np.expm1(max(1 / e, 0.1)))
    return Weighing(floors, temperatures, weights)


def _mixture(experts: Mapping[str, Scorer], names: list[str], weighing: Weighing) -> MixtureScorer:
    """The scorer, with what validation cannot teach: who answers a text or an empty history."""
    weights = weighing.weights.copy()
    one, empty, _, text = (QUERY_FEATURES.index(f) for f in ("one", "empty", "length", "text"))
    for column, name in enumerate(names):
        if name in READERS:
            weights[text, column] = TEXT_WEIGHT
        if name == PRIOR:
            weights[text, column] = -TEXT_WEIGHT
            weights[empty, column] = max(weights[empty, column], 0.5 - weights[one, column])
    chosen = {name: experts[name] for name in names}
    return MixtureScorer(chosen, weighing.floors, weighing.temperatures, weights)
