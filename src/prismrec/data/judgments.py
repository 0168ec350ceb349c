"""Reading judgments: which items answer which searches, and how well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from prismrec.core import BadInput, Ids, Judgments
from prismrec.data.quarantine import Quarantine
from prismrec.data.raw import ROW
from prismrec.data.readers import read_table
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import Source, resolved
from prismrec.data.validation import Fault, clean_table, refuse_if_nothing_left, sift
from prismrec.data.vocabulary import match_columns

__all__ = ["JudgmentsRead", "read_judgments"]


@dataclass(frozen=True)
class JudgmentsRead:
    """The judgments, how many rows the table had, and how many were set aside."""

    judgments: Judgments
    rows: int
    quarantined: int


def read_judgments(
    source: Source,
    items: Ids,
    settings: DataSettings = DEFAULTS,
    *,
    quarantine: Path | None = None,
) -> JudgmentsRead:
    """Read a table of `query`, `item_id`, `grade` (CSV, JSONL, Parquet, SQL) over the catalogue
    `items`.

    Queries stand in order of first appearance. Set aside are rows without one of the three, with
    an unknown item, a blank query or a negative grade, and all but the last of rows that grade the
    same item for the same query. Raises `BadInput` where no row can be used.
    """
    place = resolved(source)
    file = str(place)
    raw = read_table(place, settings)
    matched = match_columns("judgments", file, raw.columns, settings)
    with Quarantine(quarantine) as aside:
        frame, _ = clean_table("judgments", file, raw, matched, aside)
        frame = frame.with_columns(pl.col("query").str.strip_chars())
        frame = sift(file, frame, _faults(frame, items, matched.columns), aside)
        frame = sift(file, frame, _repeated(frame, matched.columns), aside)
        refuse_if_nothing_left("judgments", file, raw.total, frame, aside)
        if not len(frame):
            raise BadInput(f"{file} holds no judgments.", hint="Give at least one row.")
        return JudgmentsRead(_judgments(frame, items), raw.total, aside.count(file))


def _faults(frame: pl.DataFrame, items: Ids, columns: dict[str, str]) -> list[Fault]:
    known = pl.Series(items.positions(frame["item_id"].to_list()) >= 0, dtype=pl.Boolean)
    blank = frame["query"].str.len_chars() == 0
    checks = (
        ("query", "blank query", blank),
        ("item_id", "unknown item", ~known),
        ("grade", "negative grade", frame["grade"] < 0),
    )
    return [Fault(columns[word], why, mask, frame[word]) for word, why, mask in checks]


def _repeated(frame: pl.DataFrame, columns: dict[str, str]) -> list[Fault]:
    again = ~frame.select(pl.struct("query", "item_id").is_last_distinct()).to_series()
    return [Fault(columns["item_id"], "judged again below", again, frame["item_id"])]


def _judgments(frame: pl.DataFrame, items: Ids) -> Judgments:
    texts = frame["query"].unique(maintain_order=True)
    rows = pl.DataFrame({"query": texts, "__at": np.arange(len(texts))})
    placed = frame.join(rows, on="query", how="left", maintain_order="left")
    placed = placed.sort("__at", ROW, maintain_order=True)
    counts = np.bincount(placed["__at"].to_numpy(), minlength=len(texts))
    return Judgments(
        texts=tuple(texts.to_list()),
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        items=items.positions(placed["item_id"].to_list()),
        grades=placed["grade"].to_numpy().astype(np.float32),
    )
