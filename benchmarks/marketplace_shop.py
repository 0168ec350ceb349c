"""The shop of the marketplace benchmark: a collection that serves visitors in batches."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from prismrec.collection import Collection
from prismrec.config import Settings
from prismrec.core import Candidates, Choice, Event, Exposure, QueryBatch
from prismrec.core.arrays import Floats, Longs
from prismrec.evaluation.simulator import KINDS, Environment, Feedback, Marketplace, Visits
from prismrec.exploration import ExplorationSettings, learned_from, policy_from
from prismrec.exploration.settings import LEARNING
from prismrec.folder import settings_of
from prismrec.learning import fit
from prismrec.models.settings import ModelSettings

__all__ = ["Shop", "fitted"]

WORK = 0.6
"""Million predictions that the transformer trains on, as in the demo."""
LOOKS_BACK = 50


def fitted(market: Marketplace, begins: int, path: Path) -> Path:
    """A collection that learned from what happened before `begins`, made where there is none."""
    if not path.exists():
        before = replace(
            market,
            items=[item for item in market.items if (item.created_at or 0) <= begins],
            events=[event for event in market.events if (event.timestamp or 0) < begins],
        )
        with tempfile.TemporaryDirectory() as place:
            settings = Settings(models=ModelSettings(work=WORK))
            fit(before.write(Path(place)), path, settings=settings).close()
    return path


class Shop:
    """Serves visitors with the slates of a policy and tells it what they earned."""

    def __init__(self, path: Path, world: Environment, settings: ExplorationSettings) -> None:
        self._shop, self._world = opened(path, settings), world
        self._created = world.market.truth.products.created_at
        position = world.market.truth.items.position
        learned = learned_from(settings, position=position) if settings.policy in LEARNING else None
        self._policy = policy_from(settings, created_at=self._created, learned=learned)
        self._ids = [item.item_id for item in world.market.items]
        self._past: list[list[Event]] = [[] for _ in world.market.users]
        for event in world.market.events:
            if (event.timestamp or 0) < world.begins:
                self._past[world.market.truth.users.position(event.user_id)].append(event)
        self._shown: dict[int, Exposure] = {}
        self._earned: dict[int, Floats] = {}

    def close(self) -> None:
        """Lets go of the collection."""
        self._shop.close()

    def show(self, visits: Visits, rng: np.random.Generator) -> tuple[Longs, Floats]:
        """The slates (b, places) as item positions of the marketplace, and how much of the greedy
        slate's value each is expected to lose, (b,)."""
        self._take_in(visits)
        seen = self._shop.snapshot
        pasts = [self._past[user][-LOOKS_BACK:] for user in visits.users]
        names = [self._world.market.truth.users[int(user)] for user in visits.users]
        asked = QueryBatch(
            histories=seen.sequences(pasts),
            at=np.full(len(pasts), visits.at, np.int64),
            users=np.array([seen.user_position(name) for name in names], np.int32),
            profiles=seen.profiles(names),
        )
        allowed = np.tile(seen.alive, (len(pasts), 1))
        for row, user in enumerate(visits.users):
            had = seen.hidden(self._past[user], searching=False)
            allowed[row, [seen.catalogue.position(item_id) for item_id in had]] = False
        found = seen.best_of_all(asked, allowed, seen.shortlist)
        choice = self._policy.choose(asked, found, self._world.settings.places, rng)
        self._log(visits, found, choice)
        slates = np.take_along_axis(found.positions, np.maximum(choice.columns, 0), axis=1)
        return np.where(choice.columns >= 0, slates, -1).astype(np.int64), _lost(found, choice)

    def learn(self, feedback: Feedback, earned: Floats) -> None:
        """Takes in what happened: histories grow, and the policy hears what its slates earned."""
        for visit, user, item, kind, at in zip(
            *(feedback.visits, feedback.users, feedback.items, feedback.kinds, feedback.at),
            strict=True,
        ):
            # The shop of the history calls a click a view.
            name = "view" if KINDS[kind] == "click" else KINDS[kind]
            self._past[user].append(Event(self._ids[item], name, timestamp=int(at)))
            place = self._shown[int(visit)].chosen.index(self._ids[item])
            self._earned[int(visit)][place] += earned[kind]
        told = sorted({*self._fresh, *map(int, feedback.visits)})
        rewards = np.stack([self._earned[visit] for visit in told]) / earned.max()
        self._policy.update([self._shown[visit] for visit in told], rewards)

    def _take_in(self, visits: Visits) -> None:
        """What arrived since the last visit joins the catalogue, in the marketplace's order."""
        known = len(self._shop.snapshot.catalogue)
        if visits.live > known:
            self._shop.upsert(self._world.market.items[known : visits.live])

    def _log(self, visits: Visits, found: Candidates, choice: Choice) -> None:
        self._fresh = [int(number) for number in visits.numbers]
        names = np.array(self._ids, object)
        for row, visit in enumerate(self._fresh):
            there, columns = found.positions[row] >= 0, choice.columns[row]
            columns = columns[columns >= 0]
            self._shown[visit] = Exposure(
                exposure_id=str(visit),
                at=visits.at,
                release=1,
                policy=self._policy.name,
                policy_version=self._policy.version,
                seed=0,
                shortlist=tuple(names[found.positions[row][there]]),
                scores=tuple(found.scores[row][there].tolist()),
                chosen=tuple(names[found.positions[row][columns]]),
                propensities=tuple(choice.propensities[row][: len(columns)].tolist()),
            )
            self._earned[visit] = np.zeros(self._world.settings.places)


def opened(path: Path, exploration: ExplorationSettings) -> Collection:
    """The collection, with these settings of exploration."""
    return Collection.open(path, settings=replace(settings_of(path), exploration=exploration))


def _lost(found: Candidates, choice: Choice) -> Floats:
    """(b,): by how much of the greedy slate's value each slate is worth less, the value of an item
    being the model's own probability of it."""
    worth = np.exp(found.scores - found.scores.max(axis=1, keepdims=True)).astype(np.float64)
    taken = np.take_along_axis(worth, np.maximum(choice.columns, 0), axis=1)
    best = -np.sort(-worth, axis=1)[:, : choice.columns.shape[1]]
    return np.asarray(1.0 - taken.sum(axis=1) / best.sum(axis=1))
