"""Where bad rows go: a JSON Lines file that says for each what is wrong, and the counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import polars as pl

from prismrec.core import BadInput

__all__ = ["Quarantine"]

LONGEST_VALUE = 200
EXAMPLES = 3


class Quarantine:
    """Bad rows, written to `path` as they are found (`None` only counts them).

    One JSON object a line: `file`, `row` (the first row of data is 1), `column`, `reason`, and
    `value` as it stood, cut to 200 characters. An empty file says that nothing was wrong.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.counts: dict[str, dict[str, int]] = {}
        self.examples: dict[str, list[dict[str, object]]] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb")
            except OSError as error:
                raise BadInput(
                    f"The quarantine file {self.path} cannot be written: {error.strerror}.",
                    hint="Give another path for it.",
                ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(
        self,
        file: str,
        column: str,
        reason: str,
        rows: Sequence[int] | pl.Series,
        values: pl.Series,
    ) -> None:
        """Set aside the rows numbered `rows` of `file`, each with its raw value."""
        if len(rows) == 0:
            return
        bad = pl.DataFrame({"row": rows, "value": as_text(values)}).select(
            pl.lit(file).alias("file"),
            pl.col("row").cast(pl.Int64),
            pl.lit(column).alias("column"),
            pl.lit(reason).alias("reason"),
            pl.col("value").str.slice(0, LONGEST_VALUE),
        )
        counts = self.counts.setdefault(file, {})
        counts[reason] = counts.get(reason, 0) + len(bad)
        examples = self.examples.setdefault(file, [])
        if counts[reason] == len(bad):
            examples += bad.head(EXAMPLES).to_dicts()
        if self._file is not None:
            bad.write_ndjson(self._file)

    def count(self, file: str) -> int:
        """How many rows of `file` were set aside."""
        return sum(self.counts.get(file, {}).values())


def as_text(values: pl.Series) -> pl.Series:
    """Any column as text, for people to read."""
    if values.dtype == pl.String:
        return values
    if values.dtype.is_nested() or values.dtype in (pl.Object, pl.Duration):
        return pl.Series(
            values.name, [None if v is None else str(v) for v in values.to_list()], pl.String
        )
    return values.cast(pl.String)
