"""What every request passes first: size, time, content type, host; and what every answer carries.

A plain ASGI middleware, so that it costs microseconds and sees even the errors of the app itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from fnmatch import fnmatch

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prismrec.config import ServingSettings
from prismrec.serving.metrics import Metrics
from prismrec.serving.problems import problem

__all__ = ["Guard"]

log = logging.getLogger("prismrec.serving")

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: https:; "
    "object-src 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'",
}


class Guard:
    """Refuses what the app should not see, counts what it answers, and hides its accidents.

    A POST must say that its body is JSON, also where it has none: a form on a foreign page cannot
    say so, which keeps foreign pages from posting in a visitor's name.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: ServingSettings,
        metrics: Metrics,
        collections: Mapping[str, object],
    ) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics
        self.collections = collections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, head=scope["method"] == "HEAD")
        if answer.head:
            scope = {**scope, "method": "GET"}
        start = time.perf_counter()
        refused = self._refused(scope)
        try:
            if refused is not None:
                await refused(scope, receive, answer)
            else:
                await self.app(scope, _Body(receive, self.settings), answer)
        except Exception:
            log.exception("unexpected error in %s %s", scope["method"], self._route(scope))
            if not answer.status:
                await _unexpected(scope["path"])(scope, receive, answer)
        finally:
            self._count(scope, answer.status, time.perf_counter() - start)

    def _refused(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = host_name(headers.get("host", ""))
        allowed = self.settings.allowed_hosts
        if allowed and not any(fnmatch(host, pattern.lower()) for pattern in allowed):
            return problem(
                421,
                "Unknown host",
                "This server does not answer to that host name.",
                hint="Add it to serving.allowed_hosts.",
                instance=scope["path"],
            )
        most = self.settings.max_body_mib * 2**20
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > most):
            return problem(413, "Too large", too_large(self.settings), hint="Send smaller batches.")
        if scope["method"] == "POST" and not _is_json(headers.get("content-type", "")):
            return problem(
                415,
                "Unsupported media type",
                "A POST must be JSON.",
                hint="Send the header Content-Type: application/json.",
                headers={"Accept": "application/json"},
                instance=scope["path"],
            )
        return None

    def _route(self, scope: Scope) -> str:
        """The route's template, never the raw path: people can make those up, and name others."""
        context = scope.get("fastapi", {}).get("effective_route_context")
        route = context or scope.get("route")
        return getattr(route, "path", None) or "other"

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        name = scope.get("path_params", {}).get("collection", "")
        name = name if name in self.collections else ""
        route = self._route(scope)
        self.metrics.requests.labels(name, route, str(status or 499)).inc()
        self.metrics.seconds.labels(name, route).observe(seconds)


class _Answer:
    """Passes the answer on with the safe headers, and remembers its status."""

    def __init__(self, send: Send, *, head: bool) -> None:
        self._send = send
        self.head = head
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        elif self.head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


class _Body:
    """The body as it arrives: at most so much of it, within so many seconds."""

    def __init__(self, receive: Receive, settings: ServingSettings) -> None:
        self._receive = receive
        self._settings = settings
        self._left = settings.max_body_mib * 2**20
        self._until = time.monotonic() + settings.timeout_s
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(self._until - time.monotonic(), 0.001)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time") from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(413, too_large(self._settings))
        return message


def too_large(settings: ServingSettings) -> str:
    """What to say of a body that is too large."""
    return f"The body is larger than {settings.max_body_mib:g} MiB."


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; IPv6 without brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _unexpected(path: str) -> ASGIApp:
    return problem(
        500,
        "Unexpected error",
        "Something went wrong inside PrismRec.",
        hint="The server's log says where.",
        instance=path,
    )
