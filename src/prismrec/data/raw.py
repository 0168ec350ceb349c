"""A table as it was read: columns, row numbers, and the rows that broke on reading."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

__all__ = ["ROW", "Fault", "Raw"]

ROW = "__prismrec_row"
"""The column with the number of each row; the first row of data is 1."""


@dataclass(frozen=True)
class Fault:
    """A row that could not be read."""

    row: int
    reason: str
    value: str


@dataclass(frozen=True)
class Raw:
    """`frame` holds the readable rows with their number in `ROW`; `rows` counts all there were."""

    frame: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    rows: int = -1

    @property
    def total(self) -> int:
        """All rows of the file, readable or not."""
        return self.rows if self.rows >= 0 else len(self.frame)

    @property
    def columns(self) -> list[str]:
        """The columns of the file itself."""
        return [name for name in self.frame.columns if name != ROW]
