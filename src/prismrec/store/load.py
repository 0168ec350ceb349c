"""Importing a table of past events."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

import polars as pl
import sqlalchemy as sa

from prismrec.core import BadInput
from prismrec.store import counters
from prismrec.store.database import Database
from prismrec.store.schema import SESSION, events, events_by_person, sessions
from prismrec.store.sessions import move
from prismrec.store.settings import StoreSettings
from prismrec.store.writer import Writer

__all__ = ["LoadReport", "Loader", "with_ids"]

_TEXTS = ("user_id", "session_id", "item_id", "event", "query", "event_id")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many rows were added, and how many were stored before."""

    accepted: int
    duplicates: int


class Loader:
    """Imports large tables in transactions of a bounded number of rows."""

    def __init__(
        self, database: Database, writer: Writer, collection: str, settings: StoreSettings
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings

    def load(self, frame: pl.DataFrame, received_at: int) -> LoadReport:
        """See `Events.load`."""
        frame = _complete(frame)
        self._check(frame)
        # In order of time, so that made ids, which begin with it, append to their index.
        frame = with_ids(frame).sort("timestamp", maintain_order=True)
        fresh = self._database.is_sqlite and self._is_small(frame.height)
        if fresh:
            self._writer.call(_drop_index)
        try:
            accepted = 0
            for piece in frame.iter_slices(self._settings.load_rows):
                add = partial(self._add, piece=piece, received_at=received_at)
                accepted += self._writer.call(add)
        finally:
            if fresh:  # sorting all keys once costs less than placing each
                self._writer.call(_make_index)
        self._link(frame)
        return LoadReport(accepted, frame.height - accepted)

    def _is_small(self, rows: int) -> bool:
        """Whether the table is small beside what comes, so that its index is cheap to rebuild."""
        query = sa.select(events.c.seq).limit(rows + 1)
        with self._database.read() as connection:
            held = connection.scalar(sa.select(sa.func.count()).select_from(query.subquery()))
        return rows > self._settings.load_rows and int(held or 0) < rows

    def _check(self, frame: pl.DataFrame) -> None:
        sized = [
            pl.col(name).str.len_chars() <= self._settings.max_id
            for name in _TEXTS
            if name != "query"
        ]
        sound = pl.all_horizontal(
            pl.col("item_id") != "",
            pl.col("event") != "",
            (pl.col("user_id") != "") | (pl.col("session_id") != ""),
            ~pl.col("user_id").str.starts_with(SESSION),
            pl.col("query").str.len_chars() <= self._settings.max_text,
            *(~pl.col(name).str.contains("\0", literal=True) for name in _TEXTS),
            *sized,
            pl.col("timestamp").is_between(0, 2**53),
        ).fill_null(False)
        bad = frame.select(sound.not_().arg_true().alias("row"))["row"]
        if len(bad):
            raise BadInput(
                f"{len(bad)} events cannot be stored, the first in row {bad[0]}: "
                f"{frame.row(int(bad[0]), named=True)}.",
                hint="Every event needs a person, an item, a type and a time; see `Event`.",
            )

    def _add(self, connection: sa.Connection, piece: pl.DataFrame, received_at: int) -> int:
        start = counters.advance(connection, self._collection, "events")
        person = pl.when(pl.col("user_id") == "").then(SESSION + pl.col("session_id"))
        numbered = piece.select(
            pl.lit(self._collection).alias("collection"),
            pl.int_range(start + 1, start + 1 + pl.len()).alias("seq"),
            "event_id",
            person.otherwise("user_id").alias("person"),
            *("user_id", "session_id", "item_id", "event", "timestamp", "value", "query"),
            pl.lit("").alias("exposure_id"),
            pl.lit(True).alias("exposure_known"),
            pl.lit(received_at).alias("received_at"),
        )
        mark = "?" if self._database.is_sqlite else "%s"
        statement = (
            f"INSERT INTO events ({', '.join(numbered.columns)}) "
            f"VALUES ({', '.join([mark] * numbered.width)}) "
            "ON CONFLICT (collection, event_id) DO NOTHING"
        )
        # The driver's own call: three million rows spare the layers above it.
        added = connection.exec_driver_sql(statement, numbered.rows()).rowcount
        if added:  # rows that were there leave gaps in seq, which only ever grows
            counters.advance(connection, self._collection, "events", piece.height)
        return added

    def _link(self, frame: pl.DataFrame) -> None:
        """Sessions seen with a user belong to the last such user; so do their anonymous events."""
        both = frame.filter((pl.col("user_id") != "") & (pl.col("session_id") != ""))
        links = both.group_by("session_id").agg(pl.col("user_id").last()).sort("session_id")
        for piece in links.iter_slices(self._settings.load_rows):
            self._writer.call(partial(self._save_links, links=piece))
        self._writer.call(self._move)

    def _save_links(self, connection: sa.Connection, links: pl.DataFrame) -> None:
        mark = "?" if self._database.is_sqlite else "%s"
        statement = (
            "INSERT INTO sessions (collection, session_id, user_id) "
            f"VALUES ({mark}, {mark}, {mark}) "
            "ON CONFLICT (collection, session_id) DO UPDATE SET user_id = excluded.user_id"
        )
        rows = links.select(pl.lit(self._collection), "session_id", "user_id").rows()
        connection.exec_driver_sql(statement, rows)

    def _move(self, connection: sa.Connection) -> int:
        found = (
            sa.select(sessions.c.session_id, sessions.c.user_id)
            .distinct()
            .join(
                events,
                (events.c.collection == sessions.c.collection)
                & (events.c.session_id == sessions.c.session_id)
                & (events.c.person == SESSION + sessions.c.session_id),
            )
            .where(events.c.collection == self._collection, events.c.user_id == "")
        )
        links = {row.session_id: row.user_id for row in connection.execute(found)}
        return move(connection, self._collection, links)


def _drop_index(connection: sa.Connection) -> None:
    events_by_person.drop(connection, checkfirst=True)


def _make_index(connection: sa.Connection) -> None:
    events_by_person.create(connection, checkfirst=True)


def with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an `event_id` for every row that has none.

    An id is the time of the event followed by a hash (BLAKE2b, 80 bits) of its content and its
    ordinal among equal rows: 32 hexadecimal digits.
    """
    missing = frame["event_id"] == ""
    if not missing.any():
        return frame
    keys = ["user_id", "session_id", "item_id", "event", "timestamp", "value", "query"]
    content = pl.concat_str(
        [*(pl.col(name).cast(pl.String).fill_null("") for name in keys)], separator="\x1f"
    )
    ordinal = pl.int_range(pl.len()).over(keys).cast(pl.String)
    words = frame.select(
        "timestamp",
        pl.concat_str([content, ordinal], separator="\x1f").alias("content"),
    )
    made = [
        f"{timestamp:012x}{hashlib.blake2b(text.encode(), digest_size=10).hexdigest()}"
        for timestamp, text in words.iter_rows()
    ]
    ids = pl.when(missing).then(pl.Series(made, dtype=pl.String)).otherwise("event_id")
    return frame.with_columns(ids.alias("event_id"))


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column, texts without nulls, values finite or null."""
    needed = {"item_id", "event", "timestamp"} - set(frame.columns)
    if needed:
        raise BadInput(
            f"The table of events has no column {', '.join(sorted(needed))}.",
            hint="It needs user_id (or session_id), item_id, event and timestamp.",
        )
    texts = [
        (pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, pl.String))
        .fill_null("")
        .alias(name)
        for name in _TEXTS
    ]
    value = pl.col("value") if "value" in frame.columns else pl.lit(None)
    number = value.cast(pl.Float64)
    return frame.select(
        *texts,
        pl.col("timestamp").cast(pl.Int64),
        pl.when(number.is_finite()).then(number).alias("value"),
    )
