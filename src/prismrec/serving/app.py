"""The service: one app over any number of collections.

POST /v1/{collection}/recommend | search | similar | explain | events | items | users
GET  /v1/{collection}/releases, ...      beside them /healthz /readyz /metrics /docs and, at /,
the console.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from prismrec import __version__
from prismrec.collection import Collection
from prismrec.config import ServingSettings
from prismrec.core import NotFound
from prismrec.serving import ask, look, manage, problems, tell
from prismrec.serving.auth import KeyRing, RateLimit
from prismrec.serving.metrics import Metrics
from prismrec.serving.pool import Pool

__all__ = ["create_app"]

CONSOLE = Path(__file__).parent / "console"
WRITERS = 32
"""Threads that wait for the disk; they hold no core, and a group commit serves them together."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: https:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}
DOCS_POLICY = (
    "default-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https:"
)


def create_app(
    collections: Sequence[Collection],
    settings: ServingSettings | None = None,
    *,
    trusting: bool = False,
) -> FastAPI:
    """An ASGI app that serves `collections`, which stay the caller's to close.

    `trusting` asks nobody for a key: for callers inside this process, which own the files.
    """
    settings = settings or ServingSettings()
    served = {collection.name: collection for collection in collections}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.pool.close()
        app.state.writers.close()

    app = FastAPI(
        title="PrismRec",
        version=__version__,
        summary="Search and recommendation on language models.",
        lifespan=lifespan,
        responses={422: {"model": problems.Problem}},
    )
    app.state.settings = settings
    app.state.collections = served
    app.state.collection = lambda name: find(served, name)
    app.state.key_ring = KeyRing(trusting=trusting)
    app.state.pool = Pool(settings.threads, settings.queue)
    app.state.writers = Pool(WRITERS, settings.queue, "writer")
    app.state.rate_limit = RateLimit(settings.rate)
    app.state.metrics = Metrics()
    problems.install(app)
    _middleware(app, settings)
    for room in (ask, tell, look, manage):
        app.include_router(room.router, prefix="/v1/{collection}")
    _health(app, served)
    app.mount("/", StaticFiles(directory=CONSOLE, html=True), name="console")
    return app


def find(served: dict[str, Collection], name: str) -> Collection:
    """The collection called `name`, or `NotFound`."""
    if name not in served:
        raise NotFound(
            f"There is no collection '{name}'.", hint=f"Served here: {', '.join(served)}."
        )
    return served[name]


def _middleware(app: FastAPI, settings: ServingSettings) -> None:
    @app.middleware("http")
    async def watch(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        start = time.perf_counter()
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > settings.max_body_mib * 2**20:
            return problems.problem(
                413,
                "Too large",
                f"The body is larger than {settings.max_body_mib:g} MiB.",
                hint="Send smaller batches.",
                instance=request.url.path,
            )
        response = await answer(request)
        docs = request.url.path in ("/docs", "/redoc")
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        if docs:
            response.headers["Content-Security-Policy"] = DOCS_POLICY
        _count(app, request, response, time.perf_counter() - start)
        return response

    if settings.allowed_hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Authorization", "Content-Type"],
        )


def _count(app: FastAPI, request: Request, response: Response, seconds: float) -> None:
    """One request into the metrics, by route and never by raw path (which people can make up)."""
    route = getattr(request.scope.get("route"), "path", "other")
    name = request.path_params.get("collection", "")
    name = name if name in app.state.collections else ""
    app.state.metrics.requests.labels(name, route, str(response.status_code)).inc()
    app.state.metrics.seconds.labels(name, route).observe(seconds)


def _health(app: FastAPI, served: dict[str, Collection]) -> None:
    @app.get("/healthz", tags=["health"])
    async def alive() -> dict[str, str]:
        """The process is up."""
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", tags=["health"])
    async def ready() -> dict[str, object]:
        """Every collection has a release and its indexes: requests will be answered."""
        return {
            "status": "ok",
            "collections": {
                name: {"release": c.snapshot.release, "items": len(c.snapshot.catalogue)}
                for name, c in served.items()
            },
        }

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus metrics."""
        state = app.state
        state.metrics.pending.set(state.pool.pending + state.writers.pending)
        for name, collection in served.items():
            state.metrics.release.labels(name).set(collection.snapshot.release)
            state.metrics.items.labels(name).set(len(collection.snapshot.catalogue))
            state.metrics.dropped.labels(name).set(collection.store.exposures.dropped)
        return PlainTextResponse(state.metrics.text(), media_type="text/plain; version=0.0.4")
