"""A model behind an OpenAI-compatible endpoint (`POST {endpoint}/chat/completions`)."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prismrec.core import BadSettings
from prismrec.language.chat.addresses import place_of, resolved
from prismrec.language.chat.settings import ChatSettings
from prismrec.language.chat.source import Failed, Messages, Reply, Schema
from prismrec.language.chat.time_limit import TimeLimit
from prismrec.language.chat.wire import Answer, post

__all__ = ["Endpoint"]

_AROUND = 16
"""Tokens that a chat template may put around each message."""
_LONGEST = 32
"""Bytes of a token, at most, on average over an answer."""
_ENVELOPE = 65_536
"""Bytes of an answer beside its text."""
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)


class Endpoint:
    """Asks the model of the settings. The host is looked up at the first request, and again only
    after none of its addresses took a connection.

    Raises `BadSettings` where the address is none, or the key's variable is empty.
    """

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings
        base = place_of(settings.endpoint, settings.private_hosts)
        self._place = replace(base, path=f"{base.path}/chat/completions")
        self._key = _key(settings.key_env)
        self._addresses: tuple[str, ...] = ()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"{self._settings.endpoint} {self._settings.model}"

    def most_tokens(self, messages: Messages, schema: Schema) -> int:
        """One token a byte: a tokenizer that falls back on bytes makes no more of a text."""
        told = len(json.dumps(schema).encode())
        return told + sum(len(m["content"].encode()) + _AROUND for m in messages) + _AROUND

    def say(self, messages: Messages, schema: Schema, tokens: int, limit: TimeLimit) -> Reply:
        body = json.dumps(self._request(messages, schema, tokens)).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        most = _ENVELOPE + _LONGEST * tokens
        try:
            answer = post(self._place, self._pinned(limit), body, headers, limit, most)
        except Failed as failed:
            if failed.free:  # nobody is there any more
                self._forget()
            raise
        if answer.status != 200:
            raise _refused(answer)
        reported = self.most_tokens(messages, schema), tokens
        return _reply(answer.body, sum(len(m["content"]) for m in messages), reported)

    def _pinned(self, limit: TimeLimit) -> tuple[str, ...]:
        """The addresses; those found first hold while they answer, so that no later word of a name
        server leads elsewhere."""
        with self._lock:
            if self._addresses:
                return self._addresses
        found = resolved(self._place, self._settings.private_hosts, limit)
        with self._lock:
            self._addresses = self._addresses or found
            return self._addresses

    def _forget(self) -> None:
        with self._lock:
            self._addresses = ()

    def _request(self, messages: Messages, schema: Schema, tokens: int) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [dict(message) for message in messages],
            "temperature": 0,
            "seed": 0,
            "max_tokens": tokens,
            "stream": False,
        }
        kind = self._settings.response_format
        if kind == "json_object":
            request["response_format"] = {"type": kind}
        elif kind == "json_schema":
            shape = {"name": "answer", "strict": True, "schema": dict(schema)}
            request["response_format"] = {"type": kind, "json_schema": shape}
        return request


def _key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise BadSettings(
            f"The environment variable {variable} holds no key.",
            hint="Set it to the key of the endpoint, or correct chat.key_env.",
        )
    return key


def _refused(answer: Answer) -> Failed:
    """What a status other than 200 means. The body is not told: it may repeat what was sent."""
    status = answer.status
    if 300 <= status < 400:
        return Failed("rejected", f"The endpoint redirects ({status}), which is not followed.")
    told = f"The endpoint answered {status}."
    return Failed(
        "rejected",
        told,
        again=status in _AGAIN,
        free=status in (401, 403, 404, 429),
        after=_seconds(answer.headers.get("retry-after", "")),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:  # a date, or nothing
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _reply(body: bytes, characters: int, most: tuple[int, int]) -> Reply:
    try:
        answer = json.loads(body)
        text = answer["choices"][0]["message"]["content"]
        text.encode()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise Failed("protocol", "The endpoint's answer has not the form of one.") from None
    usage = answer.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    return Reply(
        text,
        _believed(usage.get("prompt_tokens"), characters, most[0]),
        _believed(usage.get("completion_tokens"), len(text), most[1]),
    )


def _believed(reported: object, characters: int, most: int) -> int | None:
    """What an endpoint reports, where it can be true: neither more than was possible nor fewer than
    a token for every 16 characters."""
    if type(reported) is int and max(characters // 16, 1) <= reported <= most:
        return reported
    return None
