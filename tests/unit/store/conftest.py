"""A private PostgreSQL for the tests, and stores on both databases."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prismrec.store import Store, StoreSettings, open_store


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL that lives as long as the tests."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="prismrec-postgres-"))
    as_postgres = _as_postgres(folder)
    data, log, port = folder / "data", folder / "log", _free_port()
    run = lambda *words: subprocess.run(  # noqa: E731
        [*as_postgres, *words], check=True, capture_output=True, cwd="/", text=True
    )
    try:
        run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "prism", "-E", "UTF8")
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"initdb does not work here: {error.stderr.strip()[-300:]}")
    # The tests ask what is stored, not whether PostgreSQL syncs its disk.
    quick = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} {quick}"
    control = (str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-w")
    try:
        run(*control, "-o", options, "start")
        yield f"postgresql://prism@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "postgresql"]
        subprocess.run(install, capture_output=True, check=False, timeout=300)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None


def _as_postgres(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["sqlite", "memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL for an empty store on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.prism' / 'store.db'}"
    if request.param == "memory":
        return "sqlite://"
    return _emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """As `url`, but only databases that outlive their connections."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.prism' / 'store.db'}"
    return _emptied(request.getfixturevalue("postgres_url"))


def _emptied(url: str) -> str:
    import psycopg

    with psycopg.connect(url) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in connection.execute(query).fetchall():
            if name != "alembic_version":
                connection.execute(f"DELETE FROM {name}")
    return url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open, empty store of the collection `shop`."""
    with open_store(url, "shop") as opened:
        yield opened


@pytest.fixture
def opening() -> Iterator[Callable[..., Store]]:
    """Opens stores that the test may leave open."""
    opened: list[Store] = []

    def open_one(url: str, collection: str = "shop", **settings: object) -> Store:
        store = open_store(url, collection, StoreSettings(**settings))  # type: ignore[arg-type]
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()
