"""The service: one app over any number of collections.

POST   /v1/{collection}/recommend  search  complete  similar  chat  chat/stream  answer
POST   /v1/{collection}/events  items  users  sessions/link  opinions  opinions/alerts/close
POST   /v1/{collection}/answer/feedback  answer/learn
POST   /v1/{collection}/releases/promote  releases/rollback  experiments  rules  keys
POST   /v1/{collection}/content/rulings
GET    /v1/{collection}/recommend  search  complete  explain  items/{id}  users  users/{id}/history
GET    /v1/{collection}/opinions  opinions/alerts
GET    /v1/{collection}/content/queue  content/rulings  content/lessons
GET    /v1/{collection}/releases  stats  exploration  exploration/preview  audit  rules  keys
GET    /v1/{collection}/experiments  experiments/{name}
DELETE /v1/{collection}/items/{id}  users/{id}  rules/{id}  keys/{id}  content/rulings/{id}
DELETE /v1/{collection}/experiments/{name}
GET    /v1  /healthz  /readyz  /metrics  /openapi.json  /docs, and the console at /
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware

from prismrec import __version__
from prismrec.collection import Collection
from prismrec.config import ServingSettings
from prismrec.core import BadSettings, NotFound
from prismrec.serving import (
    ask,
    curate,
    desk,
    experimenting,
    exploring,
    look,
    manage,
    problems,
    screen,
    talk,
    tell,
    watch,
)
from prismrec.serving.answers import CollectionsOut
from prismrec.serving.auth import KeyRing, RateLimit
from prismrec.serving.description import described
from prismrec.serving.guard import Guard
from prismrec.serving.metrics import Metrics
from prismrec.serving.pool import Pool
from prismrec.serving.stats import Stats

__all__ = ["create_app"]

CONSOLE = Path(__file__).parent / "console"
DOCS = Path(__file__).parent / "docs"
ROOMS = (ask, talk, desk, tell, look, exploring, watch, curate, screen, experimenting, manage)
"""Whose `router` answers below `/v1/{collection}`."""
WRITERS = 32
"""Threads that wait for the disk; they hold no core, and a group commit serves them together."""


def create_app(
    collections: Sequence[Collection],
    settings: ServingSettings | None = None,
    *,
    trusting: bool = False,
) -> FastAPI:
    """An ASGI app that serves `collections`, which stay the caller's to close.

    `trusting` asks nobody for a key: for callers inside this process, which own the files.
    Raises `BadSettings` where two collections have one name.
    """
    settings = settings or ServingSettings()
    served = {collection.name: collection for collection in collections}
    if len(served) < len(collections):
        raise BadSettings("Two collections have the same name.", hint="Rename one of the folders.")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        for pool in (app.state.pool, app.state.writers, app.state.talk.pool):
            pool.close()

    app = FastAPI(
        title="PrismRec",
        version=__version__,
        summary="Search and recommendation on language models.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    _share(app, served, settings, KeyRing(trusting=trusting))
    problems.install(app)
    app.add_middleware(Guard, settings=settings, metrics=app.state.metrics, collections=served)
    _cors(app, settings)
    for room in ROOMS:
        app.include_router(room.router, prefix="/v1/{collection}")
    _health(app, served)
    _pages(app)
    described(app)
    return app


def _share(
    app: FastAPI, served: dict[str, Collection], settings: ServingSettings, keys: KeyRing
) -> None:
    """What every request finds in `app.state`."""
    state = app.state
    state.settings = settings
    state.collections = served
    state.collection = lambda name: find(served, name)
    state.key_ring = keys
    state.pool = Pool(settings.threads, settings.queue, seconds=settings.timeout_s)
    state.writers = Pool(WRITERS, settings.queue, "writer", seconds=settings.timeout_s)
    state.desks = desk.Desks()
    state.talk = talk.Talk(served, settings.queue, settings.timeout_s)
    state.rate_limit = RateLimit(settings.rate)
    state.metrics = Metrics()
    state.stats = Stats()


def find(served: dict[str, Collection], name: str) -> Collection:
    """The collection called `name`, or `NotFound`."""
    if name not in served:
        raise NotFound("There is no such collection.", hint=f"Served here: {', '.join(served)}.")
    return served[name]


def _cors(app: FastAPI, settings: ServingSettings) -> None:
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Authorization", "Content-Type"],
        )


def _health(app: FastAPI, served: dict[str, Collection]) -> None:
    @app.get("/v1", tags=["look"])
    async def collections() -> CollectionsOut:
        """The collections served here, by name."""
        return CollectionsOut(version=__version__, collections=list(served))

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
                name: {"release": c.snapshot.release, "items": int(c.snapshot.alive.sum())}
                for name, c in served.items()
            },
        }

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus metrics."""
        state = app.state
        state.metrics.pending.set(state.pool.pending + state.writers.pending)
        for name, collection in served.items():
            state.metrics.look_at(name, collection)
        return PlainTextResponse(state.metrics.text(), media_type="text/plain; version=0.0.4")


def _pages(app: FastAPI) -> None:
    """The description of the API and the console: static pages that load nothing from elsewhere."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(DOCS / "index.html")

    app.mount("/docs", StaticFiles(directory=DOCS), name="docs")
    app.mount("/", StaticFiles(directory=CONSOLE, html=True, check_dir=False), name="console")
