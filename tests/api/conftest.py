"""Clients of apps in this process over copies of a small fitted collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.shops import NAME, copy_of, fitted
from prismrec.collection import Collection
from prismrec.config import ServingSettings
from prismrec.serving.app import create_app

__all__ = ["fitted"]

Opening = Callable[..., "Shop"]


class Shop:
    """A client of one collection: routes are relative to it."""

    def __init__(self, client: TestClient, collection: Collection) -> None:
        self.client = client
        self.collection = collection

    def request(self, method: str, route: str, **more: Any) -> Any:
        """Any request; a route that begins with a slash is taken as it is."""
        path = route if route.startswith("/") else f"/v1/{NAME}/{route}"
        if method == "POST" and not more.keys() & {"json", "content"}:
            more["json"] = {}
        return self.client.request(method, path, **more)

    def post(self, route: str, body: Any = None, **more: Any) -> Any:
        """A POST that must succeed; its JSON."""
        answer = self.request("POST", route, json=body or {}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, route: str, **query: Any) -> Any:
        """A GET that must succeed; its JSON."""
        answer = self.request("GET", route, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def opening(fitted: Path, tmp_path: Path) -> Iterator[Opening]:
    """Opens a fresh copy with these settings of the server (and of the collection)."""
    with ExitStack() as stack:

        def open_one(collection_settings: Any = None, **serving: Any) -> Shop:
            path = copy_of(fitted, tmp_path)
            collection = stack.enter_context(Collection.open(path, settings=collection_settings))
            app = create_app([collection], ServingSettings(**serving))
            client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
            return Shop(stack.enter_context(client), collection)

        yield open_one


@pytest.fixture
def shop(opening: Opening) -> Shop:
    """A fresh copy with the defaults."""
    return opening()


@pytest.fixture(scope="module")
def shared(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One copy for tests that change nothing that another looks at."""
    path = copy_of(fitted, tmp_path_factory.mktemp("shared"))
    with Collection.open(path) as collection:
        app = create_app([collection])
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
            yield Shop(client, collection)
