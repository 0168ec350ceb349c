"""From a table as it was read to clean typed columns; bad rows go to the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from prismrec.core import BadInput
from prismrec.data.moments import moments
from prismrec.data.parsing import (
    Parsed,
    Parser,
    bag,
    degrees,
    flag,
    identifier,
    number,
    price,
    text,
    vector,
    words,
)
from prismrec.data.quarantine import Quarantine
from prismrec.data.raw import ROW, Raw
from prismrec.data.vocabulary import Matched

__all__ = ["Fault", "clean_table", "refuse_if_nothing_left", "sift"]

EARLIEST_CREATION = -30_610_224_000_000
"""The year 1000: items may be older than computers."""


def _created(raw: pl.Series) -> Parsed:
    found = moments(raw, earliest=EARLIEST_CREATION, may_order=False)
    return Parsed(found.values, found.faults)


def _as_it_is(raw: pl.Series) -> Parsed:
    return Parsed(raw)


def _further(raw: pl.Series) -> Parsed:
    dtype = raw.dtype
    is_vector = isinstance(dtype, pl.List | pl.Array) and dtype.inner.is_float()
    return vector(raw) if is_vector else Parsed(raw)


PARSERS: Mapping[str, Mapping[str, Parser]] = {
    "items": {
        "item_id": identifier, "title": text, "description": text, "brand": text,
        "categories": bag, "attributes": _as_it_is, "price": price, "available": flag,
        "created_at": _created,
    },
    "events": {
        "user_id": identifier, "item_id": identifier, "event": words, "value": number,
        "event_id": identifier, "session_id": identifier, "query": text,
    },
    "users": {
        "user_id": identifier, "tags": bag, "latitude": degrees(90), "longitude": degrees(180),
    },
    "relations": {
        "source": identifier, "target": identifier, "kind": words, "weight": number,
        "between": words,
    },
    "judgments": {"query": text, "item_id": identifier, "grade": number},
}  # fmt: skip

NEEDED = {
    "items": ("item_id",),
    "events": ("item_id", "event"),
    "users": ("user_id",),
    "relations": ("source", "target"),
    "judgments": ("query", "item_id", "grade"),
}


@dataclass(frozen=True)
class Fault:
    """Rows of a table that are wrong: where `mask` is true, `raw` of `column` cannot stand."""

    column: str
    reason: str
    mask: pl.Series
    raw: pl.Series


def clean_table(
    table: str, file: str, raw: Raw, matched: Matched, quarantine: Quarantine
) -> tuple[pl.DataFrame, bool]:
    """The table's known columns in their types, `ROW`, and the columns nobody knows as they were.

    The second value says whether the timestamps of events are positions.
    """
    for fault in raw.faults:
        quarantine.add(file, "", fault.reason, [fault.row], pl.Series([fault.value]))
    frame, faults, positions = raw.frame, list[Fault](), False
    clean = {ROW: frame[ROW]}
    for word, column in matched.columns.items():
        if word == "timestamp":
            found = moments(frame[column])
            parsed, positions = Parsed(found.values, found.faults), found.positions
        else:
            parsed = PARSERS[table][word](frame[column])
        clean[word] = parsed.values.alias(word)
        faults += [Fault(column, reason, mask, frame[column]) for reason, mask in parsed.faults]
    faults += _missing(table, clean, frame, matched)
    for name in matched.ignored if table in ("items", "users") else ():
        parsed = _further(frame[name])
        clean.setdefault(name, parsed.values)
        faults += [Fault(name, reason, mask, frame[name]) for reason, mask in parsed.faults]
    whole = pl.DataFrame([series.alias(name) for name, series in clean.items()])
    return sift(file, whole, faults, quarantine), positions


def _missing(
    table: str, clean: Mapping[str, pl.Series], frame: pl.DataFrame, matched: Matched
) -> list[Fault]:
    needed = [word for word in (*NEEDED[table], "timestamp") if word in clean]
    faults = [
        Fault(matched.columns[word], f"missing {word}", clean[word].is_null(), clean[word])
        for word in needed
    ]
    if table == "events":
        people = [clean[word] for word in ("user_id", "session_id") if word in clean]
        nobody = people[0].is_null()
        for other in people[1:]:
            nobody = nobody & other.is_null()
        column = matched.columns.get("user_id") or matched.columns["session_id"]
        faults.append(Fault(column, "missing user_id", nobody, frame[column]))
    return faults


def sift(
    file: str, frame: pl.DataFrame, faults: list[Fault], quarantine: Quarantine
) -> pl.DataFrame:
    """The rows of `frame` without a fault. Each bad row is set aside once, for its first fault."""
    good = np.ones(len(frame), bool)
    for fault in faults:
        bad = fault.mask.fill_null(False).to_numpy() & good
        rows = np.flatnonzero(bad)
        if len(rows):
            quarantine.add(
                file, fault.column, fault.reason, frame[ROW].gather(rows), fault.raw.gather(rows)
            )
            good[rows] = False
    return frame if good.all() else frame.filter(good)


def refuse_if_nothing_left(
    table: str, file: str, total: int, left: pl.DataFrame, quarantine: Quarantine
) -> None:
    """Raise `BadInput` where a file had rows and none could be used."""
    if total == 0 or len(left):
        return
    reasons = sorted(quarantine.counts.get(file, {}).items(), key=lambda pair: -pair[1])
    example = quarantine.examples[file][0]
    raise BadInput(
        f"No row of {file} can be used ({total} rows). "
        + "; ".join(f"{reason}: {count}" for reason, count in reasons[:3])
        + f". For example row {example['row']} has {example['value']!r} in {example['column']!r}.",
        hint=f"Check that the columns of {table} are matched as they should be, or name them in "
        '[data] columns; for text that is not UTF-8 set [data] encoding (such as "gb18030").',
    )
