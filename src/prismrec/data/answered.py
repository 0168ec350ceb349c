"""Reading which answer was given to a question, and whether that solved it."""

from __future__ import annotations

import polars as pl

from prismrec.core import BadInput
from prismrec.data.readers import read_table
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import Source, resolved

__all__ = ["read_answered"]

_NO = ("0", "0.0", "false", "no", "n", "否")


def read_answered(source: Source, settings: DataSettings = DEFAULTS) -> list[tuple[str, str, bool]]:
    """The rows of a table of `question`, `item_id` and perhaps `solved` (yes where it is missing).
    Rows without a question or an item are left out. Raises `BadInput` where a column is missing."""
    place = resolved(source)
    frame = read_table(place, settings).frame
    known = {name.strip().lower(): name for name in frame.columns}
    missing = [name for name in ("question", "item_id") if name not in known]
    if missing:
        raise BadInput(
            f"{place} has no column {' and no column '.join(missing)}.",
            hint="Give it question and item_id, and solved where that is known.",
        )
    solved = pl.col(known["solved"]) if "solved" in known else pl.lit("1")
    rows = frame.select(
        pl.col(known["question"]).cast(pl.String),
        pl.col(known["item_id"]).cast(pl.String),
        solved.cast(pl.String).fill_null("1").str.strip_chars().str.to_lowercase().alias("solved"),
    )
    return [(q, i, s not in _NO) for q, i, s in rows.iter_rows() if q and q.strip() and i]
