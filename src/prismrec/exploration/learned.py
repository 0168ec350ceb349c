"""Policies that learn from what their slates earned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from prismrec.core import Candidates, Diversity, Exposure
from prismrec.core.arrays import Bools, Floats, Positions
from prismrec.exploration.bandits import Rule
from prismrec.exploration.belief import Belief, BeliefSettings
from prismrec.exploration.features import SCORES, WORTH, features_of, log_features, logged_features
from prismrec.exploration.posterior import Posterior
from prismrec.exploration.sequential import (
    Estimates,
    Place,
    SequentialPolicy,
    Shortlist,
    version_of,
)

__all__ = ["Learned", "LearnedSettings", "LearningPolicy"]

REMEMBERED = 200_000
"""How many exposures back a reward may still be corrected."""


@dataclass(frozen=True, slots=True)
class LearnedSettings:
    """How a policy learns: its belief, what it expects before any feedback, and places.

    `features` name what it goes by. `expected` is the reward that the model's favourite is expected
    to earn a priori, another candidate as much less as its model probability is smaller: so a
    policy begins with the order of the model. A reward at place k, from 1, counts as one of a place
    that is looked at with the chance `k^-position_bias` (0: every place is), the examination model
    of T. Joachims, A. Swaminathan and T. Schnabel, WSDM 2017: there the features count that much
    less, as in P. Lagree, C. Vernade and O. Cappe, NIPS 2016.
    """

    belief: BeliefSettings = field(default_factory=BeliefSettings)
    features: tuple[str, ...] = SCORES
    expected: float = 0.1
    position_bias: float = 0.0


@dataclass
class _Told:
    """An exposure that is in: when it came, and what its places earned as far as is known."""

    order: int
    rewards: Floats


@dataclass(frozen=True)
class _Rows:
    """n observations: features (n, d), item positions, and the exposure and place of each."""

    x: Floats
    positions: Positions
    where: tuple[tuple[str, int], ...]


class Learned:
    """What a rule has learned, shared by all policies that are made of it.

    The state follows from the exposures and their rewards alone: fed in one call or in many, it is
    the same but for rounding. Nothing of it is stored; it is rebuilt from the log. `update` wants
    one caller at a time; who chooses meanwhile sees the beliefs of before or of after.
    """

    def __init__(
        self, rule: Rule, settings: LearnedSettings, position: Callable[[str], int]
    ) -> None:
        """`position` says where an item id stands, -1 for one that is unknown."""
        self.rule, self.settings = rule, settings
        self._position = position
        self._told: dict[str, _Told] = {}
        self._beliefs = [
            Belief(settings.belief, mean)
            for mean in rule.priors(_expected(settings), settings.belief)
        ]
        self.posteriors: tuple[Posterior, ...] = tuple(b.posterior for b in self._beliefs)

    @property
    def count(self) -> int:
        """How many exposures were learned from."""
        return self.posteriors[0].count

    def logged(self, candidates: Candidates) -> dict[str, tuple[float, ...]]:
        """What the exposure of one query's candidates has to keep for this to learn from it."""
        return log_features(candidates, self.settings.features)

    def update(self, exposures: Sequence[Exposure], rewards: Floats) -> None:
        """Learn what each place of the exposures earned, `rewards` (exposures, places).

        An exposure met before is corrected where its rewards are others now. Those without the
        features of the settings, and items that are unknown, teach nothing.
        """
        fresh, late = self._sorted(exposures, rewards)
        if fresh:
            rows = self._observed([shown for shown, _ in fresh])
            self._learn(rows, len(fresh))
        if late:
            before = {shown.exposure_id: earned for shown, earned in late}
            self._correct(self._observed([shown for shown, _ in late]), before)
        if fresh or late:
            self.posteriors = tuple(belief.posterior for belief in self._beliefs)

    def _sorted(
        self, exposures: Sequence[Exposure], rewards: Floats
    ) -> tuple[list[tuple[Exposure, Floats]], list[tuple[Exposure, Floats]]]:
        """Those never met before, and those whose rewards are others than was said, with what was
        said; all of them are now as said here."""
        fresh: list[tuple[Exposure, Floats]] = []
        late: list[tuple[Exposure, Floats]] = []
        for shown, earned in zip(exposures, rewards, strict=True):
            told = self._told.get(shown.exposure_id)
            if told is None:
                order = self._beliefs[0].count + len(fresh)
                self._told[shown.exposure_id] = _Told(order, earned.copy())
                fresh.append((shown, earned))
            elif not np.array_equal(told.rewards, earned):
                late.append((shown, told.rewards))
                told.rewards = earned.copy()
        while len(self._told) > REMEMBERED + len(exposures):
            del self._told[next(iter(self._told))]
        return fresh, late

    def _observed(self, exposures: Sequence[Exposure]) -> _Rows:
        """What was shown, a row for each place."""
        names, bias = self.settings.features, self.settings.position_bias
        x, positions, where = [], [], []
        for shown in exposures:
            features = logged_features(shown, names)
            for place, item in enumerate(() if features is None else shown.chosen):
                position = self._position(item)
                if features is not None and position >= 0 and item in shown.shortlist:
                    looked_at = float(place + 1) ** -bias
                    x.append(features[shown.shortlist.index(item)] * looked_at)
                    positions.append(position)
                    where.append((shown.exposure_id, place))
        found = np.array(x, np.float64).reshape(-1, len(names))
        return _Rows(found, np.array(positions, np.int32), tuple(where))

    def _learn(self, rows: _Rows, steps: int) -> None:
        rewards = self._said(rows)
        weights = self._weights(rows, self._beliefs[0].count + steps)
        for belief, weight in zip(self._beliefs, weights, strict=True):
            belief.add(rows.x, rows.positions, rewards, weight, steps)

    def _correct(self, rows: _Rows, said: dict[str, Floats]) -> None:
        before = np.array([said[shown][place] for shown, place in rows.where])
        after, weights = self._said(rows), self._weights(rows, self._beliefs[0].count)
        for belief, weight in zip(self._beliefs, weights, strict=True):
            belief.correct(rows.x, rows.positions, before, after, weight)

    def _said(self, rows: _Rows) -> Floats:
        """(n,) what each observation earned."""
        return np.array([self._told[shown].rewards[place] for shown, place in rows.where])

    def _weights(self, rows: _Rows, now: int) -> Floats:
        """(members, n) what each observation weighs: less with age, in an ensemble by chance."""
        ages = np.array([now - 1 - self._told[shown].order for shown, _ in rows.where], np.float64)
        times = [self.rule.multiplicities(shown, place) for shown, place in rows.where]
        drawn = np.array(times, np.float64).reshape(-1, self.rule.members)
        weights: Floats = self.settings.belief.keep**ages * drawn.T
        return weights


class LearningPolicy(SequentialPolicy):
    """Chooses by a rule from what was learned so far; what it chose earns, and is learned from.

    With a diversity step, what the step takes off a candidate's worth is taken off its estimates,
    in proportion to their spread.
    """

    def __init__(
        self, learned: Learned, shortlist: int = 50, diversity: Diversity | None = None
    ) -> None:
        self.learned = learned
        self.name = learned.rule.name
        self.shortlist = shortlist
        self.diversity = diversity
        self.fixed = version_of(
            f"1:{learned.rule}:{learned.settings}:shortlist={shortlist}", diversity
        )

    @property
    def version(self) -> str:
        """The settings, and how many exposures were learned from."""
        return f"{self.fixed}:learned={self.learned.count}"

    def estimates(self, shortlist: Shortlist) -> Estimates:
        """What the rule makes of the beliefs."""
        x = features_of(shortlist.candidates, self.learned.settings.features)
        positions = np.where(shortlist.valid, shortlist.positions, -1)
        return self.learned.rule.estimates(self.learned.posteriors, x, positions)

    def chances(self, place: Place) -> Floats:
        """Those of the rule, among what is left."""
        assert place.estimates is not None
        estimates = place.estimates
        if self.diversity is not None:
            estimates = estimates - _taken_off(place, estimates)[:, :, None]
        return self.learned.rule.chances(estimates, place.left)

    def update(self, exposures: Sequence[Exposure], rewards: Floats) -> None:
        """See `Learned.update`."""
        self.learned.update(exposures, rewards)


def _expected(settings: LearnedSettings) -> Floats:
    """(d,) what theta is expected to be before any feedback."""
    return np.array([settings.expected if name == WORTH else 0.0 for name in settings.features])


def _taken_off(place: Place, estimates: Estimates) -> Floats:
    """(b, m): what the diversity step takes off each candidate, on the scale of the estimates."""
    known = np.isfinite(place.alone)
    drop = np.where(known, place.alone, 0.0) - np.where(known, place.worth, 0.0)
    spread = _spread(estimates.mean(axis=2), known)
    scale = _spread(place.alone, known)
    taken: Floats = drop * np.divide(spread, scale, out=np.ones_like(spread), where=scale > 0)
    return taken


def _spread(values: Estimates, known: Bools) -> Floats:
    """(b, 1): the largest less the smallest of what is known, 0 where nothing is."""
    low = np.where(known, values, np.inf).min(axis=1, keepdims=True)
    high = np.where(known, values, -np.inf).max(axis=1, keepdims=True)
    return np.where(np.isfinite(high - low), high - low, 0.0)
