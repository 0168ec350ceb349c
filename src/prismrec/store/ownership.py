"""One process owns a store on disk; the others learn who it is and where it listens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from prismrec.core import Locked

__all__ = ["Holder", "Ownership", "holder"]


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that owns a store: its id, and the URL of its HTTP API if it serves one."""

    pid: int
    url: str = ""


class Ownership:
    """Owns `folder` until closed or until the process ends, however it ends.

    Raises `Locked`, naming the owner, where another open store holds it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = FileLock(folder / "store.lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise _locked(folder) from None
        self.announce("")

    def announce(self, url: str) -> None:
        """Let others know where this process answers."""
        _owner_file(self._folder).write_text(json.dumps(asdict(Holder(os.getpid(), url))))

    def close(self) -> None:
        """Let go."""
        _owner_file(self._folder).unlink(missing_ok=True)
        self._lock.release()


def holder(folder: Path) -> Holder | None:
    """Who owns the store in `folder` now, `None` if nobody does."""
    path = folder / "store.lock"
    if not path.exists():
        return None
    probe = FileLock(path, timeout=0, thread_local=False)
    try:
        with probe:
            return None
    except Timeout:
        return _read(folder)


def _owner_file(folder: Path) -> Path:
    return folder / "store.owner"


def _read(folder: Path) -> Holder:
    try:
        fields = json.loads(_owner_file(folder).read_text())
        return Holder(int(fields["pid"]), str(fields["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0)  # between taking the lock and saying so, the owner is unknown


def _locked(folder: Path) -> Locked:
    owner = _read(folder)
    who = f"process {owner.pid}" if owner.pid else "another process"
    at = f", which serves it at {owner.url}" if owner.url else ""
    return Locked(
        f"{folder} is in use by {who}{at}.",
        hint=f"Send requests to {owner.url}, or stop that process."
        if owner.url
        else "Wait for it to finish, or stop it; several processes need PostgreSQL.",
        url=owner.url,
    )
