"""Group commit: one thread writes what many callers ask for, many batches in one transaction.

A commit costs a sync of the disk, whatever its size, so callers that arrive while one is under way
share the next, and what nobody waits for waits a moment for company. The order of submission is the
order of writing.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from prismrec.core import Busy, PrismError
from prismrec.store.database import Database

__all__ = ["Kind", "Writer"]

log = logging.getLogger(__name__)
PATIENCE = 0.1
"""Seconds that batches which nobody waits for are gathered."""
P = TypeVar("P", contravariant=True)
R = TypeVar("R")


class Kind(Protocol[P, R]):
    """A kind of write that knows how to write several batches at once."""

    def write(self, connection: sa.Connection, payloads: Sequence[P]) -> list[R]:
        """One result a payload, in order. May be called again after a failed transaction."""
        ...

    def committed(self, results: Sequence[R]) -> None:
        """Called once the results are durable, before any caller hears of them."""
        ...


class _Calls:
    """Plain functions of a connection, one after another."""

    def write(
        self, connection: sa.Connection, payloads: Sequence[Callable[[sa.Connection], Any]]
    ) -> list[Any]:
        return [payload(connection) for payload in payloads]

    def committed(self, results: Sequence[Any]) -> None:
        """Nothing to do: the caller sees to it."""


@dataclass(eq=False)
class _Job:
    kind: Kind[Any, Any] | None
    payload: Any
    awaited: bool = True
    done: Future[Any] = field(default_factory=Future)


_CALLS = _Calls()


class Writer:
    """The only writer of a database in this process.

    `submit` and `call` raise `Busy` when `queue_size` batches wait already. At most `group`
    batches go into one transaction. When a transaction fails, each of its batches is tried again in
    a transaction of its own, so that one bad batch fails no other.
    """

    def __init__(self, database: Database, queue_size: int, group: int) -> None:
        self._database = database
        self._queue: queue.Queue[_Job | None] = queue.Queue(maxsize=queue_size)
        self._group = group
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, kind: Kind[P, R], payload: P, *, awaited: bool = True) -> Future[R]:
        """Queue a batch; the future resolves once it is durable. One that is not `awaited` is
        written with the next that is, or after a tenth of a second."""
        return self._put(_Job(kind, payload, awaited))

    def call(self, work: Callable[[sa.Connection], R]) -> R:
        """Run `work` within a transaction and wait until that is durable."""
        result: R = self._put(_Job(_CALLS, work)).result()
        return result

    def alone(self, work: Callable[[sa.Connection], R]) -> R:
        """Run `work` between transactions, on a connection that commits every statement."""
        result: R = self._put(_Job(None, work)).result()
        return result

    @property
    def waiting(self) -> int:
        """Batches in the queue, about."""
        return self._queue.qsize()

    def close(self) -> None:
        """Write what is queued, then stop. Later batches are refused."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _put(self, job: _Job) -> Future[Any]:
        with self._gate:
            if self._closed:
                raise PrismError("The store is closed.", hint="Open the collection again.")
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise Busy(
                    f"{self._queue.maxsize} batches already wait to be written.",
                    hint="Send larger batches less often, or try again in a moment.",
                ) from None
        return job.done

    def _run(self) -> None:
        going = True
        while going:
            jobs: list[_Job] = []
            going = self._gather(jobs)
            for alone, run in itertools.groupby(jobs, key=lambda job: job.kind is None):
                if alone:
                    for job in run:
                        with _failing([job]):
                            with self._database.alone() as connection:
                                result = job.payload(connection)
                            job.done.set_result(result)
                else:
                    self._write(list(run))

    def _gather(self, jobs: list[_Job]) -> bool:
        """All that is queued, waiting for the first; false at the end of the queue."""
        job = self._queue.get()
        until = time.monotonic() + PATIENCE
        while job is not None:
            jobs.append(job)
            if len(jobs) == self._group:
                return True
            if job.awaited:
                until = 0.0
            try:
                job = self._queue.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                return True
        return False

    def _write(self, jobs: list[_Job]) -> None:
        try:
            results = self._transaction(jobs)
        except Exception as error:
            if len(jobs) == 1:
                log.debug("a batch could not be written", exc_info=True)
                jobs[0].done.set_exception(_explained(error))
                return
            for job in jobs:
                self._write([job])
            return
        with _failing(jobs):
            for run, done in _runs(jobs, results):
                assert run[0].kind is not None
                run[0].kind.committed(done)
            for job, result in zip(jobs, results, strict=True):
                job.done.set_result(result)

    def _transaction(self, jobs: Sequence[_Job]) -> list[Any]:
        results: list[Any] = []
        with self._database.write() as connection:
            for kind, run in itertools.groupby(jobs, key=lambda job: job.kind):
                assert kind is not None
                results += kind.write(connection, [job.payload for job in run])
        return results


def _runs(jobs: list[_Job], results: list[Any]) -> Iterator[tuple[list[_Job], list[Any]]]:
    """Neighbouring jobs of one kind, with their results."""
    start = 0
    for _, group in itertools.groupby(jobs, key=lambda job: job.kind):
        run = list(group)
        yield run, results[start : start + len(run)]
        start += len(run)


@contextmanager
def _failing(jobs: Sequence[_Job]) -> Iterator[None]:
    """Whatever goes wrong is told to those who wait, and the writer goes on."""
    try:
        yield
    except Exception as error:
        for job in jobs:
            if not job.done.done():
                job.done.set_exception(_explained(error))


def _explained(error: Exception) -> Exception:
    if isinstance(error, sa.exc.DBAPIError):
        explained = PrismError(
            f"The store could not write: {error.orig}",
            hint="Check that the disk has room and the database can be reached; nothing of this "
            "batch was stored, so it can be sent again.",
        )
        explained.__cause__ = error
        return explained
    return error
