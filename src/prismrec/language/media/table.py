"""Vectors for the items of a table that names a file for each."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from prismrec.core import BadInput
from prismrec.language.media.encoder import Media, Refused

__all__ = ["with_vectors"]


def with_vectors(
    items: pl.DataFrame, column: str, base: Path, encoder: Media, *, name: str = ""
) -> tuple[pl.DataFrame, Refused]:
    """The items with the vectors `name` (else named like the column) of the files that `column`
    names, in place of that column; and the files that could not be read, whose items get none.

    Names are relative to `base` and lead nowhere else. Raises BadInput without the column.
    """
    if items.schema.get(column) != pl.String:
        raise BadInput(
            f"The items have no column '{column}' with names of files.",
            hint=f"They have: {', '.join(items.columns)}.",
        )
    named = [(text or "").strip() for text in items[column].to_list()]
    refused: Refused = []
    rows, paths = [], []
    for row, text in enumerate(named):
        path = _inside(base, text) if text else None
        if path is not None:
            rows.append(row)
            paths.append(path)
        elif text:
            refused.append((text, "leads out of the folder"))
    vectors: list[list[float] | None] = [None] * len(named)
    for row, vector in zip(rows, encoder.encode(paths, refused), strict=True):
        vectors[row] = vector.tolist() if vector.any() else None
    made = pl.Series(name or column, vectors, dtype=pl.List(pl.Float32))
    return items.drop(column).with_columns(made), refused


def _inside(base: Path, name: str) -> Path | None:
    """The file, unless the name leads out of `base`."""
    path = (base / name).resolve()
    return path if path.is_relative_to(base.resolve()) else None
