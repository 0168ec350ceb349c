"""Immutable releases on disk, and which of them is served."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from prismrec.core import Corrupt, NotFound
from prismrec.store.manifest import (
    FORMAT,
    Manifest,
    read_manifest,
    sync,
    verify,
    write_manifest,
)

__all__ = ["MIGRATIONS", "Migration", "Releases"]

Migration = Callable[[Path, dict[str, Any]], dict[str, Any]]
"""Brings the files in a folder from one format to the next; takes and returns the facts."""

Numbers = list[int]

MIGRATIONS: Mapping[int, Migration] = {}
"""By the format they start from. Format 1 is the first."""

_LIBRARIES = ("numpy", "polars", "torch", "transformers", "faiss-cpu", "tantivy", "safetensors")


class Releases:
    """The releases of a collection: `root/releases/N/`, and the file `root/current`.

    A release is written elsewhere, synced and renamed into place, so it is there whole or not at
    all; it never changes afterwards. What a log of exposures said of it later lies beside, in
    `root/verdicts/N.json`. `current` names the release that is served and those served
    before it, and is replaced atomically.
    """

    def __init__(self, root: Path, migrations: Mapping[int, Migration] = MIGRATIONS) -> None:
        self._root = root
        self._folder = root / "releases"
        self._migrations = migrations

    def create(self, write: Callable[[Path], Mapping[str, Any]]) -> int:
        """Add a release and return its number, without serving it.

        `write` puts files into the folder it is given, and returns facts for the manifest
        (`n_items`, `last_seq`, ...). `created_at`, `parent` and library versions are added. If it
        raises, nothing is left behind.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
        try:
            facts = dict(write(draft))
            about = {
                "prismrec": _version("prismrec"),
                "libraries": {name: _version(name) for name in _LIBRARIES},
                "created_at": time.time_ns() // 1_000_000,
                "parent": self.current(),
            }
            write_manifest(draft, about | facts)
            return self._place(draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def open(self, number: int) -> Path:
        """The folder of a release, every file verified, migrated if its format is older.

        Raises `NotFound`, `Corrupt` (naming the file) or `NewerFormat`.
        """
        folder = self._existing(number)
        manifest = verify(folder)
        if manifest.format < FORMAT:
            self._migrate(folder, manifest)
        return folder

    def manifest(self, number: int) -> Manifest:
        """What the manifest of a release says, without verifying the files."""
        return read_manifest(self._existing(number))

    def list(self) -> Numbers:
        """The numbers of all releases, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(int(path.name) for path in self._folder.iterdir() if path.name.isdecimal())

    def current(self) -> int | None:
        """The number of the release that is served, `None` before the first."""
        served = self._served()
        return served[-1] if served else None

    def served(self) -> int:
        """The number of the release that is served. Raises `NotFound` before the first."""
        number = self.current()
        if number is None:
            raise NotFound(
                f"There is no PrismRec collection at {self._root}.",
                hint=f"Make one with: prismrec fit DATA --out {self._root}",
            )
        return number

    def previous(self) -> int:
        """The release that `rollback` would return to. Raises `NotFound` where there is none."""
        served = self._served()
        there = set(self.list())
        for number in reversed(served[:-1]):
            if number in there:
                return number
        raise NotFound(
            "No release was served before this one.", hint="Promote another release instead."
        )

    def promote(self, number: int) -> None:
        """Serve a release, verified, from now on; durable on return."""
        self.open(number)
        if number != self.current():
            self._serve([*self._served(), number])

    def rollback(self) -> int:
        """Serve the release that was served before; its number. Again goes further back."""
        number = self.previous()
        self.open(number)
        served = self._served()[:-1]
        while served[-1] != number:
            served.pop()
        self._serve(served)
        return number

    def judge(self, number: int, verdict: Mapping[str, Any]) -> None:
        """Keep the newest `verdict` (JSON-able) on a release, and when it was given, `judged_at`
        in milliseconds."""
        self._existing(number)
        folder = self._root / "verdicts"
        folder.mkdir(exist_ok=True)
        draft = folder / f".{number}-draft"
        draft.write_text(json.dumps({**verdict, "judged_at": time.time_ns() // 1_000_000}) + "\n")
        os.replace(draft, folder / f"{number}.json")

    def verdict(self, number: int) -> Mapping[str, Any] | None:
        """The newest verdict on a release; `None` where there is none that can be read."""
        try:
            found = json.loads((self._root / "verdicts" / f"{number}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def retain(self, keep: int, used: Iterable[int] = ()) -> Numbers:
        """Delete all but the newest `keep` releases, the current, the one before it and those in
        use elsewhere; returns the numbers deleted. The newest always stays, so that numbers are
        never used again."""
        numbers = self.list()
        kept = {*numbers[-max(keep, 1) :], *self._served()[-2:], *used}
        gone = [number for number in numbers if number not in kept]
        for number in gone:
            grave = self._folder / f".gone-{number}"
            os.rename(self._folder / str(number), grave)  # never half a release under its name
            shutil.rmtree(grave)
            (self._root / "verdicts" / f"{number}.json").unlink(missing_ok=True)
        return gone

    def _place(self, draft: Path) -> int:
        number = (self.list() or [0])[-1]
        draft.chmod(0o755)
        while True:
            number += 1
            try:
                os.rename(draft, self._folder / str(number))
            except OSError:
                if not (self._folder / str(number)).exists():
                    raise
                continue  # another process was faster: take the next number
            sync(self._folder)
            return number

    def _existing(self, number: int) -> Path:
        folder = self._folder / str(number)
        before = self._folder / f".was-{number}"
        if not folder.is_dir() and before.is_dir():
            os.rename(before, folder)  # a migration ended between its two renames
        if not folder.is_dir():
            have = ", ".join(map(str, self.list())) or "none"
            raise NotFound(f"There is no release {number}.", hint=f"There are: {have}.")
        return folder

    def _migrate(self, folder: Path, manifest: Manifest) -> None:
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
        try:
            shutil.copytree(folder, draft, dirs_exist_ok=True)
            facts = dict(manifest.facts)
            for format in range(manifest.format, FORMAT):
                if format not in self._migrations:
                    raise Corrupt(
                        f"{folder} has format {format}, which cannot be read any more.",
                        hint="Fit the collection again.",
                    )
                facts = self._migrations[format](draft, facts)
            write_manifest(draft, facts)
            draft.chmod(0o755)
            before = self._folder / f".was-{folder.name}"
            os.rename(folder, before)
            os.rename(draft, folder)
            sync(self._folder)
            shutil.rmtree(before)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _served(self) -> Numbers:
        """Every release served so far that was not rolled back, the current one last."""
        path = self._root / "current"
        try:
            return [int(number) for number in json.loads(path.read_text())["served"]]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise Corrupt(
                f"{path} cannot be read ({error}).", hint="Promote a release to write it anew."
            ) from error

    def _serve(self, served: Numbers) -> None:
        path = self._root / "current"
        draft = self._root / ".current-draft"
        draft.write_text(json.dumps({"served": served[-100:]}) + "\n")
        sync(draft)
        os.replace(draft, path)
        sync(self._root)


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
