"""Policies choose a slate from scored candidates and say exactly how likely each choice was."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from prismrec.core import BadSettings, Candidates, Choice, Diversity, Policy, QueryBatch
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.bandits import (
    Bootstrap,
    LinUCB,
    RegCB,
    Rule,
    SquareCB,
    Thompson,
)
from prismrec.exploration.belief import BeliefSettings
from prismrec.exploration.features import SCORES
from prismrec.exploration.learned import Learned, LearnedSettings, LearningPolicy
from prismrec.exploration.new_items import NewItems, Quota
from prismrec.exploration.price import Price, Priced
from prismrec.exploration.sequential import (
    Place,
    SequentialPolicy,
    Shortlist,
    certain,
    drawn,
    version_of,
    walk,
)
from prismrec.exploration.settings import LEARNING, ExplorationSettings

__all__ = ["EpsilonGreedy", "Greedy", "PlackettLuce", "learned_from", "policy_from"]


def policy_from(
    settings: ExplorationSettings,
    diversity: Diversity | None = None,
    created_at: Longs | None = None,
    learned: Learned | None = None,
) -> Policy:
    """The policy of the settings at the price of the settings, the diversity step inside it.

    `created_at` (n_items,) is milliseconds since 1970 UTC by item position, -1 unknown: the quota
    for new items needs it, and `BadSettings` is raised where it is asked for without. `learned` is
    what a policy that learns knows already, `None` nothing.
    """
    policy = (
        LearningPolicy(learned or learned_from(settings), settings.shortlist, diversity)
        if settings.policy in LEARNING
        else _POLICIES[settings.policy](settings, diversity)
    )
    if settings.new_chance > 0.0:
        if created_at is None:
            raise BadSettings(
                "exploration.new_chance needs to know when items were created.",
                hint="Set exploration.new_chance to 0, or give the times of creation.",
            )
        quota = Quota(settings.new_chance, settings.new_place, settings.new_days)
        policy = NewItems(policy, quota, created_at)
    price = Price(settings.share, settings.first_place, settings.max_expected_loss)
    return policy if price == Price() or isinstance(policy, Greedy) else Priced(policy, price)


def learned_from(
    settings: ExplorationSettings,
    features: tuple[str, ...] = SCORES,
    position: Callable[[str], int] = lambda item_id: -1,
) -> Learned:
    """What the policy of the settings knows before any feedback, of candidates with `features`;
    `position` says where an item id stands, -1 for one that is unknown."""
    belief = BeliefSettings(ridge=settings.ridge, own_ridge=settings.own_ridge, keep=settings.keep)
    how = LearnedSettings(belief, features, settings.expected, settings.position_bias)
    return Learned(_RULES[settings.policy](settings), how, position)


class Greedy(SequentialPolicy):
    """At every place, the candidate of the largest marginal worth; every propensity is 1.

    Worth is the score, or what the diversity step makes of it given the places before. Equal worth
    goes to the lower item position. It chooses from all candidates, not from the best of them.
    """

    name = "greedy"
    shortlist = sys.maxsize

    def __init__(self, diversity: Diversity | None = None) -> None:
        self.diversity = diversity
        self.fixed = version_of("1", diversity)

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice:
        """The n best of each row; draws nothing from `rng`."""
        if self.diversity is None:
            return _best_first(Shortlist(queries, candidates, n, None), n)
        shortlist = Shortlist(queries, candidates, self.shortlist, self.diversity)
        return walk(shortlist, n, self, drawn(np.zeros((n, len(candidates)))))

    def chances(self, place: Place) -> Floats:
        """The greedy choice with certainty."""
        return certain(place)


class EpsilonGreedy(SequentialPolicy):
    """The greedy choice, but with probability epsilon at each place a uniform draw.

    With r candidates of the shortlist left at a place, the greedy one has the propensity
    `1 - epsilon + epsilon / r` and each other one `epsilon / r`, given the places before: exact,
    without replacement.
    """

    name = "epsilon-greedy"

    def __init__(
        self, epsilon: float, shortlist: int = 50, diversity: Diversity | None = None
    ) -> None:
        self.epsilon = epsilon
        self.shortlist = shortlist
        self.diversity = diversity
        self.fixed = version_of(f"2:epsilon={epsilon}:shortlist={shortlist}", diversity)

    def chances(self, place: Place) -> Floats:
        """Epsilon shared out evenly over what is left, the rest at the greedy choice."""
        remaining = np.maximum(place.left.sum(axis=1, keepdims=True), 1)
        uniform: Floats = place.left / remaining
        return self.epsilon * uniform + (1.0 - self.epsilon) * certain(place)


class PlackettLuce(SequentialPolicy):
    """A draw by the softmax of what is worth showing, without replacement.

    Among the candidates left at a place, item i has the propensity
    `exp(worth_i / temperature) / sum over j left of exp(worth_j / temperature)`, given the places
    before: the Plackett-Luce model of rankings, exact. At temperature 1 and without a diversity
    step, an item comes first as often as a model whose scores are log-probabilities believes in it;
    towards 0 the slate becomes the greedy one, towards infinity a uniform draw. The diversity step
    rescales worth to a range of 1, so that it wants a lower temperature.

    Source: R. L. Plackett, "The analysis of permutations", Applied Statistics 24(2), 1975;
    R. D. Luce, "Individual Choice Behavior", 1959.
    """

    name = "plackett-luce"

    def __init__(
        self, temperature: float = 1.0, shortlist: int = 50, diversity: Diversity | None = None
    ) -> None:
        self.temperature = temperature
        self.shortlist = shortlist
        self.diversity = diversity
        self.fixed = version_of(f"1:temperature={temperature}:shortlist={shortlist}", diversity)

    def chances(self, place: Place) -> Floats:
        """The softmax of worth over what is left, at the temperature."""
        best = np.take_along_axis(place.worth, place.greedy[:, None], axis=1)
        below = np.where(place.left, place.worth, -np.inf) - np.where(np.isfinite(best), best, 0.0)
        odds = np.exp(below / self.temperature)
        total = odds.sum(axis=1, keepdims=True)
        chances: Floats = np.divide(odds, total, out=np.zeros_like(odds), where=total > 0)
        return chances


def _best_first(shortlist: Shortlist, n: int) -> Choice:
    """The first n valid columns of each row: valid ones stand first, as padding scores -inf."""
    b, m = shortlist.order.shape
    columns = np.full((b, n), -1, np.int32)
    columns[:, : min(m, n)] = np.where(shortlist.valid, shortlist.order, -1)[:, :n]
    return Choice(columns, np.ones((b, n)), explored=np.zeros((b, n), bool))


_POLICIES: dict[str, Callable[[ExplorationSettings, Diversity | None], SequentialPolicy]] = {
    "greedy": lambda settings, diversity: Greedy(diversity),
    "epsilon-greedy": lambda settings, diversity: EpsilonGreedy(
        settings.epsilon, settings.shortlist, diversity
    ),
    "plackett-luce": lambda settings, diversity: PlackettLuce(
        settings.temperature, settings.shortlist, diversity
    ),
}


_RULES: dict[str, Callable[[ExplorationSettings], Rule]] = {
    "linucb": lambda settings: LinUCB(settings.width),
    "thompson": lambda settings: Thompson(settings.width, settings.draws),
    "bootstrap": lambda settings: Bootstrap(settings.members, settings.width),
    "squarecb": lambda settings: SquareCB(settings.gamma, settings.gamma_exponent),
    "regcb": lambda settings: RegCB(settings.width),
}
