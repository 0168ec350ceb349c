"""Keeps what a policy learned up with the log of what was shown and what it earned."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from prismrec.assembly import with_learned
from prismrec.core import PAGE_OF, Event, Exposure
from prismrec.exploration import ExplorationSettings, Learned, learned_from
from prismrec.exploration.features import SCORES, part_features
from prismrec.exploration.rewards import join_rewards
from prismrec.exploration.settings import LEARNING
from prismrec.snapshot import Snapshot
from prismrec.store import Store

__all__ = ["Feedback"]

log = logging.getLogger(__name__)

PIECE = 2_000
REMEMBERED = 200_000
"""Exposures with feedback that more feedback is added to, the newest."""
DAY = 86_400_000
_FIELDS = ("item_id", "event", "user_id", "timestamp", "value", "event_id", "session_id")


class Feedback:
    """Reads what was logged since it last looked, and tells the policy.

    Only the exposures of the release that is served teach: scores of another mean another thing.
    So a new release starts from the model's own order, and after a rollback everything is there
    again. Later pages of a slate teach nothing, as they are no draw of their own. Nothing is
    stored: what was learned is a function of the log, and is read from it anew on opening, which
    happens in the background like every look after it. A policy that does not learn costs nothing.
    """

    def __init__(self, store: Store, settings: ExplorationSettings) -> None:
        self._store, self._settings = store, settings
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._snapshot: Snapshot | None = None
        self._learned: Learned | None = None
        self._seqs = (0, 0)
        self._told: dict[str, list[Event]] = {}

    def follow(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with a policy that learns from the exposures of its release, from now on."""
        if self._settings.policy not in LEARNING:
            return snapshot
        with self._turn:
            self._snapshot, self._seqs, self._told = snapshot, (0, 0), {}
            names = part_features(snapshot.scorer.part_names)
            features = (*SCORES, *(names if self._settings.features == "parts" else ()))
            position = snapshot.catalogue.ids.position
            self._learned = learned_from(self._settings, features, position)
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_looking, daemon=True)
                self._thread.start()
            return with_learned(snapshot, self._learned)

    def look(self) -> int:
        """Learn from all that was shown until now; how many exposures were learned from so far."""
        with self._turn:
            if self._learned is None:
                return 0
            self._store.flush()
            # Events first: whatever they name was stored before them, so the exposures read
            # after them hold it.
            named = self._new_events()
            while shown := self._store.exposures.since(self._seqs[0], PIECE):
                self._seqs = (shown[-1][0], self._seqs[1])
                fresh = [exposure for _, exposure in shown]
                self._teach(fresh)
                named -= {exposure.exposure_id for exposure in fresh}
            late = [self._store.exposures.get(exposure_id) for exposure_id in sorted(named)]
            self._teach([exposure for exposure in late if exposure is not None])
            return self._learned.count

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_looking(self) -> None:
        while not self._stop.wait(self._settings.learn_seconds):
            try:
                self.look()
            except Exception:
                log.exception("the policy could not learn from the log; it will look again")

    def _new_events(self) -> set[str]:
        """Reads the events that came since; the exposures that they name."""
        named: set[str] = set()
        while len(rows := self._store.events.since(self._seqs[1], PIECE)):
            self._seqs = (self._seqs[0], int(rows["seq"][-1]))
            for row in rows.iter_rows(named=True):
                if row["exposure_id"] and row["event"] in self._settings.rewards:
                    event = Event(
                        exposure_id=row["exposure_id"], **{name: row[name] for name in _FIELDS}
                    )
                    self._told.setdefault(event.exposure_id, []).append(event)
                    named.add(event.exposure_id)
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        return named

    def _teach(self, exposures: Sequence[Exposure]) -> None:
        assert self._learned is not None
        assert self._snapshot is not None
        release = self._snapshot.release
        mine = [e for e in exposures if e.release == release and PAGE_OF not in e.context]
        if not mine:
            return
        events = [event for shown in mine for event in self._told.get(shown.exposure_id, ())]
        rewards, window = self._settings.rewards, int(self._settings.window_days * DAY)
        scale = max(map(abs, rewards.values()), default=0.0) or 1.0
        joined = join_rewards(mine, events, rewards, window=window)
        self._learned.update(mine, joined.rewards / scale)
