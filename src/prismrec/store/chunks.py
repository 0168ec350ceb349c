"""Long lists in pieces that one statement can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["chunks"]

T = TypeVar("T")


def chunks(things: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """`things` in order, `size` at a time, the last piece shorter."""
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece
