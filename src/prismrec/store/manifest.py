"""What a release is made of, and whether it still is."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from prismrec.core import Corrupt, NewerFormat

__all__ = [
    "FORMAT",
    "MANIFEST",
    "FileFact",
    "Manifest",
    "read_manifest",
    "sync",
    "verify",
    "write_manifest",
]

FORMAT = 1
"""The format of releases that this version writes."""

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class FileFact:
    """SHA-256 (hexadecimal) and size (bytes) of a file."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `manifest.json`.

    `facts` are what its maker says of the release (items known, parent, last seq, versions, ...).
    `content` is a SHA-256 over the names and hashes of the files alone, so that two releases of
    equal content have equal `content` whenever and wherever they were made.
    """

    format: int
    files: Mapping[str, FileFact]
    content: str
    facts: Mapping[str, Any]


def write_manifest(folder: Path, facts: Mapping[str, Any], format: int = FORMAT) -> Manifest:
    """Describe the files that lie in `folder` now, on disk when this returns."""
    files = {name: _fact(folder / name) for name in _names(folder)}
    manifest = Manifest(format, files, _content(files), dict(facts))
    fields = {
        "format": format,
        **manifest.facts,
        "content": manifest.content,
        "files": {name: asdict(fact) for name, fact in files.items()},
    }
    text = json.dumps(fields, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for name in [*files, MANIFEST]:
        sync(folder / name)
    for place, _, _ in os.walk(folder):
        sync(Path(place))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json`. Raises `Corrupt` where it makes no sense, `NewerFormat` where a later
    version wrote it."""
    path = folder / MANIFEST
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        format = int(fields.pop("format"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _corrupt(path, f"cannot be read ({error})") from error
    if format > FORMAT:
        raise NewerFormat(
            f"{folder} has format {format}; this version of PrismRec knows up to {FORMAT}.",
            hint="Upgrade prismrec, or promote an older release.",
        )
    try:
        files = {
            name: FileFact(str(fact["sha256"]), int(fact["size"]))
            for name, fact in fields.pop("files").items()
        }
        return Manifest(format, files, str(fields.pop("content")), fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _corrupt(path, f"lacks what a manifest holds ({error})") from error


def verify(folder: Path) -> Manifest:
    """Check every file of a release against its manifest.

    Raises `Corrupt`, naming the file, where one differs, is missing, or is not listed.
    """
    manifest = read_manifest(folder)
    here = _names(folder)
    for name in sorted(set(here) | set(manifest.files)):
        if name not in manifest.files:
            raise _corrupt(folder / name, "is not listed in the manifest")
        if name not in here:
            raise _corrupt(folder / name, "is missing")
        if _fact(folder / name) != manifest.files[name]:
            raise _corrupt(folder / name, "is not what was written")
    if _content(manifest.files) != manifest.content:
        raise _corrupt(folder / MANIFEST, "is not what was written")
    return manifest


def sync(path: Path) -> None:
    """Wait until a file, or the list of a folder's files, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _names(folder: Path) -> list[str]:
    """Every file below `folder` but the manifest, in order of name. Links are files of their own
    kind and refused by never matching what was written."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(p.relative_to(folder).as_posix() for p in found if p != folder / MANIFEST)


def _fact(path: Path) -> FileFact:
    if path.is_symlink() or not path.is_file():
        raise _corrupt(path, "is not a plain file")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFact(digest, path.stat().st_size)


def _content(files: Mapping[str, FileFact]) -> str:
    lines = "".join(f"{name}\0{files[name].sha256}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def _corrupt(path: Path, what: str) -> Corrupt:
    return Corrupt(
        f"{path} {what}.", hint="Promote another release, or restore this one from a backup."
    )
