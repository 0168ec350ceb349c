"""Reading a whole collection: find the tables, read, match, validate, and tell what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from prismrec.core import BadInput
from prismrec.data.attributes import ITEM_WORDS, USER_WORDS, settled
from prismrec.data.dataset import EVENTS, ITEMS, RELATIONS, Dataset, in_order
from prismrec.data.knowledge import VALUES, between, with_facts
from prismrec.data.quarantine import Quarantine
from prismrec.data.raw import ROW
from prismrec.data.readers import read_table
from prismrec.data.report import FileReport, ReadReport
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import Source, Sources, SqlSource, find_sources
from prismrec.data.validation import Fault, clean_table, refuse_if_nothing_left, sift
from prismrec.data.vocabulary import GRADES, Matched, match_columns, plain

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

__all__ = ["read"]

MOST_EVENT_TYPES = 1000


def read(
    source: Source | Sources,
    settings: DataSettings = DEFAULTS,
    *,
    quarantine: Path | None = None,
) -> Dataset:
    """Read and validate a folder of tables, single tables (`Sources`), or one table of events.

    Bad rows are set aside in the JSON Lines file `quarantine` (`None` only counts them) and counted
    in `Dataset.report`. Raises `BadInput` or `NotFound`, naming the file and what to change, where
    a table cannot be used at all.
    """
    sources = source if isinstance(source, Sources) else find_sources(source)
    tables = sources.tables()
    if "items" not in tables and "events" not in tables:
        raise BadInput("There are neither items nor events.", hint="Give at least one of them.")
    with Quarantine(quarantine) as aside:
        return _Reading(settings, aside).dataset(tables)


@dataclass
class _Reading:
    """One run of `read`: what has been read so far."""

    settings: DataSettings
    aside: Quarantine
    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def dataset(self, tables: dict[str, Path | SqlSource]) -> Dataset:
        items = self.items(tables["items"]) if "items" in tables else None
        events, has_clock = _empty(EVENTS), False
        if "events" in tables:
            events, has_clock = self.events(tables["events"], items)
        if items is None:
            items = _typed(events.select("item_id").unique(maintain_order=True), ITEMS)
            self.notes.append("no items were given: the catalogue is what the events name")
        users = self.users(tables["users"]) if "users" in tables else _empty({"user_id": pl.String})
        links = _empty(RELATIONS)
        if "relations" in tables:
            people = pl.concat([events["user_id"], users["user_id"]]).unique()
            links = self.links(tables["relations"], items["item_id"], people)
            items, links = with_facts(items, links), links.filter(pl.col("between") != VALUES)
        self._check_mapping()
        path = "" if self.aside.path is None else str(self.aside.path)
        report = ReadReport(tuple(self.files), has_clock, tuple(self.notes), path)
        return Dataset(items, events, users, links, has_clock, report)

    def items(self, source: Path | SqlSource) -> pl.DataFrame:
        frame, matched, total, _ = self._clean("items", source)
        frame = self._once(_name("items", source), frame, matched, "item_id")
        self._done("items", source, matched, total, frame)
        return settled(_typed(frame.drop(ROW), ITEMS), ITEM_WORDS)

    def users(self, source: Path | SqlSource) -> pl.DataFrame:
        frame, matched, total, _ = self._clean("users", source)
        frame = self._once(_name("users", source), frame, matched, "user_id")
        self._done("users", source, matched, total, frame)
        return settled(frame.drop(ROW), USER_WORDS)

    def links(self, source: Path | SqlSource, items: pl.Series, people: pl.Series) -> pl.DataFrame:
        frame, matched, total, _ = self._clean("relations", source)
        frame = _typed(frame, RELATIONS).with_columns(
            pl.col("kind").fill_null("related"),
            pl.col("weight").fill_null(1.0),
            pl.col("between").fill_null(between(matched.columns["source"], items, people)),
        )
        odd = ~frame["between"].is_in(["users", "items", VALUES])
        unknown = (frame["between"] == VALUES) & ~frame["source"].is_in(items.implode())
        faults = [
            Fault("between", "neither users, items nor values", odd, frame["between"]),
            Fault(matched.columns["source"], "unknown item", unknown, frame["source"]),
        ]
        frame = sift(_name("relations", source), frame, faults, self.aside)
        self._done("relations", source, matched, total, frame)
        return frame.select(list(RELATIONS))

    def events(
        self, source: Path | SqlSource, items: pl.DataFrame | None
    ) -> tuple[pl.DataFrame, bool]:
        file = _name("events", source)
        frame, matched, total, positions = self._clean("events", source)
        frame = frame.with_columns(self._event_type(matched), _person(frame))
        faults = []
        if items is not None:
            unknown = ~frame["item_id"].is_in(items["item_id"].implode())
            faults.append(
                Fault(matched.columns["item_id"], "unknown item", unknown, frame["item_id"])
            )
        frame = sift(file, frame, faults, self.aside)
        if "event_id" in matched.columns:
            frame = self._once(file, frame, matched, "event_id")
        self._done("events", source, matched, total, frame)
        _check_types(file, frame)
        has_clock = "timestamp" in matched.columns and not positions and len(frame) > 0
        if "timestamp" not in matched.columns:
            frame = frame.with_columns(pl.int_range(pl.len()).over("user_id").alias("timestamp"))
            self.notes.append(f"{file} has no times: the order of its rows is taken for them")
        elif positions:
            self.notes.append(f"the times in {file} are all below 10^8: positions, not times")
        return in_order(_typed(frame, EVENTS).select(list(EVENTS))), has_clock

    def _clean(
        self, table: str, source: Path | SqlSource
    ) -> tuple[pl.DataFrame, Matched, int, bool]:
        raw = read_table(source, self.settings)
        matched = match_columns(table, _name(table, source), raw.columns, self.settings)
        when = matched.columns.get("timestamp")
        if when and len(raw.frame) and raw.frame[when].null_count() == len(raw.frame):
            del matched.columns["timestamp"]
        frame, positions = clean_table(table, _name(table, source), raw, matched, self.aside)
        return frame, matched, raw.total, positions

    def _event_type(self, matched: Matched) -> pl.Expr:
        if "event" in matched.columns:
            return pl.col("event")
        is_grade = plain(matched.columns.get("value", "")) in GRADES
        name = "rating" if is_grade else self.settings.default_event
        self.notes.append(f"the events have no type: each counts as {name!r}")
        return pl.lit(name).alias("event")

    def _once(self, file: str, frame: pl.DataFrame, matched: Matched, word: str) -> pl.DataFrame:
        """Set aside rows that repeat an id; the first one stays."""
        repeated = frame[word].is_not_null() & ~frame[word].is_first_distinct()
        fault = Fault(matched.columns[word], f"duplicate {word}", repeated, frame[word])
        return sift(file, frame, [fault], self.aside)

    def _done(
        self,
        table: str,
        source: Path | SqlSource,
        matched: Matched,
        total: int,
        frame: pl.DataFrame,
    ) -> None:
        file = _name(table, source)
        refuse_if_nothing_left(table, file, total, frame, self.aside)
        self.files.append(
            FileReport(
                table, file, total, len(frame), self.aside.counts.get(file, {}), matched.columns,
                matched.guessed, matched.ignored, tuple(self.aside.examples.get(file, ())),
            )
        )  # fmt: skip

    def _check_mapping(self) -> None:
        """A mapped column that no table has is an error, not a silence."""
        used = {column for file in self.files for column in file.columns.values()}
        for entry in self.settings.columns:
            column = entry.partition("=")[2].strip()
            if column not in used:
                raise BadInput(
                    f"No table has the column {column!r} that the settings name.",
                    hint=f'Change "{entry}" in [data] columns.',
                )


def _name(table: str, source: Path | SqlSource) -> str:
    """What a table is called in messages and in the quarantine."""
    return f"{source} ({table})" if isinstance(source, SqlSource) else str(source)


def _person(frame: pl.DataFrame) -> pl.Expr:
    """The person behind each event: the user, or else the session."""
    if "session_id" not in frame.columns:
        return pl.col("user_id")
    session = pl.lit("session:") + pl.col("session_id")
    user = pl.col("user_id") if "user_id" in frame.columns else pl.lit(None, pl.String)
    return pl.coalesce(user, session).alias("user_id")


def _check_types(file: str, frame: pl.DataFrame) -> None:
    types = frame["event"].n_unique()
    if types > MOST_EVENT_TYPES:
        raise BadInput(
            f"{file} has {types} different event types.",
            hint='Another column may hold them; name it: [data] columns = ["events.event=..."].',
        )


def _typed(frame: pl.DataFrame, schema: dict[str, PolarsDataType]) -> pl.DataFrame:
    """`frame` with every column of `schema`, blanks where text, list or flag is missing."""
    blanks: dict[object, pl.Expr] = {pl.List(pl.String): pl.lit([], pl.List(pl.String))}
    columns = []
    for name, dtype in schema.items():
        column = pl.col(name) if name in frame.columns else pl.lit(None, dtype)
        if schema is ITEMS and dtype == pl.String:
            column = column.fill_null("")
        elif dtype == pl.Boolean:
            column = column.fill_null(True)
        elif dtype in blanks:
            column = column.fill_null(blanks[dtype])
        columns.append(column.cast(dtype).alias(name))
    return frame.with_columns(columns)


def _empty(schema: dict[str, PolarsDataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)
