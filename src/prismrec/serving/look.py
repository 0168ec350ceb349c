"""Looking: items, users with their histories, releases, and how the service is doing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from prismrec.collection import Collection
from prismrec.serving.auth import needs
from prismrec.serving.schemas import ItemOut

__all__ = ["router"]

router = APIRouter(tags=["look"], dependencies=[Depends(needs("read"))])
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/items/{item_id}")
async def item(collection: str, item_id: str, request: Request) -> ItemOut:
    """An item as the catalogue holds it."""
    shop: Collection = request.app.state.collection(collection)
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
    )


@router.get("/users")
async def users(
    collection: str, request: Request, like: str = "", limit: Limit = 20
) -> list[dict[str, Any]]:
    """Users whose id starts with `like`, the most recently active first."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.pool.run(shop.store.events.people, like, limit)


@router.get("/users/{user_id}/history")
async def history(
    collection: str, user_id: str, request: Request, limit: Limit = 50
) -> list[dict[str, Any]]:
    """What the user did last, newest first."""
    shop: Collection = request.app.state.collection(collection)
    past = await request.app.state.pool.run(shop.history, user_id, limit)
    return [
        {
            "item_id": event.item_id,
            "title": shop.snapshot.title_of(event.item_id),
            "event": event.event,
            "timestamp": event.timestamp,
            "value": event.value,
            "query": event.query,
        }
        for event in reversed(past)
    ]


@router.get("/releases")
async def releases(collection: str, request: Request) -> dict[str, Any]:
    """Every release on disk with its report, and which one is served."""
    shop: Collection = request.app.state.collection(collection)
    rows = await request.app.state.pool.run(shop.releases.list)
    return {"serving": shop.snapshot.release, "releases": rows}


@router.get("/stats")
async def stats(collection: str, request: Request) -> dict[str, Any]:
    """Traffic and quality: events by type and by day, click and conversion rates, the release's
    own report."""
    shop: Collection = request.app.state.collection(collection)
    return await request.app.state.pool.run(shop.stats)
