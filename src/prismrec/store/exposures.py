"""The log of what was shown."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import Busy, Exposure
from prismrec.store import counters
from prismrec.store.database import Database
from prismrec.store.schema import exposures, person_key
from prismrec.store.searches import Searches, count
from prismrec.store.writer import Writer

__all__ = ["Exposures", "exposures_since"]

log = logging.getLogger(__name__)


class Exposures:
    """Slates as they were shown, with what off-policy evaluation needs.

    They share the queue of the events, so an exposure is stored before any event that names it,
    but nobody waits for them: a crash may lose the last ones. `dropped` counts those that could not
    be stored since the store was opened.
    """

    def __init__(
        self, database: Database, writer: Writer, collection: str, searches: Searches
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._searches = searches
        self._counting = threading.Lock()
        self.dropped = 0

    def append(self, exposure: Exposure) -> None:
        """Queue an exposure and return at once. A second one with the same id is ignored."""
        try:
            self._writer.submit(self, exposure, awaited=False).add_done_callback(self._count)
        except Busy:
            self._drop("the queue is full")

    def since(self, seq: int, limit: int) -> list[tuple[int, Exposure]]:
        """Up to `limit` exposures after `seq`, each with its own, in order of `seq`."""
        return exposures_since(self._database, self._collection, seq, limit)

    def get(self, exposure_id: str) -> Exposure | None:
        """The exposure of that id, `None` where none was logged."""
        query = sa.select(exposures.c.body).where(
            exposures.c.collection == self._collection, exposures.c.exposure_id == exposure_id
        )
        with self._database.read() as connection:
            body = connection.scalar(query)
        return None if body is None else _exposure(body)

    def last_seq(self) -> int:
        """The largest `seq` given out so far, 0 before the first."""
        with self._database.read() as connection:
            return counters.last(connection, self._collection, "exposures")

    def write(self, connection: sa.Connection, payloads: Sequence[Exposure]) -> list[bool]:
        """See `prismrec.store.writer.Kind`."""
        seq = counters.advance(connection, self._collection, "exposures", len(payloads))
        first = seq - len(payloads) + 1
        rows = [self._row(number, shown) for number, shown in enumerate(payloads, first)]
        connection.execute(_INSERT, rows)
        told = count(connection, self._collection, payloads)
        return [told] * len(payloads)

    def committed(self, results: Sequence[bool]) -> None:
        """Who suggests searches to others may look again, where enough users asked one."""
        self._searches.version += any(results)

    def _row(self, seq: int, shown: Exposure) -> dict[str, Any]:
        person = person_key(shown.user_id, shown.session_id)
        told = {name: getattr(shown, name) for name in _FIELDS}
        told |= {"features": dict(shown.features), "context": dict(shown.context)}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return {
            "collection": self._collection,
            "seq": seq,
            "exposure_id": shown.exposure_id,
            "person": person,
            "at": shown.at,
            "body": body,
        }

    def _count(self, done: Future[bool]) -> None:
        error = done.exception()
        if error is not None:
            self._drop(str(error))

    def _drop(self, reason: str) -> None:
        with self._counting:
            self.dropped += 1
        log.warning("an exposure was not logged: %s", reason)


def exposures_since(
    database: Database, collection: str, seq: int, limit: int
) -> list[tuple[int, Exposure]]:
    """Up to `limit` exposures after `seq`; see `Exposures.since`."""
    query = (
        sa.select(exposures.c.seq, exposures.c.body)
        .where(exposures.c.collection == collection, exposures.c.seq > seq)
        .order_by(exposures.c.seq)
        .limit(limit)
    )
    with database.read() as connection:
        rows = connection.execute(query).fetchall()
    return [(row.seq, _exposure(row.body)) for row in rows]


_FIELDS = tuple(field.name for field in fields(Exposure))
_INSERT = insert(exposures).on_conflict_do_nothing(index_elements=["collection", "exposure_id"])


def _exposure(body: str) -> Exposure:
    given: dict[str, Any] = json.loads(body)
    told: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    told["features"] = {name: tuple(row) for name, row in given["features"].items()}
    return Exposure(**told)
