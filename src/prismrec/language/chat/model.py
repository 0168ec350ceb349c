"""A chat model held to its limits: the one way in which the rest of PrismRec asks one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from prismrec.core import ChatRefused
from prismrec.language.chat.breaker import CircuitBreaker
from prismrec.language.chat.budget import Budget, Prices
from prismrec.language.chat.kept import KeptAnswers
from prismrec.language.chat.prompts import asked_again
from prismrec.language.chat.settings import ChatSettings
from prismrec.language.chat.shape import NotInShape, Shape
from prismrec.language.chat.source import Failed, Messages, Reply, Schema, Source
from prismrec.language.chat.time_limit import TimeLimit

__all__ = ["LimitedChat", "chat_model", "shared_chat_model"]

_PAUSE = 0.1
"""Seconds before a second attempt; twice that before a third, and so on."""


def chat_model(settings: ChatSettings) -> LimitedChat | None:
    """The chat model of the settings, `None` where they name none.

    Raises `BadSettings` or `NotFound` where it cannot be had as they say.
    """
    if settings.endpoint:
        from prismrec.language.chat.endpoint import Endpoint

        return LimitedChat(Endpoint(settings), settings)
    if settings.model:
        from prismrec.language.chat.local import LocalModel

        return LimitedChat(LocalModel.read(settings.model), settings)
    return None


@cache
def shared_chat_model(settings: ChatSettings) -> LimitedChat | None:
    """`chat_model`, the same one for the same settings: limits of a day are those of a process."""
    return chat_model(settings)


class LimitedChat:
    """A `ChatModel`: asks `source` within the limits of `settings`. Safe for several threads.

    Raises `MissingExtra` without the library that reads schemas.

    An answer that does not fit the schema is asked for once more; a request that ends without one
    raises `ChatRefused`, within its deadline.
    """

    def __init__(self, source: Source, settings: ChatSettings) -> None:
        self.source, self.settings = source, settings
        Shape({})  # without the library for schemas nothing could be answered: say so at once
        prices = Prices(settings.prompt_price, settings.answer_price)
        self.budget = Budget(settings.daily_tokens, settings.daily_spend, prices)
        self._breaker = CircuitBreaker(settings.failures, settings.rest_s)
        self._kept = KeptAnswers(settings.kept_answers)

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An answer that validates against `schema`. Raises `ChatRefused`."""
        key = KeptAnswers.key(self.source.name, list(messages), schema)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        asking = _Asking(self, schema)
        answer = asking.answer(messages)
        self._kept.put(key, answer)
        return answer

    def enter(self) -> None:
        """Raises `ChatRefused` while the model rests."""
        self._breaker.enter()

    def ended(self, well: bool) -> None:
        """Tells the breaker how a call went."""
        if well:
            self._breaker.succeeded()
        else:
            self._breaker.failed()


class _Asking:
    """One request, with its own deadline and its own tokens."""

    def __init__(self, chat: LimitedChat, schema: Schema) -> None:
        self._chat, self._schema = chat, schema
        self._limit = TimeLimit(chat.settings.deadline_s)
        self._tokens = Budget(chat.settings.request_tokens, period=lambda: 0)
        self._shape = Shape(schema)

    def answer(self, messages: Messages) -> dict[str, Any]:
        said = self._said(messages)
        try:
            answer = self._shape.read(said)
        except NotInShape as problem:
            answer = self._mended(messages, said, str(problem))
        self._chat.ended(well=True)
        return answer

    def _mended(self, messages: Messages, said: str, problem: str) -> dict[str, Any]:
        again = asked_again([dict(message) for message in messages], said, problem)
        try:
            return self._shape.read(self._said(again))
        except NotInShape:
            self._chat.ended(well=False)
            raise ChatRefused(
                "invalid", "The language model's answer has not the form asked for."
            ) from None

    def _said(self, messages: Messages) -> str:
        attempts = self._chat.settings.attempts
        for attempt in range(attempts):
            self._chat.enter()
            try:
                return self._once(messages)
            except Failed as failed:
                self._chat.ended(well=False)
                if not failed.again or attempt + 1 == attempts:
                    raise ChatRefused(failed.reason, failed.message) from None
                self._limit.wait(max(failed.after, _PAUSE * 2**attempt))
            except ChatRefused as refused:
                if refused.reason == "deadline":
                    self._chat.ended(well=False)
                raise
        raise AssertionError("an attempt returns or raises")

    def _once(self, messages: Messages) -> str:
        """One call, its tokens reserved before and settled after. Where the call fails on the way,
        all of them count as used: it may have been charged for."""
        chat = self._chat
        most = chat.source.most_tokens(messages, self._schema)
        asked = chat.settings.answer_tokens
        own = self._tokens.reserve(most, asked)
        try:
            shared = chat.budget.reserve(most, asked)
        except ChatRefused:
            own.settle(0, 0)
            raise
        try:
            reply = chat.source.say(messages, self._schema, asked, self._limit)
        except Failed as failed:
            if failed.free:
                own.settle(0, 0)
                shared.settle(0, 0)
            raise
        used = _used(reply, most, asked)
        own.settle(*used)
        shared.settle(*used)
        return reply.text


def _used(reply: Reply, prompt: int, answer: int) -> tuple[int, int]:
    """What counts as used: what can be believed of the reply, else all that was reserved."""
    return (
        prompt if reply.prompt_tokens is None else reply.prompt_tokens,
        answer if reply.answer_tokens is None else reply.answer_tokens,
    )
