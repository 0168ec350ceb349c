"""Experiments over the real server: a kill loses none, and no two processes start one each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from api.shops import NAME, Server, fitted, serving
from prismrec.cli.main import app
from prismrec.core import Conflict, PrismError

__all__ = ["fitted", "serving"]


def released(server: Server) -> list[int]:
    return [server.post("recommend", {"user_id": f"person-{n}"})["release"] for n in range(30)]


def test_it_survives_a_kill_and_there_is_only_one(serving: Callable[..., Server]) -> None:
    server = serving().start()

    def start(name: str) -> int:
        asked = {"release": 2, "share": 0.5, "name": name}
        return server.http.post(f"/v1/{NAME}/experiments", json=asked).status_code

    with ThreadPoolExecutor(4) as clients:
        statuses = list(clients.map(start, "abcd"))
    assert sorted(statuses) == [200, 409, 409, 409]
    arms = released(server)
    assert set(arms) == {1, 2}
    server.kill()
    server.start()
    assert released(server) == arms
    with pytest.raises(Conflict):  # another process: it asks the server
        _cli("--start", "2", path=server.path)
    assert "Stopped" in _cli("--stop", path=server.path)
    assert set(released(server)) == {1}
    server.kill()
    assert set(released(server.start())) == {1}


def test_without_a_server_it_begins_with_the_next_start(serving: Callable[..., Server]) -> None:
    server = serving()
    assert "release-2" in _cli("--start", "2", "--share", "0.5", path=server.path)
    assert set(released(server.start())) == {1, 2}
    server.post("events", {"events": [{"user_id": "u", "item_id": "item-1", "event": "view"}]})
    assert "Finding: open" in _cli(path=server.path)


def _cli(*more: str, path: object) -> str:
    done = CliRunner().invoke(app, ["experiment", str(path), *more])
    if isinstance(done.exception, PrismError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output
