"""Looking: items, users with their histories, releases, and how the service is doing."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Query, Request

from prismrec.collection import Collection
from prismrec.core import PrismError
from prismrec.serving.answers import HistoryOut, ItemOut, PersonOut, ReleaseOut
from prismrec.serving.requests import IdInPath, NameInQuery
from prismrec.serving.stats import Stats
from prismrec.serving.strict import Shop, guarded

__all__ = ["router"]

router = guarded("look", "read")
Limit = Annotated[int, Query(ge=1, le=500)]

SUMMARY = (
    "users",
    "items",
    "events",
    "event_types",
    "repeats",
    "has_clock",
    "encoder",
    "validation",
    "gate",
    "fit_seconds",
    "seed",
)
"""What of a release's report the list of releases shows."""


@router.get("/items/{item_id:path}")
async def item(item_id: IdInPath, shop: Shop) -> ItemOut:
    """An item as the catalogue holds it."""
    found = shop.item(item_id)
    return ItemOut(
        item_id=found.item_id,
        title=found.title,
        description=found.description,
        brand=found.brand,
        categories=list(found.categories),
        attributes=dict(found.attributes),
        price=found.price,
        available=found.available,
        created_at=found.created_at,
        texts=dict(found.texts),
        extracted=dict(found.extracted),
    )


@router.get("/users")
async def users(
    shop: Shop, request: Request, like: NameInQuery = "", limit: Limit = 20
) -> list[PersonOut]:
    """Users whose id starts with `like`, the most recently active first."""
    people = await request.app.state.pool.run(shop.store.people.find, like, limit)
    return [PersonOut(user_id=user_id, last_at=last_at) for user_id, last_at in people]


@router.get("/users/{user_id:path}/history")
async def history(
    user_id: IdInPath, shop: Shop, request: Request, limit: Limit = 50
) -> list[HistoryOut]:
    """What the user did last, newest first."""
    past = await request.app.state.pool.run(shop.history, user_id, limit)
    return [
        HistoryOut(
            item_id=event.item_id,
            title=shop.snapshot.title_of(event.item_id),
            event=event.event,
            timestamp=event.timestamp,
            value=event.value,
            query=event.query,
        )
        for event in reversed(past)
    ]


@router.get("/releases")
async def releases(shop: Shop, request: Request) -> list[ReleaseOut]:
    """Every release on disk, newest first, with what was measured when it was made."""
    return await request.app.state.pool.run(_releases, shop)


@router.get("/stats")
async def stats(shop: Shop, request: Request) -> dict[str, Any]:
    """Traffic and quality: events by type and by day, click and conversion rates, how much was
    explored, and the serving release's own report."""
    kept: Stats = request.app.state.stats
    return await request.app.state.pool.run(kept.of, shop)


def _releases(shop: Collection) -> list[ReleaseOut]:
    serving = shop.snapshot.release
    return [_release(shop, number, number == serving) for number in reversed(shop.releases.list())]


def _release(shop: Collection, number: int, serving: bool) -> ReleaseOut:
    try:
        facts = shop.releases.manifest(number).facts
        written = (shop.path / "releases" / str(number) / "release.json").read_text("utf-8")
        report = json.loads(written).get("report", {})
    except (PrismError, OSError, ValueError) as error:
        return ReleaseOut(number=number, serving=serving, problem=_named(error))
    return ReleaseOut(
        number=number,
        serving=serving,
        created_at=facts.get("created_at"),
        content_hash=facts.get("content_hash", ""),
        parent=facts.get("parent"),
        n_items=facts.get("n_items"),
        last_seq=facts.get("last_seq"),
        report={name: report[name] for name in SUMMARY if name in report},
        verdict=shop.releases.verdict(number),
    )


def _named(error: Exception) -> str:
    return str(error) if isinstance(error, PrismError) else "Its files cannot be read."
