"""Reading reviews: what was written of which item, and how it was rated."""

from __future__ import annotations

import polars as pl

from prismrec.core import BadInput
from prismrec.data.labelled import TEXT
from prismrec.data.readers import read_table
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import Source, resolved

__all__ = ["read_reviews"]

ITEM = ("item_id", "item", "product_id", "asin", "商品")
RATING = ("rating", "stars", "score", "value", "评分")
"""Names of the columns, in the order in which they are looked for; case does not count."""


def read_reviews(
    source: Source, settings: DataSettings = DEFAULTS
) -> list[tuple[str, str, float | None]]:
    """(item, text, rating or none) of the rows of a table. Rows without an item or a text are left
    out; a rating that is no number is none. Raises `BadInput` where a column is missing."""
    place = resolved(source)
    frame = read_table(place, settings).frame
    known = {name.strip().lower(): name for name in frame.columns}

    def column(names: tuple[str, ...]) -> str:
        return next((known[name] for name in names if name in known), "")

    item, text, rating = column(ITEM), column(TEXT), column(RATING)
    if not (item and text):
        raise BadInput(
            f"{place} has no column for the {'text' if item else 'item'} of a review.",
            hint=f"Name it one of: {', '.join(TEXT if item else ITEM)}.",
        )
    rated = pl.col(rating).cast(pl.Float64, strict=False) if rating else pl.lit(None, pl.Float64)
    rows = frame.select(
        pl.col(item).cast(pl.String).alias("item"),
        pl.col(text).cast(pl.String).alias("text"),
        rated.alias("rating"),
    )
    return [(i, t, r) for i, t, r in rows.iter_rows() if i and t and t.strip()]
