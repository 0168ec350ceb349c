"""The text of an answer, read as JSON and held against its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from prismrec.core import MissingExtra

__all__ = ["NotInShape", "Shape"]

_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_TOLD = 300
"""Characters of what is wrong that a model is told."""


class NotInShape(ValueError):
    """The answer is not JSON, or not of the schema; the message says where."""


class Shape:
    """A JSON schema (draft 2020-12) whose root is an object. Raises `MissingExtra` without the
    library that reads schemas."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            import jsonschema_rs
        except ImportError:
            raise MissingExtra("jsonschema-rs", "llm") from None
        self._wrong = jsonschema_rs.ValidationError
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def read(self, text: str) -> dict[str, Any]:
        """The answer. Raises `NotInShape`. A block fence around all of it is forgiven."""
        fenced = _FENCED.fullmatch(text)
        try:
            value = json.loads(fenced[1] if fenced else text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise NotInShape(f"It is not JSON: {error}"[:_TOLD]) from None
        if not isinstance(value, dict):
            raise NotInShape("It is not a JSON object.")
        try:
            self._validator.validate(value)
        except (self._wrong, ValueError) as error:
            raise NotInShape(str(error)[:_TOLD]) from None
        return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
