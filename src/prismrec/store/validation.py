"""What the store refuses, and why."""

from __future__ import annotations

import math
from typing import Any

from prismrec.core import BadInput, Event
from prismrec.store.schema import SESSION
from prismrec.store.settings import StoreSettings

__all__ = ["check_collection", "check_id", "event_fault"]

_LARGEST = 2**53
"""Largest timestamp, so that it survives JSON and float64."""


def event_fault(event: Event, settings: StoreSettings) -> str:
    """Why `event` cannot be stored; empty when it can."""
    if not isinstance(event, Event):
        return "is not an event"
    for name in ("item_id", "event", "user_id", "event_id", "session_id", "query", "exposure_id"):
        limit = settings.max_text if name == "query" else settings.max_id
        fault = _text_fault(getattr(event, name), limit)
        if fault:
            return f"{name} {fault}"
    if not event.user_id and not event.session_id:
        return "no person: give user_id or session_id"
    if event.user_id.startswith(SESSION):
        return f"user_id must not start with '{SESSION}'"
    if not event.item_id:
        return "item_id is empty"
    if not event.event:
        return "event (its type) is empty"
    return _time_fault(event.timestamp) or _value_fault(event.value)


def check_id(name: str, value: Any, settings: StoreSettings) -> None:
    """Raise `BadInput` unless `value` can serve as an id."""
    fault = _text_fault(value, settings.max_id) or ("" if value else "is empty")
    if not fault and name == "user_id" and value.startswith(SESSION):
        fault = f"must not start with '{SESSION}'"
    if fault:
        raise BadInput(
            f"{name} {fault}: {str(value)[:40]!r}.",
            hint=f"Ids are texts of 1 to {settings.max_id} characters.",
        )


def check_collection(name: str) -> None:
    """Raise `BadInput` unless `name` can name a collection."""
    if not name or len(name) > 100 or _text_fault(name, 100):
        raise BadInput(
            f"A collection cannot be named {name[:40]!r}.", hint="Use 1 to 100 plain characters."
        )


def _text_fault(value: Any, limit: int) -> str:
    if not isinstance(value, str):
        return f"must be text, not {type(value).__name__}"
    if len(value) > limit:
        return f"is longer than {limit} characters"
    if "\0" in value:
        return "contains a NUL character"
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        return "is not valid Unicode"
    return ""


def _time_fault(timestamp: Any) -> str:
    if timestamp is None:
        return ""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int):
        return "timestamp must be a whole number of milliseconds since 1970 UTC"
    if not 0 <= timestamp <= _LARGEST:
        return "timestamp is out of range"
    return ""


def _value_fault(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "value must be a number"
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    return "" if finite else "value must be finite"
