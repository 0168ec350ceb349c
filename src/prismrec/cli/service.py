"""How commands reach a collection: in this process, or through the server that owns it.

Both ways speak the HTTP API, so that a command prints the same whether the collection is being
served or lies idle on disk.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from prismrec.core import BadInput, Busy, Conflict, Locked, NotFound, PrismError

__all__ = ["Service", "reached"]

KINDS: dict[int, type[PrismError]] = {404: NotFound, 409: Conflict, 422: BadInput, 503: Busy}
SECONDS = 120.0
Answer = TypeVar("Answer")


class Service:
    """The HTTP API of one collection."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client = client
        self._name = name

    def post(self, route: str, body: dict[str, Any] | None = None) -> Any:
        """POST to `/v1/{collection}/{route}`; the answer's JSON, or the problem as an error."""
        return self._call("POST", route, json=body or {})

    def get(self, route: str, **query: Any) -> Any:
        """GET `/v1/{collection}/{route}`."""
        return self._call("GET", route, params=query)

    def delete(self, route: str) -> Any:
        """DELETE `/v1/{collection}/{route}`."""
        return self._call("DELETE", route)

    def _call(self, method: str, route: str, **more: Any) -> Any:
        response = _run(
            self._client.request(method, f"/v1/{self._name}/{route}", timeout=SECONDS, **more)
        )
        if response.is_success:
            return response.json()
        problem = response.json()
        kind = KINDS.get(response.status_code, PrismError)
        raise kind(problem["detail"], hint=problem.get("hint", ""))


RUNNER = asyncio.Runner()
_THREAD = ThreadPoolExecutor(1, "service")
"""Where the runner lives: the caller's thread may have a loop of its own, as in a notebook."""


def _run(request: Coroutine[Any, Any, Answer]) -> Answer:
    return _THREAD.submit(RUNNER.run, request).result()


@contextmanager
def reached(path: Path) -> Iterator[Service]:
    """The collection at `path`: opened here, or asked of the server that has it open.

    A server that wants a key gets the one in the environment variable PRISMREC_API_KEY.
    """
    from prismrec.collection import Collection

    name = path.name.removesuffix(".prism")
    try:
        collection = Collection.open(path)
    except Locked as locked:
        if not locked.url:
            raise
        headers = {"X-API-Key": os.environ.get("PRISMREC_API_KEY", "")}
        client = httpx.AsyncClient(base_url=locked.url, headers=headers)
        yield Service(client, name)
        _run(client.aclose())
        return
    from prismrec.serving.app import create_app

    with collection:
        app = create_app([collection], trusting=True)
        transport = httpx.ASGITransport(app)
        yield Service(httpx.AsyncClient(transport=transport, base_url="http://local"), name)
        app.state.pool.close()
        app.state.writers.close()
        app.state.talk.pool.close()
