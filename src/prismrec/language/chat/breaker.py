"""A model that fails again and again is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from prismrec.core import ChatRefused

__all__ = ["CircuitBreaker"]


class CircuitBreaker:
    """Closed until `failures` in a row, then open for `rest_s` seconds, then one call may try.

    Nygard, "Release It!" (2007). Safe for several threads.
    """

    def __init__(
        self, failures: int, rest_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rest, self._clock = failures, rest_s, clock
        self._failed = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Raises `ChatRefused` while the model rests; whoever comes first afterwards tries it, and
        others are refused until that try is decided or its rest is over."""
        with self._lock:
            if self._failed < self._most:
                return
            if self._clock() < self._until:
                raise ChatRefused("resting", "The language model failed too often lately.")
            self._until = self._clock() + self._rest

    def succeeded(self) -> None:
        """The model answered as it should."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """It did not."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._most:
                self._until = self._clock() + self._rest
