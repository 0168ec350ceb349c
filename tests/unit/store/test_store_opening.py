"""Opening, owning, migrating and filling the queue of a store."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from prismrec.core import (
    BadInput,
    BadSettings,
    Busy,
    Corrupt,
    Event,
    Exposure,
    Locked,
    NewerFormat,
    PrismError,
)
from prismrec.store import Store, holder, open_store
from prismrec.store.database import Database
from prismrec.store.schema import metadata
from prismrec.store.writer import Writer


def test_the_migrations_make_the_tables_of_the_schema(lasting_url: str) -> None:
    open_store(lasting_url, "shop").close()
    database = Database(lasting_url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_second_opener_learns_who_owns_the_store(
    tmp_path: Path, opening: Callable[..., Store]
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    assert holder(tmp_path) is None
    store = opening(url)
    with pytest.raises(Locked, match=str(os.getpid())):
        opening(url)
    store.announce("http://127.0.0.1:8000")
    with pytest.raises(Locked, match=r"http://127\.0\.0\.1:8000"):
        opening(url)
    who = holder(tmp_path)
    assert who is not None
    assert (who.pid, who.url) == (os.getpid(), "http://127.0.0.1:8000")
    store.close()
    assert holder(tmp_path) is None
    opening(url)


def test_another_process_is_refused_too(tmp_path: Path, opening: Callable[..., Store]) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opening(url)
    code = f"from prismrec.store import open_store\nopen_store({url!r}, 'shop')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Locked: {tmp_path} is in use by process {os.getpid()}" in done.stderr


def test_a_newer_store_is_refused(tmp_path: Path, opening: Callable[..., Store]) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opening(url).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(NewerFormat, match="9999"):
        opening(url)
    assert holder(tmp_path) is None


def test_a_file_that_is_no_store_is_refused_and_left_alone(
    tmp_path: Path, opening: Callable[..., Store]
) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"something else entirely " * 100)
    with pytest.raises(Corrupt, match=r"store\.db"):
        opening(f"sqlite:///{file}")
    assert file.read_bytes() == b"something else entirely " * 100


@pytest.mark.parametrize(
    "url", ["nonsense", "", "mysql://u@h/d", "postgresql://nobody:secret@127.0.0.1:1/none"]
)
def test_a_url_that_cannot_be_used_says_so_without_its_password(
    url: str, opening: Callable[..., Store]
) -> None:
    with pytest.raises(BadSettings) as caught:
        opening(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "x" * 101, "a\0b"])
def test_a_collection_needs_a_name(name: str, opening: Callable[..., Store]) -> None:
    with pytest.raises(BadInput, match="collection"):
        opening("sqlite://", name)


def test_the_derived_index_is_made_again(tmp_path: Path, opening: Callable[..., Store]) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opening(url).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("DROP INDEX events_by_person")
    connection.close()
    opening(url).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'events_by_person'"
        assert connection.execute(query).fetchone() == (1,)
    connection.close()


def test_a_closed_store_says_so(opening: Callable[..., Store]) -> None:
    store = opening("sqlite://")
    store.close()
    store.close()
    with pytest.raises(PrismError, match="closed"):
        store.events.append([Event("a", "view", user_id="u")], 1)


class Numbers:
    """A kind of write that refuses the number 13, and can be held up."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.groups: list[list[int]] = []

    def write(self, connection: sa.Connection, payloads: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.gate.wait(30)
        self.groups.append(list(payloads))
        for number in payloads:
            connection.exec_driver_sql(f"INSERT INTO numbers VALUES ({number})")
            if number == 13:
                raise ValueError("unlucky")
        return [2 * number for number in payloads]

    def committed(self, results: Sequence[int]) -> None:
        pass


@pytest.fixture
def database() -> Database:
    opened = Database("sqlite://")
    with opened.write() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER)")
    return opened


def test_batches_that_wait_share_one_commit_and_one_bad_one_fails_alone(
    database: Database,
) -> None:
    writer, kind = Writer(database, 100, 100), Numbers()
    first = writer.submit(kind, 1)
    assert kind.begun.wait(30)
    rest = [writer.submit(kind, number) for number in (2, 13, 3)]
    kind.gate.set()
    writer.close()
    assert first.result() == 2
    assert [done.result() for done in (rest[0], rest[2])] == [4, 6]
    with pytest.raises(ValueError, match="unlucky"):
        rest[1].result()
    assert kind.groups == [[1], [2, 13, 3], [2], [13], [3]]
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT n FROM numbers ORDER BY n").fetchall()
    assert [row[0] for row in found] == [1, 2, 3]


def test_a_full_queue_says_busy_and_what_was_queued_is_still_written(database: Database) -> None:
    writer, kind = Writer(database, 2, 100), Numbers()
    first = writer.submit(kind, 1)
    assert kind.begun.wait(30)
    queued = [writer.submit(kind, number) for number in (2, 3)]
    with pytest.raises(Busy):
        writer.submit(kind, 4)
    kind.gate.set()
    writer.close()
    assert [done.result() for done in (first, *queued)] == [2, 4, 6]


def test_exposures_that_find_no_room_are_counted(opening: Callable[..., Store]) -> None:
    store = opening("sqlite://", queue=1)
    kind = Numbers()
    store._writer.submit(kind, 1)
    assert kind.begun.wait(30)
    for number in range(3):
        store.exposures.append(Exposure(f"x{number}", 1, 1, "p", "1", 7, (), (), (), ()))
    kind.gate.set()
    store.close()
    assert store.exposures.dropped == 2


def test_the_owner_file_holds_json(tmp_path: Path, opening: Callable[..., Store]) -> None:
    opening(f"sqlite:///{tmp_path / 'store.db'}")
    assert json.loads((tmp_path / "store.owner").read_text()) == {"pid": os.getpid(), "url": ""}


def test_what_nobody_waits_for_shares_the_commit_of_what_somebody_does(database: Database) -> None:
    writer, kind = Writer(database, 100, 100), Numbers()
    kind.gate.set()
    alone = writer.submit(kind, 1, awaited=False)
    later = writer.submit(kind, 2, awaited=False)
    assert writer.submit(kind, 3).result(30) == 6
    assert (alone.result(0), later.result(0)) == (2, 4)
    assert kind.groups == [[1, 2, 3]]
    assert writer.submit(kind, 4, awaited=False).result(30) == 8
    writer.close()
