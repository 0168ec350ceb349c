"""A small cache that never serves what a committed write has made stale."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

__all__ = ["CoherentCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CoherentCache(Generic[K, V]):
    """The `size` most recently used values, valid while this process is the only writer.

    A reader that misses leaves a ticket before it reads the database, and its value is kept only if
    the ticket still stands: a write to the same key in between takes the ticket away. The writer
    calls `change` or `forget` after each commit and before anyone hears of it. Size 0 keeps
    nothing.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()
        self._tickets: dict[K, object] = {}

    def get(self, key: K, read: Callable[[], V]) -> V:
        """The value of `key`, from `read` where it is not at hand."""
        if not self._size:
            return read()
        ticket = object()
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            self._tickets[key] = ticket
        try:
            value = read()
        except BaseException:
            with self._lock:
                self._redeem(key, ticket)
            raise
        with self._lock:
            if self._redeem(key, ticket):
                self._values[key] = value
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
        return value

    def change(self, key: K, update: Callable[[V], V]) -> None:
        """After a write to `key`: its value, where one is held, becomes `update(value)`."""
        with self._lock:
            self._tickets.pop(key, None)
            if key in self._values:
                self._values[key] = update(self._values[key])

    def forget(self, keys: Iterable[K]) -> None:
        """After writes to `keys` whose effect must be read again."""
        with self._lock:
            for key in keys:
                self._tickets.pop(key, None)
                self._values.pop(key, None)

    def clear(self) -> None:
        """After a write that may have changed anything."""
        with self._lock:
            self._tickets.clear()
            self._values.clear()

    def _redeem(self, key: K, ticket: object) -> bool:
        if self._tickets.get(key) is ticket:
            del self._tickets[key]
            return True
        return False
