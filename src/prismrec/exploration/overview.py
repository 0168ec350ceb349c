"""What exploring did, and what it would do: read from the slates that were shown.

A place was explored where chance had a say (its propensity is below 1) and the item is not the
best-scored one that was left. What that cost is the model's own estimate: the value of an item is
the softmax of its score, as in `price`; what it really cost shows in the rewards by policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Candidates, Choice, Exposure, Policy, QueryBatch, generator
from prismrec.core.arrays import Bools, Floats
from prismrec.exploration.estimators import terms
from prismrec.exploration.intervals import bootstrap
from prismrec.exploration.people import people_of

__all__ = ["Explored", "Newcomers", "PolicyReward", "by_policy", "explored", "newcomers", "preview"]


@dataclass(frozen=True)
class Explored:
    """Of `slates`: the share in which something was explored, the share of `places` explored, the
    share of the greedy slate's value given up for it by the model's estimate, and how many
    different items stood on the slates, `items`."""

    slates: int
    requests: float
    places: float
    expected_loss: float
    items: int


@dataclass(frozen=True)
class PolicyReward:
    """The mean `reward` of the `slates` of one policy, version and release, with its 95% interval
    by bootstrap over the `people` who saw them; none where they are one person's."""

    policy: str
    version: str
    release: int
    slates: int
    people: int
    reward: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Newcomers:
    """Of items created within the last days: how many there are (`items`), how many were `shown`
    at all, and their shares of all `places` and of all `reward` (0 where nothing was earned)."""

    items: int
    shown: int
    places: float
    reward: float


def explored(exposures: Sequence[Exposure]) -> Explored:
    """What the logged slates explored. Slates that answered a text are left out: their scores are
    no log-probabilities."""
    read = [_read(shown) for shown in exposures if shown.chosen and not shown.text]
    return _told(
        read, len({item for shown in exposures if not shown.text for item in shown.chosen})
    )


def by_policy(exposures: Sequence[Exposure], rewards: Floats) -> list[PolicyReward]:
    """What each policy earned a slate, `rewards` (exposures, places) as `rewards.join_rewards`
    gives them; the newest release first, then the most shown."""
    groups: dict[tuple[str, str, int], list[int]] = {}
    for row, shown in enumerate(exposures):
        key = (shown.policy, shown.policy_version, shown.release)
        groups.setdefault(key, []).append(row)
    found = []
    for (policy, version, release), rows in groups.items():
        people = people_of([exposures[row] for row in rows])
        earned = terms(plain=rewards[rows]).by(people)
        drawn = generator(0, "overview", policy, version, release)
        interval = bootstrap(earned, drawn) if len(earned) > 1 else None
        counts = len(rows), len(earned)
        found.append(PolicyReward(policy, version, release, *counts, earned.value, interval))
    return sorted(found, key=lambda each: (-each.release, -each.slates))


def newcomers(
    exposures: Sequence[Exposure], rewards: Floats, created_at: Mapping[str, int], since: int
) -> Newcomers:
    """What items created at `since` (milliseconds) or later got; `created_at` by item id."""
    new = {item for item, at in created_at.items() if at >= since}
    mine = np.zeros(rewards.shape, bool)
    there = np.zeros(rewards.shape, bool)
    for row, shown in enumerate(exposures):
        there[row, : len(shown.chosen)] = True
        mine[row, : len(shown.chosen)] = [item in new for item in shown.chosen]
    met = {item for shown in exposures for item in shown.chosen} & new
    positive = np.maximum(rewards, 0.0)
    return Newcomers(
        items=len(new),
        shown=len(met),
        places=float(mine.sum() / max(there.sum(), 1)),
        reward=float(positive[mine].sum() / max(positive.sum(), 1e-12)),
    )


def preview(
    exposures: Sequence[Exposure], policy: Policy, position: Callable[[str], int], seed: int = 0
) -> Explored:
    """What `policy` would do with the shortlists of the exposures: slates as long as those shown.

    `position` says where an item id stands in the catalogue, -1 for one that is gone.
    """
    asked = [shown for shown in exposures if shown.chosen and not shown.text]
    if not asked:
        return _told([], 0)
    candidates = candidates_of(asked, position)
    queries = QueryBatch.of([[]] * len(asked))
    length = max(len(shown.chosen) for shown in asked)
    choice = policy.choose(queries, candidates, length, generator(seed, "preview"))
    read = [_slate(candidates, choice, row, len(shown.chosen)) for row, shown in enumerate(asked)]
    columns = np.where(choice.columns < 0, 0, choice.columns)
    picked = np.take_along_axis(candidates.positions, columns, axis=1)
    kept = (choice.columns >= 0) & (
        np.arange(length) < np.array([len(shown.chosen) for shown in asked])[:, None]
    )
    return _told(read, len(np.unique(picked[kept])))


def candidates_of(exposures: Sequence[Exposure], position: Callable[[str], int]) -> Candidates:
    """The logged shortlists as candidates, (exposures, the longest), with their features."""
    b, m = len(exposures), max(len(shown.shortlist) for shown in exposures)
    positions = np.full((b, m), -1, np.int32)
    scores = np.full((b, m), -np.inf, np.float32)
    names = tuple(exposures[0].features)
    features = np.zeros((b, m, len(names)), np.float32) if names else None
    for row, shown in enumerate(exposures):
        width = len(shown.shortlist)
        positions[row, :width] = [position(item) for item in shown.shortlist]
        scores[row, :width] = shown.scores
        if features is not None and tuple(shown.features) == names:
            features[row, :width] = np.stack([shown.features[name] for name in names], axis=1)
    scores[positions < 0] = -np.inf
    return Candidates(positions, scores, features=features, feature_names=names if names else ())


@dataclass(frozen=True)
class _Slate:
    """One slate: which of its places were explored (n,), the value `lost` at each, and the value of
    the best slate."""

    explored: Bools
    lost: Floats
    best: float


def _read(shown: Exposure) -> _Slate:
    """A logged slate, place by place."""
    where = {item: place for place, item in enumerate(shown.shortlist)}
    columns = [where.get(item, -1) for item in shown.chosen]
    chance = np.array(shown.propensities)
    return _walk(np.array(shown.scores, np.float64), columns, chance < 1.0)


def _slate(candidates: Candidates, choice: Choice, row: int, length: int) -> _Slate:
    """A slate that a policy chose."""
    chance = choice.propensities[row, :length]
    return _walk(
        candidates.scores[row].astype(np.float64),
        choice.columns[row, :length].tolist(),
        chance < 1.0,
    )


def _walk(scores: Floats, columns: Sequence[int], chancy: Bools) -> _Slate:
    """Every place against the best that was left there."""
    known = np.isfinite(scores)
    top = scores[known].max() if known.any() else 0.0
    value = np.where(known, np.exp(np.where(known, scores, top) - top), 0.0)
    order = [column for column in np.argsort(-value, kind="stable").tolist() if known[column]]
    best = float(np.sort(value)[::-1][: len(columns)].sum())
    tried, lost = np.zeros(len(columns), bool), np.zeros(len(columns))
    left = dict.fromkeys(order)
    for place, column in enumerate(columns):
        if column < 0 or column not in left:
            continue
        greedy = next(iter(left))
        tried[place] = chancy[place] and value[column] < value[greedy]
        lost[place] = value[greedy] - value[column] if tried[place] else 0.0
        del left[column]
    return _Slate(tried, lost, best)


def _told(read: Sequence[_Slate], items: int) -> Explored:
    if not read:
        return Explored(0, 0.0, 0.0, 0.0, 0)
    return Explored(
        slates=len(read),
        requests=float(np.mean([slate.explored.any() for slate in read])),
        places=float(np.concatenate([slate.explored for slate in read]).mean()),
        expected_loss=float(np.mean([slate.lost.sum() / max(slate.best, 1e-12) for slate in read])),
        items=items,
    )
