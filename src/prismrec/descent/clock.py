"""The hard end of a time budget: a moment that training looks at between its rounds.

What is trained follows from counted work. Only where that took longer than was foreseen does the
clock stop it, and what it stopped is kept by name, so that a release can say so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Deadline", "deadline", "out_of_time", "until"]


class Deadline:
    """`seconds` from now. `stopped` names what ended early for it, in the order of the alphabet."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._stopped: set[str] = set()

    @property
    def stopped(self) -> tuple[str, ...]:
        return tuple(sorted(self._stopped))

    def is_over(self, reserve: float = 0.0) -> bool:
        """Whether fewer than `reserve` seconds are left."""
        return time.monotonic() + reserve >= self._end

    def stop(self, name: str) -> None:
        """Note that `name` ended early."""
        self._stopped.add(name)


_current: ContextVar[tuple[Deadline, str, float] | None] = ContextVar("deadline", default=None)


def deadline() -> Deadline | None:
    """The one that holds where this is called, if any does."""
    current = _current.get()
    return current[0] if current else None


@contextmanager
def until(end: Deadline | None, name: str = "", reserve: float = 0.0) -> Iterator[None]:
    """Inside, in this thread, `end` holds for the training of `name`, less `reserve` seconds that
    are wanted for something later. With `None` none holds."""
    token = _current.set((end, name, reserve) if end else None)
    try:
        yield
    finally:
        _current.reset(token)


def out_of_time() -> bool:
    """Whether what is trained here has to end now; if so that is noted."""
    current = _current.get()
    if current is None:
        return False
    end, name, reserve = current
    over = end.is_over(reserve)
    if over:
        end.stop(name)
    return over
