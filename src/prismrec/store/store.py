"""The durable state of one collection."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import sqlalchemy as sa

from prismrec.store import counters
from prismrec.store.audit import Audit
from prismrec.store.catalogue import Catalogue
from prismrec.store.coherence import CoherentCache
from prismrec.store.database import Database
from prismrec.store.erasure import erase, scrub
from prismrec.store.events import Events, Tail
from prismrec.store.experiments import Experiments
from prismrec.store.exposures import Exposures
from prismrec.store.keys import Keys
from prismrec.store.opinions import OpinionLog
from prismrec.store.ownership import Ownership
from prismrec.store.people import People
from prismrec.store.rules import Rules
from prismrec.store.rulings import Rulings
from prismrec.store.searches import Searches
from prismrec.store.sessions import Sessions
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_collection, check_id
from prismrec.store.verdicts import Verdicts
from prismrec.store.writer import Writer

__all__ = ["Store", "open_store"]


def open_store(url: str, collection: str, settings: StoreSettings | None = None) -> Store:
    """Open the durable state of `collection`, creating or migrating it.

    `url` is a SQLAlchemy URL: `sqlite:////path/X.prism/store.db`, `postgresql://user@host/name`, or
    `sqlite://` for a store in memory that ends with the process. Raises `Locked` where another
    process owns the SQLite file, `BadSettings`, `Corrupt` or `NewerFormat` where it cannot be used.
    """
    check_collection(collection)
    return Store(url, collection, settings or StoreSettings())


class Store:
    """Everything a collection must not lose, by subject. Safe to use from several threads.

    `events`, `catalogue`, `exposures`, `sessions`, `people`, `audit`, `keys`, `rules`, `rulings`,
    `experiments`, `searches`, `opinions` and `verdicts` each document their own.
    """

    def __init__(self, url: str, collection: str, settings: StoreSettings) -> None:
        self.collection = collection
        path = _file(url)
        self._ownership = Ownership(path.parent) if path else None
        try:
            self._database = Database(url, settings.lock_seconds)
            with self._database.write() as connection:
                counters.ensure(connection, collection)
        except BaseException:
            self._let_go()
            raise
        self._settings = settings
        database = self._database
        self._writer = writer = Writer(database, settings.queue, settings.group)
        # Other processes may write to PostgreSQL, so nothing is remembered there.
        size = settings.history_people if database.is_sqlite else 0
        self._histories: CoherentCache[str, Tail] = CoherentCache(size)
        self.sessions = Sessions(database, writer, collection, settings, self._histories)
        self.events = Events(database, writer, collection, settings, self._histories, self.sessions)
        self.catalogue = Catalogue(database, writer, collection, settings)
        self.searches = Searches(database, collection)
        self.exposures = Exposures(database, writer, collection, self.searches)
        self.audit = Audit(database, writer, collection)
        self.keys = Keys(database, writer, collection)
        self.people = People(database, collection)
        self.rules = Rules(database, writer, collection, settings)
        self.rulings = Rulings(database, writer, collection, settings)
        self.opinions = OpinionLog(database, writer, collection)
        self.experiments = Experiments(database, writer, collection)
        self.verdicts = Verdicts(database, writer, collection, settings)

    @property
    def waiting(self) -> int:
        """Batches that wait to be written, about: a gauge of load."""
        return self._writer.waiting

    def announce(self, url: str) -> None:
        """Let processes that find this store locked know where it is served."""
        if self._ownership:
            self._ownership.announce(url)

    def erase(self, user_id: str) -> dict[str, int]:
        """Forget a user: events, exposures, linked sessions, relations, profile; rows removed by
        kind. On return nothing of them is left in the SQLite file, not even in its free space,
        which takes a rewrite of the file.
        """
        check_id("user_id", user_id, self._settings)
        counts = self._writer.call(lambda connection: erase(connection, self.collection, user_id))
        self.sessions.clear()
        self._writer.alone(scrub)
        return counts

    def check(self) -> list[str]:
        """What is wrong with the database file, in words; empty when it is sound."""
        if not self._database.is_sqlite:
            return []
        with self._database.read() as connection:
            found = connection.scalars(sa.text("PRAGMA integrity_check")).all()
        return [str(line) for line in found if line != "ok"]

    def flush(self) -> None:
        """Wait until everything queued so far, exposures too, is written."""
        self._writer.call(lambda connection: None)

    def close(self) -> None:
        """Write what is queued and let go. Calling it again does nothing."""
        self._writer.close()
        self._database.close()
        self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _let_go(self) -> None:
        if self._ownership:
            self._ownership.close()
            self._ownership = None


def _file(url: str) -> Path | None:
    """The SQLite file that `url` names, if it names one."""
    head, found, path = url.partition(":///")
    if not found or not head.startswith("sqlite") or path in ("", ":memory:"):
        return None
    return Path(path)
