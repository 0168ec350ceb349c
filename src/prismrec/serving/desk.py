"""Answering: a question to a collection whose items are answers."""

from __future__ import annotations

import threading
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, Field

from prismrec.collection import Collection
from prismrec.data.catalogue import Catalogue
from prismrec.learning.answers import Desk, Reply
from prismrec.serving.requests import Strict, Text
from prismrec.serving.strict import Shop, guarded

__all__ = ["Desks", "router"]

router = guarded("answer", "read")


class QuestionIn(Strict):
    """What somebody asks."""

    question: Annotated[Text, Field(min_length=1)]
    least: float = Field(
        0.5, ge=0, le=1, description="Below this confidence no stored answer goes out."
    )


class SentenceOut(BaseModel):
    """A sentence as it stands in its source, an item of the collection."""

    text: str
    source: str


class ReplyOut(BaseModel):
    """What goes out; where `sentences` is empty, a person should answer."""

    kind: Literal["stored", "composed", "unsure", "out_of_scope"]
    handed_over: bool
    confidence: float = Field(description="How likely the best stored answer, `item_id`, is right.")
    item_id: str
    sentences: list[SentenceOut]


class Desks:
    """A desk for each collection, over its catalogue as it is now."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Catalogue, Desk]] = {}
        self._turn = threading.Lock()

    def ask(self, shop: Collection, question: str, least: float) -> Reply:
        """The reply of the collection's desk. The first question after a change of the catalogue
        waits until the desk has read it, and the first of all until it has learned from it."""
        with self._turn:
            catalogue, kept = shop.snapshot.catalogue, self._kept.get(shop.name)
            if kept is None or kept[0] is not catalogue:
                desk = Desk(shop)
                desk.prepare()
                kept = self._kept[shop.name] = (catalogue, desk)
        return kept[1].ask(question, least=least)


@router.post("/answer")
async def answer(asked: QuestionIn, shop: Shop, request: Request) -> ReplyOut:
    """What answers this question: one stored answer, sentences of several with their sources, or a
    person. Nothing is logged as shown."""
    desks: Desks = request.app.state.desks
    reply = await request.app.state.pool.run(desks.ask, shop, asked.question, asked.least)
    return ReplyOut(
        kind=reply.kind,
        handed_over=reply.handed_over,
        confidence=reply.confidence,
        item_id=reply.item_id,
        sentences=[SentenceOut(text=one.text, source=one.source) for one in reply.sentences],
    )
