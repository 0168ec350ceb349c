"""A slate is drawn place by place, and each place knows the chance of every candidate.

That one mechanism gives every policy here its exact propensities: a policy only says, for a place,
how likely each remaining candidate is (`chances`); the walk draws from it, takes the drawn item out
and goes on. The diversity step stands inside it, as what a candidate is worth at this place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from prismrec.core import Candidates, Choice, Diversity, Exposure, QueryBatch
from prismrec.core.arrays import Bools, Floats, Longs, Positions, Scores

Estimates = npt.NDArray[np.floating]
"""(b, m, s): what a policy makes of candidates for all places of a slate, float32 or float64."""

__all__ = [
    "Estimates",
    "Place",
    "PolicyAround",
    "SequentialPolicy",
    "Shortlist",
    "certain",
    "drawn",
    "version_of",
    "walk",
]


@dataclass(frozen=True)
class Place:
    """What a policy sees when it fills one place of b slates from shortlists of m.

    `index` counts the places from 0. `positions`, `scores`, `worth` and `left` are (b, m), best
    score first: item positions, scores, what each is worth given the places before (the score where
    there is no diversity step), and whether it may still be shown. `greedy` (b,) is the column of
    the largest worth of what is left. `at` (b,) is the time of each request. `estimates` is what
    `SequentialPolicy.estimates` made of the shortlist, `alone` (b, m) the worth at the first place.
    """

    index: int
    positions: Positions
    scores: Scores
    worth: Floats
    left: Bools
    greedy: Longs
    at: Longs
    alone: Floats
    estimates: Estimates | None = None


class SequentialPolicy(ABC):
    """A policy that is its `chances` at each place, walked from the first place to the last.

    `share` is the part of the requests that explore at all; the others take the greedy choice at
    every place. One uniform draw is taken from the generator for each place, so the same generator
    gives a longer slate that begins with the shorter one, as long as neither is longer than the
    shortlist.
    """

    name: str
    fixed: str
    """The version, as far as settings make it."""
    shortlist: int
    diversity: Diversity | None
    share: float = 1.0

    @property
    def version(self) -> str:
        """Exposures of one release and one version share one distribution."""
        return self.fixed

    @abstractmethod
    def chances(self, place: Place) -> Floats:
        """(b, m) how likely each candidate is at this place of a request that explores: 0 where
        nothing is left, rows that sum to 1 where something is."""

    def estimates(self, shortlist: Shortlist) -> Estimates | None:
        """(b, m, s): s numbers of each candidate that hold for all places of the slate, handed to
        `chances` in the place; `None` where the scores say all."""
        return None

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice:
        """n of each row's shortlist, with one uniform draw from `rng` for every place and row."""
        shortlist = Shortlist(queries, candidates, max(self.shortlist, n), self.diversity)
        return walk(shortlist, n, self, drawn(rng.random((n, len(candidates)))))

    def propensities(
        self, queries: QueryBatch, candidates: Candidates, columns: Positions
    ) -> Floats:
        """(b, n): how likely this policy would have shown the slates `columns` (b, n), each place
        given the places before; 0 where it never would, 1 at padding.

        What off-policy evaluation asks of a policy that did not log the slates itself.
        """
        n = columns.shape[1]
        shortlist = Shortlist(queries, candidates, max(self.shortlist, n), self.diversity)
        shown = walk(shortlist, n, self, shortlist.given(columns))
        chances = np.where(shown.columns == columns, shown.propensities, 0.0)
        return np.where(columns >= 0, chances, 1.0)

    def update(  # noqa: B027 (that nothing is learned is the rule, not an omission)
        self, exposures: Sequence[Exposure], rewards: Floats
    ) -> None:
        """Chances come from settings and from the scores of the release: nothing is learned."""


class PolicyAround(SequentialPolicy):
    """A policy that changes the chances of the one inside and keeps all else of it."""

    def __init__(self, policy: SequentialPolicy, settings: object) -> None:
        """`settings` are part of the version, because they change the distribution."""
        self.policy = policy
        self.name = policy.name
        self.shortlist = policy.shortlist
        self.diversity = policy.diversity
        self.settings = settings

    @property
    def version(self) -> str:
        """That of the policy inside, and the settings."""
        return f"{self.policy.version}:{self.settings}"

    def estimates(self, shortlist: Shortlist) -> Estimates | None:
        """Those of the policy inside."""
        return self.policy.estimates(shortlist)

    def update(self, exposures: Sequence[Exposure], rewards: Floats) -> None:
        """The policy inside learns."""
        self.policy.update(exposures, rewards)


class Shortlist:
    """The m best candidates of each row, best first, and what they are worth at a place."""

    def __init__(
        self, queries: QueryBatch, candidates: Candidates, m: int, diversity: Diversity | None
    ) -> None:
        self._candidates, order = _ordered(candidates, m)
        self.order = order
        self.positions = self._candidates.positions
        self.scores = self._candidates.scores
        self.valid = (self.positions >= 0) & np.isfinite(self.scores)
        self.at = queries.at
        self.diversity = diversity
        self._alone = self.scores.astype(np.float64)

    @cached_property
    def _by_position(self) -> Longs:
        return np.argsort(self.positions, axis=1, kind="stable")

    @property
    def candidates(self) -> Candidates:
        """The candidates in the order of the shortlist."""
        return self._candidates

    def place(self, left: Bools, picks: Longs, estimates: Estimates | None = None) -> Place:
        """The place after the columns `picks` (b, index) of the shortlist."""
        worth, greedy = self.scores.astype(np.float64), np.argmax(left, axis=1)
        if self.diversity is not None:
            for row in np.flatnonzero(left.any(axis=1)):
                worth[row] = self.diversity.worth(
                    self.positions[row], self.scores[row], picks[row].tolist()
                )
            masked = np.where(left, worth, -np.inf)
            # Walking the shortlist by item position makes argmax break ties by position.
            order = self._by_position
            best = np.argmax(np.take_along_axis(masked, order, axis=1), axis=1)
            greedy = order[np.arange(len(left)), best]
        if picks.shape[1] == 0:
            self._alone = worth
        return Place(
            index=picks.shape[1],
            positions=self.positions,
            scores=self.scores,
            worth=worth,
            left=left,
            greedy=greedy,
            at=self.at,
            alone=self._alone,
            estimates=estimates,
        )

    def given(self, columns: Positions) -> Pick:
        """Takes the candidates' `columns` (b, n), whatever the chances; -1 where not in here."""

        def pick(index: int, chances: Floats) -> Longs:
            same = self.order == columns[:, index, None]
            return np.where(same.any(axis=1), np.argmax(same, axis=1), -1)

        return pick


def _ordered(candidates: Candidates, m: int) -> tuple[Candidates, Longs]:
    """The m best of each row, equal scores in order of position, and their columns."""
    scores, positions = candidates.scores, candidates.positions
    falling = scores[:, 1:] < scores[:, :-1]
    tied = (scores[:, 1:] == scores[:, :-1]) & (positions[:, 1:] >= positions[:, :-1])
    if scores.shape[1] <= m and (falling | tied).all():  # as retrieval brings them: best first
        return candidates, np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    order = np.lexsort((positions, -scores), axis=1)[:, :m]
    return candidates.gather(order), order


Pick = Callable[[int, Floats], Longs]
"""The columns (b,) taken at a place, given its index and its chances (b, m); -1 for none."""


def walk(shortlist: Shortlist, n: int, policy: SequentialPolicy, pick: Pick) -> Choice:
    """Fill n places one after the other, all rows at once."""
    b, m = shortlist.order.shape
    left, rows = shortlist.valid.copy(), np.arange(b)
    picks = np.zeros((b, n), np.int64)
    columns = np.full((b, n), -1, np.int32)
    propensities, explored = np.ones((b, n)), np.zeros((b, n), bool)
    coin = _Coin(b, policy.share)
    estimates = policy.estimates(shortlist)
    for index in range(n if m else 0):
        place = shortlist.place(left, picks[:, :index], estimates)
        chances = policy.chances(place)
        mixed = coin.mixed(chances, certain(place))
        taken = pick(index, mixed)
        column = np.maximum(taken, 0)
        chance = np.where(taken >= 0, mixed[rows, column], 0.0)
        coin.learn(chances[rows, column], chance)
        live = left.any(axis=1)
        picks[:, index] = column
        columns[:, index] = np.where(live, shortlist.order[rows, column], -1)
        propensities[:, index] = np.where(live, np.minimum(chance, 1.0), 1.0)
        explored[:, index] = live & (column != place.greedy)
        left[rows, column] = False
    return Choice(columns, propensities, explored=explored)


class _Coin:
    """Whether a request explores: one coin for the whole slate, which nobody sees.

    With u the probability that it fell on exploring, given the places before, the propensity of a
    place is `u * p(a) + (1 - u) * [a is greedy]`, and after a was shown u becomes
    `u * p(a) / propensity`: Bayes' rule, exactly. Drawing every place from that mixture gives each
    slate as often as tossing the coin first, and what is logged is what was drawn from.
    """

    def __init__(self, b: int, share: float) -> None:
        self.belief = np.full(b, share)

    def mixed(self, chances: Floats, greedy: Floats) -> Floats:
        """(b, m) the propensities of a place, from the chances of a request that explores."""
        belief = self.belief[:, None]
        return belief * chances + (1.0 - belief) * greedy

    def learn(self, exploring: Floats, propensity: Floats) -> None:
        """What the chance and the propensity of the item shown say about the coin, both (b,)."""
        seen = self.belief * exploring
        np.divide(seen, propensity, out=self.belief, where=propensity > 0)


def certain(place: Place) -> Floats:
    """(b, m): the greedy choice with certainty."""
    chances = np.zeros(place.left.shape)
    chances[np.arange(len(chances)), place.greedy] = place.left.any(axis=1)
    return chances


def version_of(version: str, diversity: Diversity | None) -> str:
    """Exposures of one version share one distribution: the settings of the diversity step count."""
    if diversity is None:
        return version
    plain = {k: v for k, v in vars(diversity).items() if isinstance(v, str | int | float)}
    settings = ",".join(f"{name}={plain[name]}" for name in sorted(plain))
    return f"{version}:{type(diversity).__name__}({settings})"


def drawn(draws: Floats) -> Pick:
    """Takes what the draws (n, b), uniform in [0, 1), fall on."""
    return lambda index, chances: _fallen_on(chances, draws[index])


def _fallen_on(chances: Floats, draws: Floats) -> Longs:
    """The column in which each row's draw falls; never one without a chance."""
    reached = np.cumsum(chances, axis=1)
    after = (reached <= (draws * reached[:, -1])[:, None]).sum(axis=1)
    last = chances.shape[1] - 1 - np.argmax(chances[:, ::-1] > 0, axis=1)
    column: Longs = np.minimum(after, last)
    return column
