"""Reading a store that another process owns: what training and evaluation need, and nothing that
writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import polars as pl

from prismrec.core import Exposure, Locked, StoredCatalogue
from prismrec.store import counters
from prismrec.store.catalogue import load_catalogue
from prismrec.store.database import Database
from prismrec.store.events import events_since
from prismrec.store.experiments import Experiment, experiments_of
from prismrec.store.exposures import exposures_since
from prismrec.store.settings import StoreSettings
from prismrec.store.store import open_store

__all__ = ["StoreReader", "read_store"]

EVERYTHING = 2**62
PIECE = 10_000


@dataclass(frozen=True)
class StoreReader:
    """The events, exposures and catalogue of one collection, as they are when asked."""

    _database: Database
    _collection: str

    def events(self, after: int = 0) -> pl.DataFrame:
        """All events after seq `after`; see `Events.since`."""
        return events_since(self._database, self._collection, after, EVERYTHING)

    def exposures(self, after: int = 0) -> Iterator[Exposure]:
        """All slates logged after seq `after`, in their order, read piece by piece."""
        seq = after
        while rows := exposures_since(self._database, self._collection, seq, PIECE):
            yield from (shown for _, shown in rows)
            seq = rows[-1][0]

    def experiments(self) -> Sequence[Experiment]:
        """All experiments that were started while serving, newest first."""
        return experiments_of(self._database, self._collection)

    def last_seq(self) -> int:
        """The seq of the newest event."""
        with self._database.read() as connection:
            return counters.last(connection, self._collection, "events")

    def catalogue(self) -> StoredCatalogue:
        """Items, users and relations."""
        return load_catalogue(self._database, self._collection)


@contextmanager
def read_store(
    url: str, collection: str, settings: StoreSettings | None = None
) -> Iterator[StoreReader]:
    """Read the store at `url`, whether or not another process owns and serves it.

    Reads are short, so that the owner's commits wait little. A store that nobody owns is opened
    and closed first, which mends what a crash left and migrates what is old.
    """
    settings = settings or StoreSettings()
    with suppress(Locked):  # its owner has mended it already
        open_store(url, collection, settings).close()
    database = Database(url, settings.lock_seconds, migrate=False)
    try:
        yield StoreReader(database, collection)
    finally:
        database.close()
