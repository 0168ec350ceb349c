"""How the cores are used: several tasks of one thread each, never one task on several threads.

Tensors here are small. Threads of torch, BLAS or OpenMP that share one wait for each other by
spinning, and on a machine with other work the same training takes ten times as long. Tasks that
share nothing lose nothing; and what a task computes does not depend on how many cores there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

__all__ = ["cores", "every_core", "one_thread_each", "side_by_side"]

T = TypeVar("T")
R = TypeVar("R")

_workers: ContextVar[int] = ContextVar("workers", default=1)


def one_thread_each() -> None:
    """From here on torch, faiss and BLAS take one thread each in the calling thread.

    OpenMP keeps its limit by thread, so each thread of a pool must say so for itself.
    """
    import faiss
    import torch

    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    _limited()


@contextmanager
def every_core() -> Iterator[None]:
    """Inside, `side_by_side` may use every core, and libraries take one thread each; for work that
    nobody waits on beside it, such as training. Afterwards all is as before."""
    import torch

    before = torch.get_num_threads()
    token = _workers.set(cores())
    try:
        with _limited():
            torch.set_num_threads(1)
            yield
    finally:
        _workers.reset(token)
        torch.set_num_threads(before)


def _limited() -> threadpool_limits:
    """BLAS and OpenMP on one thread. Only what is loaded can be limited, and scipy brings
    a BLAS of its own with its linear algebra."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def cores() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def side_by_side(work: Callable[[T], R], inputs: Iterable[T]) -> Iterator[R]:
    """`work` of each of `inputs`, in their order; on every core inside `every_core`, else one after
    the other. The first error is raised; what had begun runs to its end, the rest never begins."""
    workers = _workers.get()
    if workers < 2:
        yield from map(work, inputs)
        return
    with ThreadPoolExecutor(workers, initializer=one_thread_each) as pool:
        begun = [pool.submit(work, one) for one in inputs]
        try:
            for future in begun:
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
