"""A small fitted collection, made once a session, and servers over copies of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.durability import NAME, marketplace

__all__ = ["NAME", "Server", "copy_of", "fitted", "free_port", "serving"]

BOOT = """
import sys
from dataclasses import replace
from pathlib import Path
from prismrec.cli.output import fail
from prismrec.folder import settings_of
from prismrec.core import PrismError
from prismrec.serving.run import serve

path, host, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
try:
    serve([path], replace(settings_of(path).serving, host=host, port=port))
except PrismError as error:
    fail(error)
"""


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed collection of 60 items and 25 users with two releases, release 1 serving."""
    import prismrec as pr
    from prismrec.release import load_release

    path = marketplace(tmp_path_factory.mktemp("fitted"))
    with pr.open(path) as shop:
        shop.add_release(load_release(shop.releases.open(1), 1))
    return path


def copy_of(fitted: Path, folder: Path) -> Path:
    """The collection copied into `folder`."""
    return Path(shutil.copytree(fitted, folder / f"{NAME}.prism"))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The real server as a process of its own."""

    def __init__(self, path: Path, host: str = "127.0.0.1", port: int | None = None) -> None:
        self.path = path
        self.host = host
        self.port = port or free_port()
        self.log = path.parent / f"server-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False
        )

    def start(self, patience: float = 120.0) -> Server:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BOOT, str(self.path), self.host, str(self.port)],
                stderr=log,
                stdout=log,
            )
        until = time.monotonic() + patience
        while True:
            try:
                if self.http.get("/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the server did not start: {self.said()}")

    def said(self) -> str:
        """All that it wrote to its log."""
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """Whatever state it is in."""
        self.http.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def post(self, route: str, body: Any = None, **more: Any) -> Any:
        """POST to the collection; the answer's JSON."""
        answer = self.http.post(f"/v1/{NAME}/{route}", json=body or {}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, route: str, **query: Any) -> Any:
        """GET from the collection; the answer's JSON."""
        answer = self.http.get(f"/v1/{NAME}/{route}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def serving(fitted: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers over copies of the fitted collection, and ends them."""
    made: list[Server] = []

    def make(path: Path | None = None, **more: Any) -> Server:
        server = Server(path or copy_of(fitted, tmp_path), **more)
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()
