"""What is said to a collection, watched: texts in, rates by day and alerts out, all of it durable.

The monitor's state goes to the store in one transaction with the texts that changed it, so that a
process that is killed, wherever it was, goes on as if it had not been: texts that were acknowledged
count once, others not at all, and the next alarm comes with the same text.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prismrec.config import Settings
from prismrec.core import BadInput
from prismrec.language.classifier.classifier import MANIFEST, TextClassifier
from prismrec.language.folder import file_sha256
from prismrec.language.monitor.alerts import Alert, Webhook, to_log
from prismrec.language.monitor.delivery import Delivery
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.watch import LOOKS_BACK, Day, Monitor, Said
from prismrec.store import Store
from prismrec.store.opinions import KeptAlert, OpinionLog, SaidRow, Step

__all__ = ["Heard", "Opinion", "Opinions"]

KEPT = 20_000
"""Texts that stay in the store, at least: a text sent again is known among so many."""
_DETECTION = ("watch", "baseline", "ratios", "texts_between_false_alarms", "least_rate")
"""The settings that what is usual, and the evidence, depend on."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A text, when it came (ISO 8601), and the client's id of it (made where empty)."""

    text: str
    at: str = ""
    text_id: str = ""


@dataclass(frozen=True)
class Heard:
    """How many texts were taken, how many were known before, and the alerts, by number."""

    accepted: int
    duplicate: int
    alerts: tuple[tuple[int, Alert], ...]


class Watched(Protocol):
    """The collection that is watched."""

    path: Path
    settings: Settings
    store: Store


class Opinions:
    """Watches what is said to a collection, as `[monitor]` sets it up. Loads its classifiers when
    they are first needed. Safe to use from several threads; texts are taken in turns."""

    def __init__(self, shop: Watched) -> None:
        self._shop = shop
        self._turn = threading.RLock()
        self._monitor: Monitor | None = None
        self._current = False
        self._setup = ""
        self._delivery: Delivery | None = None

    @property
    def settings(self) -> MonitorSettings:
        """How it is set up."""
        return self._shop.settings.monitor

    @property
    def wanted(self) -> bool:
        """Whether anything is to be watched here."""
        return bool(self.settings.using)

    def ready(self) -> None:
        """Load what is needed, and send what is still due. Raises `BadSettings`, `NotFound` or
        `Corrupt` where the classifiers or the address of the settings cannot be used."""
        if self.wanted:
            self._watcher()

    def hear(self, said: Sequence[Opinion]) -> Heard:
        """Take texts, in this order, after those before: durable on return, as are the alerts they
        raise, which go to the log and to the webhook. Raises `BadInput` where nothing is watched.
        """
        watcher = self._watcher()
        rows = watcher.read([one.text for one in said])
        with self._turn:
            watcher = self._watcher()
            fresh = self._fresh(said)
            heard = self._take(watcher, [said[i] for i in fresh], rows[fresh])
        for _, alert in heard:
            to_log(alert)
        if heard and self._delivery is not None:
            self._delivery.wake()
        return Heard(len(fresh), len(said) - len(fresh), tuple(heard))

    def overview(self) -> dict[str, Any]:
        """What is watched, what is usual of it, how many texts came, and the rates by day."""
        if not self.wanted:
            return {"watched": [], "usual": {}, "texts": 0, "baseline": 0, "days": []}
        with self._turn:
            watcher = self._watcher()
            names = [name for name, _, _ in watcher.series]
            days = [
                {
                    "day": name,
                    "texts": day.texts,
                    "rates": dict(zip(names, (day.sums / day.texts).tolist(), strict=True)),
                }
                for name, day in sorted(watcher.days.items())
            ]
            return {
                "watched": [
                    {"series": name, "label": label, "topic": topic}
                    for name, label, topic in watcher.series
                ],
                "usual": watcher.usual,
                "texts": watcher.seen,
                "baseline": self.settings.baseline,
                "days": days,
            }

    def alerts(self, *, before: int = 2**53, limit: int = 50) -> list[KeptAlert]:
        """Alerts with a number below `before`, the newest first."""
        return self._shop.store.opinions.alerts(before=before, limit=limit)

    def close_alert(self, number: int, *, by: str = "owner") -> None:
        """Somebody has seen to the alert; `NotFound` where there is none."""
        self._shop.store.opinions.close_alert(number, who=by)

    def erase(self, text_id: str, *, by: str = "owner") -> dict[str, int]:
        """Forget a text by the id it was sent with: it is quoted nowhere from here on, and sent
        again it is a duplicate. Rates, baseline and evidence stay; they are numbers. How many texts
        and alerts changed; `NotFound` for a text that is not kept."""
        return self._forget(lambda log: log.erase(text_id, who=by))

    def erase_quoted(self, alert: int, text_number: int, *, by: str = "owner") -> dict[str, int]:
        """Forget a text that an alert quotes, by its number there. How many texts and alerts
        changed; `NotFound` where that alert quotes no such text."""
        return self._forget(lambda log: log.erase_quoted(alert, text_number, who=by))

    def close(self) -> None:
        """Stop sending. What is due is sent after the next start."""
        if self._delivery is not None:
            self._delivery.close()
            self._delivery = None

    def _forget(self, erase: Callable[[OpinionLog], dict[str, int]]) -> dict[str, int]:
        with self._turn:
            counts = erase(self._shop.store.opinions)
            self._current = False  # memory quotes it still: it is read anew before the next text
        return counts

    def _fresh(self, said: Sequence[Opinion]) -> list[int]:
        """The places of those that were not taken before."""
        given = [one.text_id for one in said if one.text_id]
        known, fresh = self._shop.store.opinions.known(given, self._setup), []
        for place, one in enumerate(said):
            if one.text_id not in known:
                fresh.append(place)
            if one.text_id:
                known.add(one.text_id)
        return fresh

    def _take(
        self, watcher: Monitor, said: Sequence[Opinion], rows: np.ndarray[Any, Any]
    ) -> list[tuple[int, Alert]]:
        before, counts = watcher.seen, {name: day.texts for name, day in watcher.days.items()}
        # Memory runs ahead of the store until `put` returns; after an error it is read anew.
        self._current = False
        alerts = watcher.take([Said(one.text, one.at) for one in said], rows)
        touched = {
            name: {"texts": day.texts, "sums": day.sums.tolist()}
            for name, day in watcher.days.items()
            if counts.get(name) != day.texts
        }
        kept = [
            SaidRow(one.text_id or f"text-{secrets.token_hex(9)}", one.at, one.text, tuple(row))
            for one, row in zip(said, rows.tolist(), strict=True)
        ]
        raised = self._shop.store.opinions.put(
            Step(
                self._setup,
                before,
                kept,
                watcher.state(),
                touched,
                [alert.to_json() for alert in alerts],
                due=self._delivery is not None,
                keep=max(KEPT, self.settings.baseline),
            )
        )
        self._current = True
        return [(one.number, Alert.from_json(one.body)) for one in raised]

    def _watcher(self) -> Monitor:
        if not self.wanted:
            raise BadInput(
                "No opinion is watched in this collection.",
                hint="Name a classifier and labels: monitor.using and monitor.watch.",
            )
        with self._turn:
            if self._monitor is None or not self._current:
                self._monitor = self._resumed(self._monitor)
                self._current = True
            if self._delivery is None and self.settings.webhook:
                log = self._shop.store.opinions
                self._delivery = Delivery(Webhook(self.settings), self._due, log.sent)
            return self._monitor

    def _due(self) -> list[tuple[int, Alert]]:
        due = self._shop.store.opinions.due()
        return [(one.number, Alert.from_json(one.body)) for one in due]

    def _resumed(self, loaded: Monitor | None) -> Monitor:
        """A monitor where the store says it was, with the classifiers of the one `loaded`."""
        settings, log = self.settings, self._shop.store.opinions
        if loaded is None:
            folders = [self._shop.path / Path(name).expanduser() for name in self._folders]
            classifiers = [TextClassifier.load(folder) for folder in folders]
            self._setup = _setup(folders, settings)
        else:
            classifiers = [one for one in (loaded.classifier, loaded.topics) if one is not None]
        topics = classifiers[1] if len(classifiers) > 1 else None
        monitor = Monitor(classifiers[0], settings.watch, settings, topics)
        state = log.state(self._setup)
        if state is not None:
            late = log.last(LOOKS_BACK if state["rates"] else settings.baseline)
            days = {
                name: Day(told["texts"], np.asarray(told["sums"], np.float64))
                for name, told in log.days().items()
            }
            read = [(Said(r.text, r.at), np.asarray(r.scores, np.float64)) for r in late]
            monitor.resume(state, days, read)
        return monitor

    @property
    def _folders(self) -> list[str]:
        return [name for name in (self.settings.using, self.settings.topics) if name]


def _setup(folders: Sequence[Path], settings: MonitorSettings) -> str:
    """What must be the same for a state to mean the same: classifiers and detection."""
    told = {name: value for name, value in asdict(settings).items() if name in _DETECTION}
    return repr(([file_sha256(folder / MANIFEST) for folder in folders], told))
