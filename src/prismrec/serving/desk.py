"""Answering: a question to a collection whose items are answers, and what people say of it."""

from __future__ import annotations

import threading
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from prismrec.collection import Collection
from prismrec.core import AnswerVerdict, BadInput
from prismrec.data.catalogue import Catalogue
from prismrec.learning.answers import Desk, Reply
from prismrec.serving.requests import Flag, Id, Name, Strict, Text
from prismrec.serving.strict import Shop, Who, guarded

__all__ = ["Desks", "router"]

asking, telling, teaching = (guarded("answer", role) for role in ("read", "write", "admin"))


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


class VerdictIn(Strict):
    """Whether an answer solved a question."""

    question: Annotated[Text, Field(min_length=1)]
    item_id: Id = Field(description="The answer that was given.")
    solved: Flag
    feedback_id: Name = Field("", description="Your idempotency key: a repeat changes nothing.")


class VerdictsIn(Strict):
    """Verdicts in the order in which they came."""

    feedback: list[VerdictIn]


class VerdictsOut(BaseModel):
    """How many were kept, were known before, or are about answers that are not there."""

    accepted: int
    duplicate: int
    unknown: int


class LearnedOut(BaseModel):
    """From how many verdicts, and how many examples in all, was learned."""

    verdicts: int
    examples: int


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

    def learn(self, shop: Collection) -> LearnedOut:
        """Learn anew, from every verdict so far; the next question meets what was learned."""
        catalogue, desk = shop.snapshot.catalogue, Desk(shop)
        found = desk.learn()
        with self._turn:
            self._kept[shop.name] = (catalogue, desk)
        return LearnedOut(verdicts=shop.store.verdicts.last, examples=found.examples)


@asking.post("/answer")
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


@telling.post("/answer/feedback")
async def feedback(batch: VerdictsIn, shop: Shop, request: Request, who: Who) -> VerdictsOut:
    """Whether answers solved questions: on disk before the answer comes, a line in the audit trail.
    It counts from the next `answer/learn` on. Verdicts on answers that the catalogue does not have
    are left out and counted."""
    most = request.app.state.settings.max_batch
    if len(batch.feedback) > most:
        raise BadInput(f"More than {most} rows.", hint="Send several requests.")
    position = shop.snapshot.catalogue.position
    known = [one for one in batch.feedback if position(one.item_id) >= 0]
    rows = [AnswerVerdict(**one.model_dump()) for one in known]
    added = await request.app.state.writers.run(lambda: shop.store.verdicts.add(rows, who=who))
    unknown = len(batch.feedback) - len(rows)
    return VerdictsOut(accepted=added, duplicate=len(rows) - added, unknown=unknown)


@teaching.post("/answer/learn")
async def learn(shop: Shop, request: Request, who: Who) -> LearnedOut:
    """Learn how sure to be of answers from the catalogue's own questions and every verdict so far;
    takes seconds to minutes, beside the requests. Leaves a line in the audit trail."""
    desks: Desks = request.app.state.desks
    learned = await run_in_threadpool(desks.learn, shop)
    told = learned.model_dump()
    await request.app.state.writers.run(lambda: shop.store.audit.append("answer.learn", who, told))
    return learned


router = APIRouter()
for _part in (asking, telling, teaching):
    router.include_router(_part)
