"""Telling: events, items, users, and the link from a session to a user."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from pydantic_core import to_json

from prismrec.collection import Collection
from prismrec.core import BadInput, Event, Outcome
from prismrec.serving.answers import EventsOut
from prismrec.serving.requests import (
    EventIn,
    EventsIn,
    IdInPath,
    ItemsIn,
    LinkIn,
    UsersIn,
)
from prismrec.serving.strict import JSON, Shop, guarded

__all__ = ["router"]

router = guarded("tell", "write")


@router.post("/events", response_model=EventsOut)
async def events(batch: EventsIn, shop: Shop, request: Request) -> Response:
    """Record what people did. The answer comes when the events are on disk; each row says whether
    it was accepted, a duplicate of an `event_id` seen before, or rejected and why."""
    state = request.app.state
    _bounded(len(batch.events), state.settings.max_batch, "events")
    outcomes = await state.writers.run(_record, shop, batch.events)
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    for status, count in counts.items():
        state.metrics.events.labels(shop.name, status).inc(count)
    rows = [
        {"status": o.status, "event_id": o.event_id, "seq": o.seq, "reason": o.reason}
        for o in outcomes
    ]
    return Response(to_json({**counts, "rows": rows}), media_type=JSON)


def _record(shop: Collection, rows: list[Any]) -> list[Outcome]:
    """The outcomes of `rows`, in order: those that are no event are rejected by themselves."""
    outcomes: list[Outcome | None] = [None] * len(rows)
    good: list[tuple[int, Event]] = []
    for place, row in enumerate(rows):
        try:
            good.append((place, EventIn.model_validate(row).event_of()))
        except ValidationError as error:
            outcomes[place] = Outcome("rejected", _id_of(row), reason=_reason(error))
    if good:
        stored = shop.observe([event for _, event in good])
        for (place, _), outcome in zip(good, stored, strict=True):
            outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _id_of(row: Any) -> str:
    given = row.get("event_id", "") if isinstance(row, dict) else ""
    return given[:64] if isinstance(given, str) else ""


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "the row"
    return f"{where}: {first['msg']}"


@router.post("/items")
async def items(batch: ItemsIn, shop: Shop, request: Request) -> dict[str, int]:
    """Add or replace items: durable, and found by the next search or recommendation."""
    state = request.app.state
    _bounded(len(batch.items), state.settings.max_batch, "items")
    await state.writers.run(shop.upsert, [row.item() for row in batch.items])
    return {"upserted": len(batch.items)}


@router.delete("/items/{item_id:path}")
async def remove_item(item_id: IdInPath, shop: Shop, request: Request) -> dict[str, int]:
    """Take an item out of the catalogue; it never comes out again."""
    shop.item(item_id)
    return {"removed": await request.app.state.writers.run(shop.remove, [item_id])}


@router.post("/users")
async def users(batch: UsersIn, shop: Shop, request: Request) -> dict[str, int]:
    """Add or replace users' profiles."""
    _bounded(len(batch.users), request.app.state.settings.max_batch, "users")
    rows = [row.user() for row in batch.users]
    await request.app.state.writers.run(lambda: shop.upsert(users=rows))
    return {"upserted": len(rows)}


@router.post("/sessions/link")
async def link(named: LinkIn, shop: Shop, request: Request) -> dict[str, str]:
    """Somebody signed in: what the anonymous session did belongs to the user from now on."""
    await request.app.state.writers.run(shop.link, named.session_id, named.user_id)
    return {"status": "linked"}


def _bounded(count: int, most: int, what: str) -> None:
    if count > most:
        raise BadInput(
            f"{count} {what} in one request; at most {most}.", hint="Send several requests."
        )
