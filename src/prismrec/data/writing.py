"""Tables on disk, there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from prismrec.core import BadInput

__all__ = ["require_table", "write_table"]

WRITERS = {
    ".parquet": pl.DataFrame.write_parquet,
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
}


def require_table(out: Path) -> None:
    """Raises `BadInput` where `out` is not named as a table that can be written."""
    if out.suffix not in WRITERS:
        raise BadInput(f"{out} is no table.", hint=f"Name it with one of: {', '.join(WRITERS)}.")


def write_table(table: pl.DataFrame, out: Path) -> None:
    """Writes `table` to `out` in the form that its name says, in folders made for it. Raises as
    `require_table`, which is for before the work."""
    require_table(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.part")
    WRITERS[out.suffix](table, draft)  # type: ignore[operator]
    draft.replace(out)
