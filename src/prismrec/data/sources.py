"""Where tables come from: files in a folder, single files, or SQL queries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prismrec.core import BadInput, NotFound

__all__ = ["Source", "Sources", "SqlSource", "find_sources"]

SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
PACKED = tuple(suffix + ".gz" for suffix in SUFFIXES[1:])
RECBOLE = {"items": ".item", "events": ".inter", "users": ".user", "relations": ".net"}


@dataclass(frozen=True)
class SqlSource:
    """The rows of one SQL query. As text: `"sqlite:///shop.db#SELECT * FROM orders"`.

    `url` is a SQLAlchemy URL (SQLite and PostgreSQL are tested); the text after the first `#` is
    the query.
    """

    url: str
    query: str

    def __str__(self) -> str:
        """The URL without its password, for messages and reports."""
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(self.url).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "the SQL source"


Source = str | Path | SqlSource | tuple[str, str]


@dataclass(frozen=True)
class Sources:
    """The tables of one collection: each a path, a `SqlSource`, its text, or `(url, query)`.

    `items` may be missing (the catalogue is then what the events name), `events` too (a catalogue
    without behaviour), but not both.
    """

    items: Source | None = None
    events: Source | None = None
    users: Source | None = None
    relations: Source | None = None

    def tables(self) -> dict[str, Path | SqlSource]:
        """The tables that are given, in the order in which they are read."""
        given = {
            "items": self.items,
            "events": self.events,
            "users": self.users,
            "relations": self.relations,
        }
        return {name: resolved(source) for name, source in given.items() if source is not None}


def resolved(source: Source) -> Path | SqlSource:
    """A path or a SQL source; raises `NotFound` for a file that is not there."""
    if isinstance(source, SqlSource):
        return source
    if isinstance(source, tuple):
        return SqlSource(*source)
    text = str(source)
    if "://" in text:
        url, sharp, query = text.partition("#")
        if not sharp or not query.strip():
            shown = SqlSource(url, "")
            raise BadInput(
                f"{shown} names a database but no query.",
                hint='Add the query after "#", as in "sqlite:///shop.db#SELECT * FROM orders".',
            )
        return SqlSource(url, query)
    path = Path(source)
    if not path.exists():
        raise NotFound(f"There is no file {path}.", hint="Check the path.")
    return path


def find_sources(place: Source) -> Sources:
    """The tables in a folder, or the events in a single file or query.

    A folder holds `items`, `events`, `users`, `relations` with the ending of a known format (and
    perhaps `.gz`), or RecBole's `name.item`, `name.inter`, `name.user`, `name.net`.
    """
    path = resolved(place)
    if isinstance(path, SqlSource) or not path.is_dir():
        return Sources(events=path)
    found = {table: _one(path, table) for table in RECBOLE}
    if found["items"] is None and found["events"] is None:
        here = ", ".join(sorted(p.name for p in path.iterdir())[:12]) or "nothing"
        raise BadInput(
            f"{path} has neither items nor events. It has: {here}.",
            hint="Name the files items and events with an ending of "
            + ", ".join((*SUFFIXES, ".item/.inter")) + ", or give each file by itself.",
        )  # fmt: skip
    return Sources(**found)


def _one(folder: Path, table: str) -> Path | None:
    names = {table + suffix for suffix in (*SUFFIXES, *PACKED)}
    hits = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and (path.name.lower() in names or path.suffix == RECBOLE[table])
    )
    if len(hits) > 1:
        raise BadInput(
            f"{folder} has several files for {table}: {', '.join(p.name for p in hits)}.",
            hint="Keep one, or give each file by itself.",
        )
    return hits[0] if hits else None
