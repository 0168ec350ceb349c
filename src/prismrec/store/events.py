"""The log of what people did."""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import polars as pl
import sqlalchemy as sa

from prismrec.core import BadInput, Event, Outcome, StoredEvent
from prismrec.store import counters
from prismrec.store.append import Appended, AppendEvents
from prismrec.store.coherence import CoherentCache
from prismrec.store.database import Database
from prismrec.store.load import Loader, LoadReport
from prismrec.store.schema import SESSION, events
from prismrec.store.sessions import Sessions
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import event_fault
from prismrec.store.writer import Writer

__all__ = ["COLUMNS", "Events", "Tail", "events_since"]

COLUMNS: dict[str, Any] = {
    "seq": pl.Int64,
    "event_id": pl.String,
    "user_id": pl.String,
    "session_id": pl.String,
    "item_id": pl.String,
    "event": pl.String,
    "timestamp": pl.Int64,
    "value": pl.Float64,
    "query": pl.String,
    "exposure_id": pl.String,
    "exposure_known": pl.Boolean,
    "received_at": pl.Int64,
}
"""The columns of `Events.since`, with their types."""

_READ_ROWS = 20_000
"""Rows a read takes at once: a reader of SQLite holds up the commit while it reads."""

_by_time = attrgetter("timestamp", "seq")


@dataclass(frozen=True, slots=True)
class Tail:
    """The last events of a person, oldest first; `complete` when there are no earlier ones."""

    events: tuple[StoredEvent, ...]
    complete: bool


class Events:
    """The log of what people did (`prismrec.core.EventLog`), ordered by `seq`."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        collection: str,
        settings: StoreSettings,
        histories: CoherentCache[str, Tail],
        sessions: Sessions,
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings
        self._tails = histories
        self._sessions = sessions
        self._kind = AppendEvents(collection, self._committed)

    def append(self, events: Sequence[Event], received_at: int) -> list[Outcome]:
        """Store a batch; returns once it is on disk, one outcome a row.

        `received_at` is milliseconds since 1970 UTC, and the time of events that have none. A row
        is `accepted` with its `seq`; a `duplicate` when an event with that `event_id` is stored
        (its content is ignored, the outcome has the `seq` of the first); or `rejected` with the
        reason. Events without an id get one, and are then new each time they are sent. Raises
        `BadInput` when the batch is too long, `Busy` when too many batches wait.
        """
        if len(events) > self._settings.max_batch:
            raise BadInput(
                f"A batch of {len(events)} events is too long.",
                hint=f"Send at most {self._settings.max_batch} at once.",
            )
        if not events:
            return []
        batch = [self._prepared(event, received_at) for event in events]
        return self._writer.submit(self._kind, batch).result().outcomes

    def history(
        self, person: str, limit: int, *, before: int | None = None
    ) -> Sequence[StoredEvent]:
        """The last `limit` events of `person`, oldest first; equal times in order of `seq`.

        `person` is a user id (sessions linked to the user count), or `session:ID` for an anonymous
        session (if it is linked to a user, the user's). With `before`, only events with a smaller
        timestamp.
        """
        if person.startswith(SESSION):
            person = self._sessions.user(person.removeprefix(SESSION)) or person
        keep = self._settings.history_events

        def read() -> Tail:
            found = self._read(person, keep + 1, None)
            return Tail(tuple(found[-keep:]), complete=len(found) <= keep)

        tail = self._tails.get(person, read)
        held = tail.events
        if before is not None:
            held = held[: bisect_left(held, before, key=attrgetter("timestamp"))]
        if tail.complete or len(held) >= limit:
            return held[max(0, len(held) - limit) :]
        return self._read(person, limit, before)

    def since(self, seq: int, limit: int) -> pl.DataFrame:
        """Up to `limit` events after `seq`, in order of `seq`, with the columns of `COLUMNS`.

        `user_id` is the user that the event counts for: linked sessions carry their user, and only
        sessions of unknown people have an empty one.
        """
        return events_since(self._database, self._collection, seq, limit)

    def load(self, frame: pl.DataFrame, received_at: int) -> LoadReport:
        """Import a table of past events: `user_id`, `item_id`, `event`, `timestamp` and optionally
        `value`, `event_id`, `session_id`, `query`.

        Rows without an id get one from their content and their place among equal rows, so importing
        the same table again adds nothing. Events get their `seq` in order of time. Raises
        `BadInput` naming the first row that cannot be stored, before anything is.
        """
        loader = Loader(self._database, self._writer, self._collection, self._settings)
        try:
            return loader.load(frame, received_at)
        finally:
            self._sessions.clear()

    def last_seq(self) -> int:
        """The largest `seq` given out so far, 0 before the first."""
        with self._database.read() as connection:
            return counters.last(connection, self._collection, "events")

    def count(self) -> int:
        """How many events are stored."""
        query = sa.select(sa.func.count()).where(events.c.collection == self._collection)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def _prepared(self, event: Event, received_at: int) -> tuple[StoredEvent, str]:
        fault = event_fault(event, self._settings)
        if fault:
            return event, fault  # type: ignore[return-value]
        timestamp = received_at if event.timestamp is None else event.timestamp
        stored = StoredEvent(
            item_id=event.item_id,
            event=event.event,
            user_id=event.user_id,
            timestamp=timestamp,
            value=None if event.value is None else float(event.value),
            # Made here, not in the transaction: a transaction that is tried again stores it once.
            event_id=event.event_id or f"{timestamp & 0xFFFFFFFFFFFF:012x}{secrets.token_hex(10)}",
            session_id=event.session_id,
            query=event.query,
            exposure_id=event.exposure_id,
            received_at=received_at,
        )
        return stored, ""

    def _committed(self, results: Sequence[Appended]) -> None:
        for result in results:
            for person, event in result.added:
                self._tails.change(person, partial(self._grown, event=event))
            if result.links:
                self._sessions.changed(result.links)

    def _grown(self, tail: Tail, event: StoredEvent) -> Tail:
        if any(held.seq == event.seq for held in tail.events):
            return tail  # read between the commit and this call
        place = bisect_left(tail.events, _by_time(event), key=_by_time)
        if place == 0 and not tail.complete:
            return tail
        grown = (*tail.events[:place], event, *tail.events[place:])
        keep = self._settings.history_events
        return Tail(grown[-keep:], tail.complete and len(grown) <= keep)

    def _read(self, person: str, limit: int, before: int | None) -> Sequence[StoredEvent]:
        query = _HISTORY if before is None else _HISTORY_BEFORE
        values = {"of": self._collection, "who": person, "most": max(limit, 0), "before": before}
        with self._database.read() as connection:
            rows = connection.execute(query, values).fetchall()
        return [StoredEvent(*row) for row in reversed(rows)]


def events_since(database: Database, collection: str, seq: int, limit: int) -> pl.DataFrame:
    """Up to `limit` events after `seq`; see `Events.since`."""
    names = [name for name in COLUMNS if name != "user_id"]
    query = sa.select(events.c.person, *(events.c[name] for name in names)).order_by(events.c.seq)
    pieces = [_frame([], names)]
    while limit > 0:
        here = query.where(events.c.collection == collection, events.c.seq > seq)
        with database.read() as connection:
            rows = connection.execute(here.limit(min(limit, _READ_ROWS))).fetchall()
        if not rows:
            break
        seq, limit = rows[-1].seq, limit - len(rows)
        pieces.append(_frame(rows, names))
    return pl.concat(pieces)


def _frame(rows: Sequence[Any], names: Sequence[str]) -> pl.DataFrame:
    types = {"person": pl.String, **{name: COLUMNS[name] for name in names}}
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    frame = pl.DataFrame(
        [pl.Series(name, values, types[name]) for name, values in zip(types, columns, strict=True)]
    )
    user = pl.when(pl.col("person").str.starts_with(SESSION)).then(pl.lit("")).otherwise("person")
    return frame.with_columns(user.alias("user_id")).select(list(COLUMNS))


_FIELDS = tuple(StoredEvent.__dataclass_fields__)
_HISTORY = (
    sa.select(*(events.c[name] for name in _FIELDS))
    .where(
        events.c.collection == sa.bindparam("of"),
        events.c.person == sa.bindparam("who"),
    )
    .order_by(events.c.timestamp.desc(), events.c.seq.desc())
    .limit(sa.bindparam("most"))
)
_HISTORY_BEFORE = _HISTORY.where(events.c.timestamp < sa.bindparam("before"))
