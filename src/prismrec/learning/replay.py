"""Logged recommendations, asked again of a release: the same people, the same moment, the same
candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from prismrec.arms import catalogue_of
from prismrec.assembly import assemble
from prismrec.config import Settings
from prismrec.core import (
    PAGE_OF,
    BadInput,
    Candidates,
    Event,
    Exposure,
    QueryBatch,
    StoredCatalogue,
)
from prismrec.core.arrays import Floats, Longs, Positions
from prismrec.engine import HISTORY
from prismrec.exploration.people import people_of
from prismrec.exploration.rewards import join_rewards
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.stored import stored_events
from prismrec.folder import database_of, key_of
from prismrec.profiles import Profiles
from prismrec.release import load_release
from prismrec.snapshot import Snapshot
from prismrec.store import Releases, read_store

__all__ = ["Replay", "Requests", "read_requests", "replay", "snapshot_at"]

CHUNK = 256


@dataclass(frozen=True)
class Requests:
    """Recommendations as a collection logged them: n `exposures` with what each place earned,
    `rewards` and `propensities` (n, k), and the events of every person, oldest first."""

    exposures: Sequence[Exposure]
    rewards: Floats
    events: Mapping[str, Sequence[Event]]

    @property
    def propensities(self) -> Floats:
        """(n, k) as logged, 1 beyond the end of a slate."""
        out = np.ones(self.rewards.shape)
        for row, shown in enumerate(self.exposures):
            out[row, : len(shown.propensities)] = shown.propensities
        return out

    @property
    def people(self) -> Longs:
        """(n,) whose each was."""
        return people_of(self.exposures)

    def take(self, rows: Sequence[int]) -> Requests:
        """Some of them."""
        chosen = [self.exposures[row] for row in rows]
        return replace(self, exposures=chosen, rewards=self.rewards[list(rows)])

    def since(self, at: int) -> Requests:
        """Those shown after a time."""
        return self.take([row for row, shown in enumerate(self.exposures) if shown.at > at])

    def known_to(self, snapshot: Snapshot) -> Requests:
        """Those of whose shortlists the snapshot knows every item."""
        known = snapshot.catalogue.position
        return self.take(
            [
                row
                for row, shown in enumerate(self.exposures)
                if all(known(item) >= 0 for item in shown.shortlist)
            ]
        )


@dataclass(frozen=True)
class Replay:
    """The requests as one snapshot sees them: `candidates` are the logged shortlists (n, m), with
    the scores that were logged, and `columns` (n, k) where in them what was shown stands."""

    queries: QueryBatch
    candidates: Candidates
    columns: Positions

    def propensities(self, policy: SequentialPolicy) -> Floats:
        """(n, k): how likely `policy` would have shown the logged slates."""
        return policy.propensities(self.queries, self.candidates, self.columns)

    def scored(self, snapshot: Snapshot) -> Replay:
        """The same shortlists with the scores of the snapshot, best first."""
        shown = np.take_along_axis(self.candidates.positions, np.maximum(self.columns, 0), axis=1)
        width = self.candidates.positions.shape[1]
        blocks = []
        for start in range(0, len(self.columns), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self.columns)))
            found = Candidates(self.candidates.positions[rows], self.candidates.scores[rows])
            best = snapshot.best_of(self.queries.take(rows), found, width)
            blocks.append((best.positions, best.scores))
        positions, scores = (np.concatenate(each) for each in zip(*blocks, strict=True))
        columns = (positions[:, None, :] == shown[:, :, None]).argmax(axis=2)
        return replace(
            self,
            candidates=Candidates(positions, scores),
            columns=np.where(self.columns >= 0, columns, -1).astype(np.int32),
        )


def read_requests(path: Path, settings: Settings, rewards: Mapping[str, float]) -> Requests:
    """All first pages of recommendations that the collection at `path` logged, with what they
    earned. Searches are left out: their scores need the text's vector. Reads beside a serving
    owner. Raises `BadInput` where there is none.
    """
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        shown = [
            exposure
            for exposure in store.exposures()
            if exposure.chosen and not exposure.text and PAGE_OF not in exposure.context
        ]
        events = list(stored_events(store))
    if not shown:
        raise BadInput(
            f"{path} has logged no recommendations.", hint="Serve it for a while, then try again."
        )
    return Requests(shown, join_rewards(shown, events, rewards).rewards, _by_person(events))


def replay(requests: Requests, snapshot: Snapshot) -> Replay:
    """What the snapshot would be asked, with every person's events before the request."""
    shown, catalogue = requests.exposures, snapshot.catalogue
    width = max(len(each.shortlist) for each in shown)
    positions = np.full((len(shown), width), -1, np.int32)
    scores = np.full((len(shown), width), -np.inf, np.float32)
    columns = np.full(requests.rewards.shape, -1, np.int32)
    for row, each in enumerate(shown):
        m = len(each.shortlist)
        positions[row, :m] = catalogue.ids.positions(list(each.shortlist))
        scores[row, :m] = each.scores
        columns[row, : len(each.chosen)] = [each.shortlist.index(item) for item in each.chosen]
    people = [each.user_id for each in shown]
    queries = QueryBatch(
        histories=snapshot.sequences([_past(requests.events, each) for each in shown]),
        at=np.array([each.at for each in shown], np.int64),
        users=np.array([snapshot.user_position(user) for user in people], np.int32),
        profiles=snapshot.profiles(people),
    )
    return Replay(queries, Candidates(positions, scores), columns)


def snapshot_at(path: Path, number: int, settings: Settings) -> Snapshot:
    """Release `number` of the collection over its catalogue as it is now."""
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        stored: StoredCatalogue = store.catalogue()
    release = load_release(Releases(path).open(number), number)
    snapshot = assemble(release, catalogue_of(stored, release), settings, path)
    people = Profiles(release.people, (user for user in stored.users if user.user_id))
    return replace(snapshot, people=people)


def _by_person(events: Iterable[Event]) -> dict[str, list[Event]]:
    people: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.timestamp or 0):
        people[event.user_id or f"session:{event.session_id}"].append(event)
    return people


def _past(events: Mapping[str, Sequence[Event]], shown: Exposure) -> Sequence[Event]:
    person = shown.user_id or f"session:{shown.session_id}"
    past = [e for e in events.get(person, ()) if (e.timestamp or 0) <= shown.at]
    return past[-HISTORY:]
