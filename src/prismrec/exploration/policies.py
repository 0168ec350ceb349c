"""Policies choose a slate from scored candidates and say exactly how likely each choice was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import Candidates, Choice, Diversity, Exposure, Policy, QueryBatch
from prismrec.core.arrays import Bools, Longs
from prismrec.exploration.settings import ExplorationSettings

__all__ = ["EpsilonGreedy", "Greedy", "policy_from"]


def policy_from(settings: ExplorationSettings, diversity: Diversity | None = None) -> Policy:
    """The policy of the settings, with the diversity step inside it."""
    if settings.policy == "greedy":
        return Greedy(diversity)
    return EpsilonGreedy(settings.epsilon, settings.shortlist, diversity)


class Greedy:
    """At every place, the candidate of the largest marginal worth; every propensity is 1.

    Worth is the score, or what the diversity step makes of it given the places before. Equal worth
    goes to the lower item position.
    """

    name = "greedy"

    def __init__(self, diversity: Diversity | None = None) -> None:
        self.diversity = diversity
        self.version = _version("1", diversity)

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice:
        """The n best of each row; draws nothing from `rng`."""
        width = candidates.positions.shape[1]
        order, valid = _shortlists(candidates, width if self.diversity else n)
        if self.diversity is None:
            return _best_first(order, valid, n)
        return _walk(candidates, order, valid, self.diversity, np.ones((len(order), n, 2)), 0.0)

    def update(self, exposures: Sequence[Exposure], rewards: Sequence[float]) -> None:
        """Greedy has no state: nothing is learned, and rebuilding it from the log is a no-op."""


class EpsilonGreedy:
    """The greedy choice, but with probability epsilon at each place a uniform draw.

    With r candidates of the shortlist left at a place, the greedy one has the propensity
    `1 - epsilon + epsilon / r` and each other one `epsilon / r`, given the places before: exact,
    without replacement. What is drawn at a place does not depend on how many places follow, so
    the same generator gives a longer slate that begins with the shorter one, as long as neither
    is longer than the shortlist.
    """

    name = "epsilon-greedy"

    def __init__(
        self, epsilon: float, shortlist: int = 50, diversity: Diversity | None = None
    ) -> None:
        self.epsilon = epsilon
        self.shortlist = shortlist
        self.diversity = diversity
        self.version = _version(f"1:epsilon={epsilon}:shortlist={shortlist}", diversity)

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice:
        """n of each row's shortlist, with two uniform draws from `rng` for every place."""
        order, valid = _shortlists(candidates, max(self.shortlist, n))
        draws = rng.random((len(order), n, 2))
        return _walk(candidates, order, valid, self.diversity, draws, self.epsilon)

    def update(self, exposures: Sequence[Exposure], rewards: Sequence[float]) -> None:
        """Epsilon is a setting and the scores are the release's: nothing is learned here."""


def _version(version: str, diversity: Diversity | None) -> str:
    """Exposures of one version share one distribution: with and without diversity differ."""
    return version if diversity is None else f"{version}:{type(diversity).__name__}"


def _shortlists(candidates: Candidates, m: int) -> tuple[Longs, Bools]:
    """Columns of the m best of each row, (b, <= m), best first, and which of them may be shown."""
    order = np.lexsort((candidates.positions, -candidates.scores), axis=1)[:, :m]
    scores = np.take_along_axis(candidates.scores, order, axis=1)
    positions = np.take_along_axis(candidates.positions, order, axis=1)
    return order, (positions >= 0) & np.isfinite(scores)


def _best_first(order: Longs, valid: Bools, n: int) -> Choice:
    """The first n valid columns of each row: valid ones stand first, as padding scores -inf."""
    b, m = order.shape
    columns = np.full((b, n), -1, np.int32)
    columns[:, : min(m, n)] = np.where(valid, order, -1)[:, :n]
    return Choice(columns, np.ones((b, n)), explored=np.zeros((b, n), bool))


def _walk(
    candidates: Candidates,
    order: Longs,
    valid: Bools,
    diversity: Diversity | None,
    draws: np.ndarray,
    epsilon: float,
) -> Choice:
    """Fill the places one after the other, all rows at once; `draws` is (b, n, 2) in [0, 1)."""
    b, n, _ = draws.shape
    left, rows = valid.copy(), np.arange(b)
    picks = np.zeros((b, n), np.int64)
    columns = np.full((b, n), -1, np.int32)
    propensities, explored = np.ones((b, n)), np.zeros((b, n), bool)
    best = _Best(candidates, order, diversity)
    for place in range(n if order.shape[1] else 0):
        remaining = left.sum(axis=1)
        greedy = best.of(left, picks[:, :place])
        drawn = _nth(left, (draws[:, place, 1] * remaining).astype(np.int64))
        pick = np.where(draws[:, place, 0] < epsilon, drawn, greedy)
        picks[:, place] = pick
        live = remaining > 0
        chance = epsilon / np.maximum(remaining, 1) + (1.0 - epsilon) * (pick == greedy)
        columns[:, place] = np.where(live, order[rows, pick], -1)
        propensities[:, place] = np.where(live, np.minimum(chance, 1.0), 1.0)
        explored[:, place] = live & (pick != greedy)
        left[rows, pick] = False
    return Choice(columns, propensities, explored=explored)


def _nth(left: Bools, n: Longs) -> Longs:
    """The place of the n-th true of each row, counted from 0; 0 where a row has none."""
    place: Longs = np.argmax(np.cumsum(left, axis=1) > n[:, None], axis=1)
    return place


class _Best:
    """The candidate of the largest marginal worth in each row, as a place in the shortlist."""

    def __init__(self, candidates: Candidates, order: Longs, diversity: Diversity | None) -> None:
        self.diversity = diversity
        self.positions = np.take_along_axis(candidates.positions, order, axis=1)
        self.scores = np.take_along_axis(candidates.scores, order, axis=1)
        # Walking the shortlist by item position makes argmax break ties by position.
        self.by_position = np.argsort(self.positions, axis=1, kind="stable")

    def of(self, left: Bools, chosen: np.ndarray) -> Longs:
        """(b,) given what is left and what was chosen, (b, places), as places in the shortlist."""
        if self.diversity is None:
            first: Longs = np.argmax(left, axis=1)
            return first
        return np.array([self._row(row, left[row], chosen[row]) for row in range(len(left))], int)

    def _row(self, row: int, left: Bools, chosen: np.ndarray) -> int:
        if not left.any() or self.diversity is None:
            return 0
        worth = self.diversity.worth(self.positions[row], self.scores[row], chosen.tolist())
        by = self.by_position[row]
        return int(by[np.argmax(np.where(left, worth, -np.inf)[by])])
