"""Conversation: one turn a request, answered whole or line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from pydantic_core import to_json

from prismrec.collection import Collection
from prismrec.core import PrismError
from prismrec.dialogue.converse import Reply, converse
from prismrec.dialogue.memory import Conversations
from prismrec.dialogue.state import State
from prismrec.language.chat import shared_chat_model
from prismrec.serving.pool import Pool
from prismrec.serving.requests import Name, Strict, Text
from prismrec.serving.strict import JSON, Shop, guarded

__all__ = ["ChatIn", "ChatOut", "Talk", "router"]

router = guarded("chat", "read")
THREADS = 16
"""Turns answered side by side: most of their time they may wait for a language model."""


class ChatIn(Strict):
    """One turn of a conversation."""

    text: Text = Field(min_length=1, description="What the person says, English or Chinese.")
    conversation_id: Name = Field("", description="From the answer before; empty to begin.")
    user_id: Name = ""
    session_id: Name = ""
    n: int = Field(5, ge=1, le=20, strict=True, description="How many items to answer with.")


class ChatItemOut(BaseModel):
    """An item that the answer names, as the catalogue has it now."""

    item_id: str
    title: str
    brand: str
    categories: list[str]
    price: float | None
    available: bool
    reason: str = ""
    score: float | None = None
    parts: dict[str, float] = Field(default_factory=dict, description="They sum to the score.")


class OptionOut(BaseModel):
    """A value to choose, and how many of the items that fit have it."""

    value: str
    count: int


class QuestionOut(BaseModel):
    """A question back: the attribute it is about, and what may be answered."""

    name: str
    options: list[OptionOut]
    bits: float = Field(description="What an answer tells, on average.")


class ChatOut(BaseModel):
    """The answer to a turn. Whatever `text` says of an item is in `items`, from the catalogue."""

    conversation_id: str
    turn: int
    text: str
    items: list[ChatItemOut]
    question: QuestionOut | None
    notes: list[str] = Field(
        description="What was to be said beside: `nothing`, `without-wanted`, `without-price`, "
        "`no-more`, `no-such-item`, `not-understood`, `new-conversation` (the one named is not "
        "known any more)."
    )
    language: Literal["en", "zh"]
    read_by: Literal["rules", "model"]
    exposure_id: str = Field(description="Send it with the events that follow; empty without one.")


class Talk:
    """The conversations of every collection, and the threads that answer them."""

    def __init__(self, names: Iterable[str], queue: int, seconds: float) -> None:
        self.conversations = {name: Conversations() for name in names}
        self.pool = Pool(THREADS, queue, "talk", seconds=seconds)

    def turn(self, shop: Collection, asked: ChatIn) -> dict[str, Any]:
        """The answer to a turn, in the shape of `ChatOut`."""
        kept = self.conversations[shop.name]
        state = kept.get(asked.conversation_id, asked.user_id) if asked.conversation_id else None
        forgotten = bool(asked.conversation_id) and state is None
        state = state or State(user_id=asked.user_id, session_id=asked.session_id)
        chat = shared_chat_model(shop.settings.chat)
        state, reply = converse(shop, state, asked.text, n=asked.n, chat=chat)
        key = kept.put("" if forgotten else asked.conversation_id, state)
        out = _out(reply, state)
        notes = [*out["notes"], *(["new-conversation"] if forgotten else [])]
        return {**out, "conversation_id": key, "notes": notes}


@router.post("/chat", response_model=ChatOut)
async def chat(asked: ChatIn, shop: Shop, request: Request) -> Response:
    """A turn of a conversation: a wish, a critique ("cheaper", "not that brand", "like the second
    one but red"), a question about an item. The state is kept for an hour."""
    talk: Talk = request.app.state.talk
    out = await talk.pool.run(talk.turn, shop, asked)
    return Response(to_json(out), media_type=JSON)


@router.post(
    "/chat/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events."}},
)
async def chat_stream(asked: ChatIn, shop: Shop, request: Request) -> StreamingResponse:
    """The same, as server-sent events: `reading` at once, a `line` for every line of the text, and
    `done` with the whole answer; or `problem`."""
    talk: Talk = request.app.state.talk
    return StreamingResponse(_events(talk, shop, asked), media_type="text/event-stream")


async def _events(talk: Talk, shop: Collection, asked: ChatIn) -> AsyncIterator[bytes]:
    yield _event("reading", {})
    try:
        out = await talk.pool.run(talk.turn, shop, asked)
    except PrismError as error:
        told = {"title": error.title, "detail": error.message, "hint": error.hint}
        yield _event("problem", {**told, "status": error.status})
        return
    for line in out["text"].splitlines():
        yield _event("line", {"text": line})
    yield _event("done", out)


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + to_json(data) + b"\n\n"


def _out(reply: Reply, state: State) -> dict[str, Any]:
    chosen = {} if reply.slate is None else {one.item_id: one for one in reply.slate}
    rows = []
    for item in reply.items:
        row: dict[str, Any] = {
            name: getattr(item, name)
            for name in ("item_id", "title", "brand", "categories", "price", "available")
        }
        one = chosen.get(item.item_id)
        if one is not None:
            row |= {"reason": one.reason, "score": one.score, "parts": one.parts}
        rows.append({"reason": "", "score": None, "parts": {}, **row})
    asked = reply.question
    question = asked and {
        "name": asked.name,
        "options": [{"value": value, "count": count} for value, count in asked.options],
        "bits": asked.bits,
    }
    return {
        "turn": state.turns,
        "text": reply.text,
        "items": rows,
        "question": question,
        "notes": list(reply.notes),
        "language": state.language,
        "read_by": reply.read_by,
        "exposure_id": "" if reply.slate is None else reply.slate.exposure_id,
    }
