"""Screening: what waits for a person's decision, and deciding. Every decision leaves a line in the
audit trail and can be taken back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel, Field

from prismrec.collection import Collection
from prismrec.core import BadInput, Ruling
from prismrec.screening import lessons
from prismrec.serving.requests import Id, IdInPath, Name, Strict
from prismrec.serving.strict import Shop, Who, guarded

__all__ = ["router"]

router = guarded("screen", "admin")
Limit = Annotated[int, Query(ge=1, le=200)]


class RulingIn(Strict):
    """What a person decides about showing an item."""

    item_id: Id
    label: Literal["allowed", "adult", "blocked"] = Field(
        description="Shown to everyone, to adults, or to nobody."
    )
    note: Name = ""


class ScreenedOut(BaseModel):
    """Why an item is not simply shown."""

    state: str = Field(description="`review`, `adult` or `blocked`.")
    term: str = Field(description="The term of a list; empty where the classifier found it.")
    p: float = Field(description="The classifier's probability.")


class DoubtOut(BaseModel):
    """An item that waits for a person's decision."""

    item_id: str
    title: str
    description: str
    findings: list[ScreenedOut]


class RulingOut(BaseModel):
    """What a person decided about showing an item."""

    item_id: str
    label: str
    note: str
    at: int
    by: str
    title: str


class LessonOut(BaseModel):
    """A text and what a person decided about it."""

    text: str
    label: str


@router.get("/content/queue")
async def queue(shop: Shop, request: Request, limit: Limit = 50) -> list[DoubtOut]:
    """The items that wait for a person, the most doubtful first, and what was found in them."""
    return await request.app.state.pool.run(_queue, shop, limit)


@router.get("/content/rulings")
async def rulings(shop: Shop, request: Request) -> list[RulingOut]:
    """What was decided so far, the newest first."""
    found = await request.app.state.pool.run(shop.store.rulings.list)
    newest = sorted(found, key=lambda one: -one.at)
    return [RulingOut(**asdict(one), title=shop.snapshot.title_of(one.item_id)) for one in newest]


@router.post("/content/rulings")
async def decide(asked: RulingIn, shop: Shop, request: Request, who: Who) -> RulingOut:
    """Decide about an item, or anew; the next answer follows it."""
    if shop.snapshot.catalogue.position(asked.item_id) < 0:
        raise BadInput(f"There is no item {asked.item_id!r}.", hint="Check its id.")
    ruling = Ruling(asked.item_id, asked.label, asked.note)
    made = await request.app.state.writers.run(lambda: shop.screening.decide(ruling, by=who))
    return RulingOut(**asdict(made), title=shop.snapshot.title_of(made.item_id))


@router.get("/content/lessons")
async def taught(shop: Shop, request: Request) -> list[LessonOut]:
    """What was decided as texts with labels, to train the next classifier by."""
    found = await request.app.state.pool.run(shop.store.rulings.list)
    return [LessonOut(**row) for row in lessons(shop.snapshot.catalogue, found)]


@router.delete("/content/rulings/{item_id:path}")
async def undecide(item_id: IdInPath, shop: Shop, request: Request, who: Who) -> dict[str, str]:
    """Take a decision back: lists and classifier decide again."""
    await request.app.state.writers.run(lambda: shop.screening.undecide(item_id, by=who))
    return {"removed": item_id}


def _queue(shop: Collection, limit: int) -> list[DoubtOut]:
    seen = shop.snapshot
    if seen.content is None:
        return []
    found = seen.content.queue(seen.alive)[:limit]
    return [DoubtOut(**_told(seen.catalogue.item(d.position), d.findings)) for d in found]


def _told(item: Any, findings: Any) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "description": item.description,
        "findings": [asdict(finding) for finding in findings],
    }
