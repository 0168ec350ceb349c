"""What exploring may cost, held by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats
from prismrec.exploration.sequential import Place, PolicyAround, SequentialPolicy, certain

__all__ = ["Price", "Priced"]


@dataclass(frozen=True, slots=True)
class Price:
    """The limits of a policy that explores; the defaults limit nothing.

    `share` of the requests may explore at all, the others get the greedy slate. Places before
    `first_place`, counted from 1, always take the greedy choice and leave their budget to others.
    `max_expected_loss` is how far the expected value of a slate that explores may fall below that
    of the greedy one, as a share of it.
    """

    share: float = 1.0
    first_place: int = 1
    max_expected_loss: float = 1.0


class Priced(PolicyAround):
    """A policy within its price: its chances at each place, mixed with the greedy choice.

    The value of an item is the model's own probability of it, the softmax of the scores; only
    ratios of values matter, so `r_i = exp(score_i - score of the greedy choice)` is what item i is
    worth against the greedy one. Chances p lose the share `1 - sum p_i r_i` of the value at the
    place. The factor `w = min(1, L_k / loss)` is the largest for which the mixture
    `w p + (1 - w) [greedy]` loses no more than L_k at place k; its propensities are exact, and a
    place where p is cheap enough is left as it is.

    With L for `max_expected_loss`, L_k is L where the first place may explore. Where it may not,
    the places before `first_place` save what they do not spend for those after: with v_k for the
    value of the k-th best, place k may lose what is left of `L (v_1 + ... + v_k)` after all that
    the places before it may lose.

    Without a diversity step the bound carries to the slate and to every beginning of it, so for any
    weights of the places that do not rise: after k places, whatever they show, the best of what is
    left is worth at least v_k, so the first k places together have at least `1 - L` of the expected
    value that the greedy slate has there. With a diversity step it holds place by place, against
    what the greedy policy would show after the same places. The bound is that of a request that
    explores; over all requests the expected loss is at most `share * L`. It is the model's own
    estimate: what was really lost is measured from the log.

    The idea of a budget against a baseline: Y. Wu et al., "Conservative bandits", ICML 2016.
    """

    def __init__(self, policy: SequentialPolicy, price: Price) -> None:
        super().__init__(policy, price)
        self.price = price
        self.share = price.share

    def chances(self, place: Place) -> Floats:
        """The chances of the policy inside, as far as the price allows."""
        greedy = certain(place)
        if place.index + 1 < self.price.first_place:
            return greedy
        chances = self.policy.chances(place)
        limit = self._limit(place)
        loss = np.maximum(_loss(chances, place), limit)
        factor = np.divide(limit, loss, out=np.ones(len(loss)), where=loss > 0)[:, None]
        return factor * chances + (1.0 - factor) * greedy

    def _limit(self, place: Place) -> Floats:
        """(b,) the share of the value of this place that may be lost."""
        first, limit = self.price.first_place, self.price.max_expected_loss
        if first == 1 or place.left.shape[1] == 0:
            return np.full(len(place.left), limit)
        best = place.scores[:, : place.index + 1].astype(np.float64)
        top = np.where(np.isfinite(best[:, :1]), best[:, :1], 0.0)
        value = np.maximum(np.exp(best - top), 1e-300)
        saved, share = np.zeros(len(best)), np.zeros(len(best))
        for k in range(value.shape[1]):
            saved += limit * value[:, k]
            share = np.minimum(saved / value[:, k], 1.0) if k + 1 >= first else np.zeros(len(best))
            saved -= share * value[:, k]
        return share


def _loss(chances: Floats, place: Place) -> Floats:
    """(b,) the share of the greedy choice's value that the chances lose, at most 1."""
    best = np.take_along_axis(place.scores, place.greedy[:, None], axis=1).astype(np.float64)
    # Items without a chance may score -inf; an item far above a diverse greedy choice is no loss.
    behind = np.where(chances > 0, place.scores - np.where(np.isfinite(best), best, 0.0), 0.0)
    loss: Floats = 1.0 - (chances * np.exp(np.minimum(behind, 500.0))).sum(axis=1)
    return loss
