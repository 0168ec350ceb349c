"""What the command line prints: JSON for machines on standard output, tables for people.

Progress, warnings and errors go to standard error, so that standard output can be piped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from prismrec.core import PrismError

__all__ = ["errors", "fail", "out", "print_json", "print_slate", "print_table"]

out = Console()
errors = Console(stderr=True)


def fail(error: PrismError) -> NoReturn:
    """Print an error and what to change, and leave with its exit code."""
    errors.print(f"[bold red]{error.title}:[/] ", end="")
    errors.print(error.message, markup=False, highlight=False)
    if error.hint:
        errors.print(error.hint, markup=False, highlight=False, style="dim")
    sys.exit(error.exit_code)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people; numbers are right-aligned, text is printed as it is."""
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    out.print(table)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def print_slate(slate: dict[str, Any], *, as_json: bool, title: str) -> None:
    """An answer of the API as JSON or as a table with reasons."""
    if as_json:
        print_json(slate)
        return
    rows = [
        (place, item["item_id"], item["title"], item["score"], item["reason"])
        for place, item in enumerate(slate["items"], 1)
    ]
    print_table(title, ["#", "item", "title", "score", "why"], rows)
    for note in slate["notes"]:
        errors.print(note, markup=False, style="yellow")
