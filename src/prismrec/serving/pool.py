"""A bounded pool: as many threads as cores ask the engine, and a full queue says so at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from prismrec.core import Busy
from prismrec.threads import cores, one_thread_each

__all__ = ["Pool"]

T = TypeVar("T")


class Pool:
    """Runs synchronous work for the event loop on `threads` threads (0: one a core).

    At most `queue` calls may wait; one more raises `Busy`, which the server answers with 503 and
    `Retry-After`, so that an overloaded server stays fast for those it does serve. So does a call
    that takes more than `seconds`; its thread counts as taken until the work is really done. Used
    from one event loop.
    """

    def __init__(
        self, threads: int = 0, queue: int = 256, name: str = "engine", seconds: float = 30.0
    ) -> None:
        self.threads = threads or cores()
        self.limit = self.threads + queue
        self.seconds = seconds
        self.pending = 0
        self._executor = ThreadPoolExecutor(
            self.threads, thread_name_prefix=name, initializer=one_thread_each
        )

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` on a thread of the pool."""
        if self.pending >= self.limit:
            raise Busy("The server has as many requests as it can hold.", hint="Try again.")
        loop = asyncio.get_running_loop()
        self.pending += 1
        done = self._executor.submit(work, *args)
        done.add_done_callback(lambda _: self._finished(loop))
        future = asyncio.wrap_future(done)
        finished, _ = await asyncio.wait((future,), timeout=self.seconds)
        if finished:
            return future.result()
        return self._late(done, future)

    def _late(self, done: Future[T], future: asyncio.Future[T]) -> T:
        # Its error, should one come, has nobody left to hear it.
        future.add_done_callback(lambda late: late.cancelled() or late.exception())
        done.cancel()
        raise Busy(
            f"No answer within {self.seconds:g} seconds.",
            hint="Try again; events with an event_id can safely be sent twice.",
        )

    def _finished(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called on any thread; a loop that is closed counts nothing any more."""
        try:
            loop.call_soon_threadsafe(self._leave)
        except RuntimeError:
            self._leave()

    def _leave(self) -> None:
        self.pending -= 1

    def close(self) -> None:
        """Wait for what is running and stop."""
        self._executor.shutdown(wait=True, cancel_futures=True)
