"""The one deadline that everything done for a request looks at."""

from __future__ import annotations

import time

from prismrec.core import ChatRefused

__all__ = ["TimeLimit"]


class TimeLimit:
    """`seconds` from now: for connecting, waiting, reading, asking again, and pauses between."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, more than 0. Raises `ChatRefused` where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise ChatRefused("deadline", "The language model did not answer in time.")
        return left

    def wait(self, seconds: float) -> None:
        """Sleeps; raises `ChatRefused` at once where so much time is not left."""
        if seconds >= self.left():
            raise ChatRefused("deadline", "No time is left to ask the language model again.")
        time.sleep(seconds)
