"""A bounded pool: as many threads as cores ask the engine, and a full queue says so at once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prismrec.core import Busy

__all__ = ["Pool"]

T = TypeVar("T")


class Pool:
    """Runs synchronous work for the event loop on `threads` threads (0: one a core).

    At most `queue` calls may wait; one more raises `Busy`, which the server answers with 503 and
    `Retry-After`, so that an overloaded server stays fast for those it does serve.
    """

    def __init__(self, threads: int = 0, queue: int = 256, name: str = "engine") -> None:
        self.threads = threads or os.cpu_count() or 1
        self.limit = self.threads + queue
        self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self.pending = 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` on a thread of the pool."""
        with self._lock:
            if self.pending >= self.limit:
                raise Busy("The server has as many requests as it can hold.", hint="Try again.")
            self.pending += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, lambda: work(*args))
        finally:
            with self._lock:
                self.pending -= 1

    def close(self) -> None:
        """Wait for what is running and stop."""
        self._executor.shutdown(wait=True, cancel_futures=True)
