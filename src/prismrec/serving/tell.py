"""Telling: events, items, users, and the link from a session to a user."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError

from prismrec.collection import Collection
from prismrec.core import BadInput, Event, Outcome
from prismrec.serving.auth import needs
from prismrec.serving.schemas import (
    EventIn,
    EventsIn,
    EventsOut,
    ItemsIn,
    LinkIn,
    OutcomeOut,
    UsersIn,
)

__all__ = ["router"]

router = APIRouter(tags=["tell"], dependencies=[Depends(needs("write"))])


@router.post("/events")
async def events(collection: str, batch: EventsIn, request: Request) -> EventsOut:
    """Record what people did. The answer comes when the events are on disk; each row says whether
    it was accepted, a duplicate of an `event_id` seen before, or rejected and why."""
    state = request.app.state
    shop: Collection = state.collection(collection)
    if len(batch.events) > state.settings.max_batch:
        raise BadInput(
            f"{len(batch.events)} events in one request; at most {state.settings.max_batch}.",
            hint="Send several requests.",
        )
    outcomes = await state.writers.run(_record, shop, batch.events)
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
        state.metrics.events.labels(shop.name, outcome.status).inc()
    return EventsOut(
        **counts,
        rows=[
            OutcomeOut(status=o.status, event_id=o.event_id, seq=o.seq, reason=o.reason)
            for o in outcomes
        ],
    )


def _record(shop: Collection, rows: list[dict[str, Any]]) -> list[Outcome]:
    """The outcomes of `rows`, in order: those that are no event are rejected by themselves."""
    outcomes: list[Outcome | None] = [None] * len(rows)
    good: list[tuple[int, Event]] = []
    for place, row in enumerate(rows):
        try:
            good.append((place, EventIn.model_validate(row).event_of()))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            outcomes[place] = Outcome("rejected", reason=f"{where}: {first['msg']}")
    if good:
        stored = shop.observe([event for _, event in good])
        for (place, _), outcome in zip(good, stored, strict=True):
            outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


@router.post("/items")
async def items(collection: str, batch: ItemsIn, request: Request) -> dict[str, int]:
    """Add or replace items: durable, and found by the next search or recommendation."""
    state = request.app.state
    if len(batch.items) > state.settings.max_batch:
        raise BadInput(
            f"{len(batch.items)} items in one request; at most {state.settings.max_batch}.",
            hint="Send several requests.",
        )
    shop: Collection = state.collection(collection)
    await state.writers.run(shop.upsert, [row.item() for row in batch.items])
    return {"upserted": len(batch.items)}


@router.delete("/items/{item_id}")
async def remove_item(collection: str, item_id: str, request: Request) -> dict[str, int]:
    """Take an item out of the catalogue; it never comes out again."""
    shop: Collection = request.app.state.collection(collection)
    shop.item(item_id)
    return {"removed": await request.app.state.writers.run(shop.remove, [item_id])}


@router.post("/users")
async def users(collection: str, batch: UsersIn, request: Request) -> dict[str, int]:
    """Add or replace users' profiles."""
    shop: Collection = request.app.state.collection(collection)
    rows = [row.user() for row in batch.users]
    await request.app.state.writers.run(lambda: shop.upsert(users=rows))
    return {"upserted": len(rows)}


@router.post("/sessions/link")
async def link(collection: str, named: LinkIn, request: Request) -> dict[str, str]:
    """Somebody signed in: what the anonymous session did belongs to the user from now on."""
    shop: Collection = request.app.state.collection(collection)
    await request.app.state.writers.run(shop.link, named.session_id, named.user_id)
    return {"status": "linked"}
