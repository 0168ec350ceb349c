"""Reading texts with labels: what a classifier learns from and is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from prismrec.core import BadInput, NotFound
from prismrec.data.readers import read_table
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import PACKED, SUFFIXES, Source, resolved

__all__ = ["Labelled", "find_table", "read_judged", "read_labelled", "read_said", "read_texts"]

TEXT = ("text", "sentence", "review", "content", "文本", "评论")
LABEL = ("label", "labels", "class", "intent", "sentiment", "类别", "标签")
MOMENT = ("timestamp", "time", "date", "created_at", "at", "时间", "日期")
"""Names of the columns, in the order in which they are looked for; case does not count."""


@dataclass(frozen=True)
class Labelled:
    """Texts and the label of each. `left_out` rows had no text or no label."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def joined(self, other: Labelled) -> Labelled:
        """These and then the others."""
        return Labelled(
            self.texts + other.texts, self.labels + other.labels, self.left_out + other.left_out
        )

    def take(self, places: Sequence[int]) -> Labelled:
        """Those at `places`, in that order."""
        return Labelled(
            tuple(self.texts[at] for at in places), tuple(self.labels[at] for at in places)
        )


def find_table(folder: Path, name: str) -> Path | None:
    """The file `name` of a known format in `folder`, or `None`. Raises `NotFound` where there is no
    such folder, `BadInput` where several files could be meant."""
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.", hint="Check the path.")
    names = {name + suffix for suffix in (*SUFFIXES, *PACKED)}
    hits = sorted(path for path in folder.iterdir() if path.name.lower() in names)
    if len(hits) > 1:
        raise BadInput(
            f"{folder} has several files for {name}: {', '.join(path.name for path in hits)}.",
            hint="Keep one.",
        )
    return hits[0] if hits else None


def read_labelled(source: Source, settings: DataSettings = DEFAULTS) -> Labelled:
    """The rows of a table of `text` and `label` (CSV, JSONL, Parquet, SQL).

    Labels are read as text. Rows without a text or without a label are left out and counted.
    Raises `BadInput` where a column is missing or nothing is left.
    """
    frame, file = _table(source, settings)
    chosen = frame.select(_column(frame, TEXT, file), _column(frame, LABEL, file))
    clean = chosen.filter(
        pl.all_horizontal(pl.all().is_not_null(), pl.all().str.strip_chars().str.len_chars() > 0)
    )
    if not len(clean):
        raise BadInput(
            f"{file} has no row with both a text and a label.", hint="Give at least one."
        )
    texts, labels = clean["text"].to_list(), clean["label"].to_list()
    return Labelled(tuple(texts), tuple(labels), len(chosen) - len(clean))


def read_judged(source: Source, settings: DataSettings = DEFAULTS) -> Labelled:
    """Every row of a table of which some have a label: both columns, blanks where a cell is empty,
    no labels at all where there is no such column."""
    frame, file = _table(source, settings)
    texts = frame.select(_column(frame, TEXT, file)).to_series().fill_null("")
    labels = pl.Series([""] * len(texts), dtype=pl.String)
    if {name.strip().lower() for name in frame.columns}.intersection(LABEL):
        labels = frame.select(_column(frame, LABEL, file)).to_series().fill_null("")
    return Labelled(tuple(texts), tuple(labels.str.strip_chars()))


def read_texts(source: Source, settings: DataSettings = DEFAULTS) -> tuple[str, ...]:
    """The column of texts of a table, a blank where a row has none."""
    frame, file = _table(source, settings)
    column = frame.select(_column(frame, TEXT, file)).to_series()
    return tuple(column.fill_null("").to_list())


def read_said(source: Source, settings: DataSettings = DEFAULTS) -> list[tuple[str, str]]:
    """The texts of a table in its order, and when each came as the table writes it (blank where it
    does not)."""
    frame, file = _table(source, settings)
    texts = frame.select(_column(frame, TEXT, file)).to_series().fill_null("")
    known = {name.strip().lower() for name in frame.columns}
    if not known.intersection(MOMENT):
        return [(text, "") for text in texts]
    moments = frame.select(_column(frame, MOMENT, file)).to_series().fill_null("")
    return list(zip(texts, moments, strict=True))


def _table(source: Source, settings: DataSettings) -> tuple[pl.DataFrame, str]:
    place = resolved(source)
    return read_table(place, settings).frame, str(place)


def _column(frame: pl.DataFrame, names: Sequence[str], file: str) -> pl.Expr:
    """The first column that is called one of `names`, as text, under the first of them."""
    known = {name.strip().lower(): name for name in frame.columns}
    found = next((known[name] for name in names if name in known), None)
    if found is None:
        raise BadInput(
            f"{file} has no column '{names[0]}'. It has: {', '.join(frame.columns[1:])}.",
            hint=f"Name it one of: {', '.join(names)}.",
        )
    return pl.col(found).cast(pl.String).alias(names[0])
