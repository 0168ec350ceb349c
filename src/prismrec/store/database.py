"""The database behind the store: connections, pragmas, migrations.

SQLite is used with a rollback journal and synchronous commits, by one process. See
docs/decisions/store.md for why.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from prismrec.core import BadSettings, Corrupt, MissingExtra, NewerFormat
from prismrec.store.schema import events_by_person

__all__ = ["PRAGMAS", "Database"]

PRAGMAS = {
    "journal_mode": "TRUNCATE",
    "synchronous": "FULL",
    "secure_delete": "ON",
    "foreign_keys": "ON",
    "cache_size": "-65536",
    "mmap_size": str(2**30),
}
"""TRUNCATE with FULL syncs the end of the journal too, so a commit also survives a power cut.
Every write empties the page caches of the connections that read; what they read through the memory
map stays with the operating system."""

_MIGRATION_LOCK = 0x50524953  # any fixed number: PostgreSQL's advisory locks are numbers


class Database:
    """One SQLite file, one SQLite database in memory, or one PostgreSQL database.

    `url` is a SQLAlchemy URL: `sqlite:////path/store.db`, `sqlite://` (in memory),
    `postgresql://user@host/name`. Opening creates or migrates the tables, unless `migrate` is
    false: then another process has, and this one only reads. Raises `BadSettings` for a URL that
    cannot be used, `Corrupt` for a file that is no database, and `NewerFormat` for one written by a
    later version.
    """

    def __init__(self, url: str, lock_seconds: float = 30.0, *, migrate: bool = True) -> None:
        self.url = _parsed(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = Path(self.url.database) if self.is_sqlite and self.url.database else None
        self.in_memory = self.is_sqlite and self.path is None
        self._engine = _engine(self.url, lock_seconds)
        # A database in memory lives in one connection, which threads must take in turns.
        self._turns = threading.RLock() if self.in_memory else nullcontext()
        try:
            if migrate:
                self._migrate()
        except sa.exc.DBAPIError as error:
            self._engine.dispose()
            raise self._unusable(error) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for one short read. Long reads hold up the writer: read in pieces."""
        with self._turns, self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction, durable when the block is left without an error."""
        with self._turns, self._engine.begin() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """A connection outside of any transaction, for statements such as VACUUM."""
        with self._turns, self._engine.connect() as connection:
            mode = {"alone": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
            yield connection.execution_options(**mode)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _migrate(self) -> None:
        from alembic import command, config
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory

        settings = config.Config()
        settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        settings.set_main_option("path_separator", "os")
        scripts = ScriptDirectory.from_config(settings)
        with self.write() as connection:
            if not self.is_sqlite:  # two processes may open an empty database at once
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            here = MigrationContext.configure(connection).get_current_revision()
            if here not in {None, *(script.revision for script in scripts.walk_revisions())}:
                raise NewerFormat(
                    f"The store has format {here}, newer than {scripts.get_current_head()}, the "
                    "newest that this version of PrismRec knows.",
                    hint="Upgrade prismrec, or open a copy made before the upgrade.",
                )
            if here != scripts.get_current_head():
                settings.attributes["connection"] = connection
                command.upgrade(settings, "head")
            # A load interrupted by a crash may have left the derived index away.
            events_by_person.create(connection, checkfirst=True)

    def _unusable(self, error: sa.exc.DBAPIError) -> Exception:
        words = str(error.orig)
        if self.is_sqlite and ("not a database" in words or "malformed" in words):
            return Corrupt(
                f"{self.path} is not a PrismRec store, or is damaged.",
                hint="Restore it from a backup, or point the store at another file.",
            )
        shown = self.url.render_as_string(hide_password=True)
        return BadSettings(
            f"The store at {shown} cannot be opened: {error.orig}",
            hint="Check the URL, that the server runs, and that the folder can be written.",
        )


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadSettings(
            "The store's URL cannot be read.",
            hint="Write sqlite:////path/store.db or postgresql://user:password@host/name.",
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadSettings(
            f"The store cannot be kept in '{parsed.get_backend_name()}'.",
            hint="Use SQLite (sqlite:////path/store.db) or PostgreSQL (postgresql://...).",
        )
    if parsed.database == ":memory:":
        parsed = parsed.set(database=None)
    return parsed


def _engine(url: sa.URL, lock_seconds: float) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return sa.create_engine(url, pool_pre_ping=True, pool_size=16)
        except ModuleNotFoundError as error:
            raise MissingExtra("psycopg", "postgres") from error
    arguments = {"check_same_thread": False, "timeout": lock_seconds, "isolation_level": None}
    if url.database:
        engine = sa.create_engine(url, connect_args=arguments, pool_size=16, max_overflow=16)
    else:
        engine = sa.create_engine(url, connect_args=arguments, poolclass=StaticPool)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # The driver would begin on its own only before some statements, and never before DDL.
        if not connection.get_execution_options().get("alone"):
            connection.exec_driver_sql("BEGIN")

    return engine
