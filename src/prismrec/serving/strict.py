"""JSON read strictly, and routes that ask who is there before they read anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException

from prismrec.collection import Collection
from prismrec.serving.auth import admitted
from prismrec.serving.problems import Problem

__all__ = ["JSON", "Shop", "Who", "guarded", "strict_json"]

JSON = "application/json"


def guarded(tag: str, role: str) -> APIRouter:
    """A router whose routes need a key with at least `role`, checked before the body is read."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def ask_first(request: Request) -> Response:
                request.state.who = await admitted(request, role)
                return await answer(StrictRequest(request.scope, request.receive))

            return ask_first

    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": what}
        for status, what in (
            (400, "The body is not JSON."),
            (401, "A key is needed."),
            (403, "The key's role does not reach this far."),
            (404, "No such collection, or what was asked for is not there."),
            (409, "It does not go with what is under way."),
            (413, "The body is too large."),
            (415, "The body does not say that it is JSON."),
            (422, "Something in the request cannot be used."),
            (429, "Too many requests."),
            (503, "The server is busy; try again."),
        )
    }
    header = APIKeyHeader(name="X-API-Key", auto_error=False, description="Where keys exist.")
    return APIRouter(
        tags=[tag], route_class=Route, responses=problems, dependencies=[Security(header)]
    )


async def _shop(collection: str, request: Request) -> Collection:
    found: Collection = request.app.state.collection(collection)
    return found


async def _who(request: Request) -> str:
    return str(request.state.who)


Shop = Annotated[Collection, Depends(_shop)]
"""The collection that the path names."""
Who = Annotated[str, Depends(_who)]
"""Who asks, for the audit trail."""


class StrictRequest(Request):
    """A request whose JSON is read by the letter."""

    async def json(self) -> Any:
        """The body; an `HTTPException` of 400 where it is not JSON."""
        if not hasattr(self, "_json"):
            try:
                self._json = strict_json(await self.body())
            except (ValueError, RecursionError) as error:
                what = "it is nested too deeply" if isinstance(error, RecursionError) else error
                raise HTTPException(400, f"The body is not JSON: {what}.") from None
        return self._json


def strict_json(body: bytes) -> Any:
    """The JSON document in `body`, UTF-8.

    Raises `ValueError` or `RecursionError` for what JSON (RFC 8259) does not know or leaves open:
    NaN and infinities, a name twice in one object, half of a surrogate pair, numbers of thousands
    of digits, nesting without end.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    if "\\u" in text:
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("a \\u escape is half of a surrogate pair") from None
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")
