"""What may be said next, so that what was said fits a schema.

A schema of objects, arrays, strings to choose from, free strings and booleans is walked from left
to right. Where there is a choice, the walk asks for one: of texts of which none begins another, or
of a free text. Whatever is chosen, the whole is JSON that validates.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Free", "Walk", "is_walkable", "walk"]

_LONGEST = 400
"""Characters of a free text whose schema sets no limit."""
_ITEMS = 64
"""Entries of an array whose schema sets no limit."""


@dataclass(frozen=True)
class Free:
    """Any characters of a JSON string that need no escape, at most so many, up to the quote."""

    longest: int


Walk = Generator[tuple[str, ...] | Free, str, None]
"""Yields what may be chosen, and is sent what was: of a free text, the text itself. It does not
tell what it needs no choice for apart: that is a tuple of one."""


def is_walkable(schema: Mapping[str, Any]) -> bool:
    """Whether `walk` knows every word of `schema` that restricts an answer."""
    if "enum" in schema:
        only = {"enum", "type", "description"} >= set(schema)
        return only and bool(schema["enum"]) and all(isinstance(v, str) for v in schema["enum"])
    kind = schema.get("type")
    known = _KNOWN.get(kind if isinstance(kind, str) else "")
    if known is None or not set(schema) <= known | {"type", "description"}:
        return False
    if kind == "object":
        inner = schema.get("properties", {})
        whole = set(schema.get("required", ())) == set(inner)
        return whole and all(map(is_walkable, inner.values()))
    if kind == "array":
        return "items" in schema and is_walkable(schema["items"]) and _is_fillable(schema)
    return True


_KNOWN = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "string": frozenset({"maxLength"}),
    "boolean": frozenset(),
}


def _is_fillable(schema: Mapping[str, Any]) -> bool:
    """Whether distinct entries can be had: of choices, and no more of them than there are."""
    if not schema.get("uniqueItems"):
        return True
    choices = set(schema["items"].get("enum", ()))
    return bool(choices) and int(schema.get("minItems", 0)) <= len(choices)


def walk(schema: Mapping[str, Any]) -> Walk:
    """Walks through a schema that `is_walkable`."""
    if "enum" in schema:
        yield tuple(_quoted(value) for value in dict.fromkeys(schema["enum"]))
    elif schema["type"] == "boolean":
        yield ("true", "false")
    elif schema["type"] == "string":
        yield ('"',)
        yield Free(int(schema.get("maxLength", _LONGEST)))
        yield ('"',)
    elif schema["type"] == "array":
        yield from _array(schema)
    else:
        yield from _object(schema)


def _object(schema: Mapping[str, Any]) -> Walk:
    for place, (name, inner) in enumerate(schema.get("properties", {}).items()):
        yield (f"{',' if place else '{'}{_quoted(name)}:",)
        yield from walk(inner)
    yield ("}" if schema.get("properties") else "{}",)


def _array(schema: Mapping[str, Any]) -> Walk:
    """Where it may end, the end stands beside what else could begin there."""
    least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", _ITEMS))
    items, taken = dict(schema["items"]), 0
    yield ("[",)
    while taken < most:
        if taken:
            if taken < least:
                yield (",",)
            elif (yield ("]", ",")) == "]":
                return
        inner = walk(items)
        first = next(inner)
        assert isinstance(first, tuple)
        chosen = yield (("]", *first) if not taken and not least else first)
        if chosen == "]":
            return
        yield from _rest(inner, chosen)
        taken += 1
        if schema.get("uniqueItems"):
            items["enum"] = [value for value in items["enum"] if _quoted(value) != chosen]
            if not items["enum"]:
                break
    yield ("]",)


def _rest(inner: Walk, chosen: str) -> Walk:
    try:
        asked = inner.send(chosen)
        while True:
            asked = inner.send((yield asked))
    except StopIteration:
        return


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
