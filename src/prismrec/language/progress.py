"""A progress bar for long encoding, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["SHOWN_FROM", "progress"]

SHOWN_FROM = 1000
"""Fewer texts than this take too short to be worth a bar."""


@contextmanager
def progress(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """Gives a function that says how many more texts are done; silent where nobody watches."""
    if total < SHOWN_FROM:  # a query of a person who waits
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)
