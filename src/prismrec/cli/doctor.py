"""`prismrec doctor`: is everything in order?"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.options import AsJson
from prismrec.cli.output import print_json, print_table
from prismrec.core import PrismError

__all__ = ["doctor"]

LIBRARIES = ("torch", "transformers", "faiss-cpu", "tantivy", "polars", "sqlalchemy", "fastapi")
FEWEST_MIB = 512


def doctor(
    collection: Annotated[Path | None, typer.Argument(help="A collection to check too.")] = None,
    json: AsJson = False,
) -> None:
    """Check the installation, the text encoder, and, where one is named, a collection: its lock,
    store, releases and audit trail. Exit code 1 if anything is wrong."""
    rows = [*_machine(), *_encoder(), *(_collection(collection) if collection else ())]
    if json:
        print_json([{"check": c, "ok": ok, "finding": text} for c, ok, text in rows])
    else:
        marks = {True: "ok", False: "WRONG"}
        print_table("PrismRec doctor", ["check", "", ""], [(c, marks[ok], t) for c, ok, t in rows])
    if not all(ok for _, ok, _ in rows):
        raise typer.Exit(1)


Row = tuple[str, bool, str]


def _machine() -> Iterator[Row]:
    yield "python", True, f"{platform.python_version()} on {platform.machine()}"
    yield "cores", True, str(os.cpu_count())
    free = shutil.disk_usage(Path.cwd()).free // 2**20
    yield "free disk", free > FEWEST_MIB, f"{free} MiB"
    for name in LIBRARIES:
        try:
            yield name, True, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, False, "not installed"


def _encoder() -> Iterator[Row]:
    from prismrec.config import read_settings
    from prismrec.language import choose_encoder

    try:
        chosen = choose_encoder(["a red waterproof jacket"], read_settings().language)
    except PrismError as error:
        yield "text encoder", False, str(error)
        return
    found = chosen.report["encoder"] is not None and chosen.report["source"] != "fitted"
    why = f"{chosen.report['encoder']} ({chosen.report['source']})"
    yield "text encoder", found, why if found else why + "; install 'prismrec[offline]'"


def _collection(path: Path) -> Iterator[Row]:
    from prismrec.folder import database_of, key_of, settings_of
    from prismrec.store import Releases, holder, open_store

    releases = Releases(path)
    number = releases.current()
    yield "current release", number is not None, str(number or "none")
    for each in releases.list():
        try:
            releases.open(each)
            yield f"release {each}", True, "every file matches its SHA-256"
        except PrismError as error:
            yield f"release {each}", False, str(error)
    owner = holder(path)
    if owner is not None:
        yield "store", True, f"in use by process {owner.pid} {owner.url}".strip()
        return
    settings = settings_of(path)
    try:
        database = database_of(path, settings)
        with open_store(database, key_of(path, database), settings.store) as store:
            faults = store.check()
            yield "store", not faults, "; ".join(faults) or f"{store.events.count()} events, sound"
            yield "audit trail", True, f"{store.audit.verify()} lines, unbroken"
    except PrismError as error:
        yield "store", False, str(error)
