"""Reading text files record by record: what is whole is kept, what is broken is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import polars as pl

from prismrec.core import BadInput
from prismrec.data.raw import ROW, Fault, Raw

__all__ = ["frame_of", "opened", "salvage_csv", "salvage_jsonl"]

CHUNK = 100_000
LONGEST_RECORD = 100
"""Lines that one quoted record may span before its quote counts as never closed."""


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where it is gzip."""
    return cast(IO[bytes], gzip.open(path) if path.suffix == ".gz" else path.open("rb"))


def salvage_csv(path: Path, separator: str | None, encoding: str, quote: str | None) -> Raw:
    """A CSV file with broken rows, or in another encoding than UTF-8."""
    with opened(path) as file:
        text = lines_of(file, encoding)
        head = next(text, "").removeprefix("\ufeff")
        mark = separator or max(",\t;|", key=head.count)
        header = unique(parsed(head, mark, quote) or [])
        if not header:
            raise BadInput(
                f"{path} has no header line.", hint="Name the columns in its first line."
            )
        faults: list[Fault] = []
        frames, row = [], 0
        whole = records(text, quote)
        while chunk := list(islice(whole, CHUNK)):
            keep, numbers = [], []
            for record, closed in chunk:
                row += 1
                fields = parsed(record, mark, quote) if closed else None
                reason = trouble(record, fields, len(header))
                if reason:
                    faults.append(Fault(row, reason, readable(record)))
                else:
                    keep.append(fields)
                    numbers.append(row)
            columns = dict(zip(header, zip(*keep, strict=True), strict=False)) if keep else {}
            frames.append(text_frame(header, columns, numbers))
    return Raw(pl.concat(frames) if frames else text_frame(header, {}, []), faults, row)


def salvage_jsonl(path: Path) -> Raw:
    """A JSON Lines file; blank lines are no rows."""
    faults: list[Fault] = []
    frames, row = [], 0
    with opened(path) as file:
        lines = (line for line in file if line.strip())
        while chunk := list(islice(lines, CHUNK)):
            keep, numbers = [], []
            for line in chunk:
                row += 1
                value, reason = decoded(line.removeprefix(b"\xef\xbb\xbf"))
                if reason:
                    faults.append(Fault(row, reason, line.decode("utf-8", "backslashreplace")))
                else:
                    keep.append(value)
                    numbers.append(row)
            frames.append(frame_of(keep).with_columns(pl.Series(ROW, numbers, pl.UInt32)))
    return Raw(together(frames), faults, row)


def lines_of(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Lines without their ending; bytes that break the encoding become lone surrogates."""
    if encoding == "utf-8":
        for line in file:
            yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")
    else:
        wrapped = io.TextIOWrapper(cast(BinaryIO, file), encoding, errors="replace")
        for text in wrapped:
            yield text.rstrip("\n").replace("\ufffd", "\udcff")


def records(lines: Iterable[str], quote: str | None) -> Iterator[tuple[str, bool]]:
    """Records of one or more lines, and whether the quotes of each are closed."""
    source, waiting = iter(lines), deque[str]()

    def following() -> str | None:
        return waiting.popleft() if waiting else next(source, None)

    while (line := following()) is not None:
        if not line:
            continue
        held = [line]
        is_open = quote is not None and line.count(quote) % 2 == 1
        while is_open and len(held) < LONGEST_RECORD and (more := following()) is not None:
            held.append(more)
            is_open = more.count(cast(str, quote)) % 2 == 0
        if is_open:
            waiting.extendleft(reversed(held[1:]))
            yield line, False
        else:
            yield "\n".join(held), True


def parsed(record: str, separator: str, quote: str | None) -> list[str] | None:
    """The fields of one record, `None` where it cannot be parsed."""
    if quote is None or quote not in record:
        return record.split(separator)
    lines = [line + "\n" for line in record.split("\n")]
    try:
        rows = list(csv.reader(lines, delimiter=separator, quotechar=quote))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def trouble(record: str, fields: Sequence[str] | None, width: int) -> str:
    """Why a record cannot be used; empty if it can."""
    try:
        record.encode()
    except UnicodeEncodeError:
        return "not valid text in this encoding"
    if fields is None:
        return "a quote is never closed"
    if len(fields) != width:
        return "more fields than columns" if len(fields) > width else "fewer fields than columns"
    return ""


def readable(record: str) -> str:
    """A record with its broken bytes written out."""
    return record.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unique(names: Sequence[str]) -> list[str]:
    """Header names, repeated ones numbered."""
    return [f"{n}_{i}" if n in names[:i] else readable(n) for i, n in enumerate(names)]


def text_frame(header: Sequence[str], columns: dict[str, Any], rows: Sequence[int]) -> pl.DataFrame:
    """All columns as text; empty fields are missing."""
    series = [pl.Series(name, columns.get(name, ()), pl.String) for name in header]
    frame = pl.DataFrame([pl.Series(ROW, rows, pl.UInt32), *series])
    return frame.with_columns(pl.col(pl.String).replace("", None))


def decoded(line: bytes) -> tuple[dict[str, Any], str]:
    """The object of one line, or why there is none."""
    try:
        value = json.loads(line)
        if b"\\u" in line:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        return {}, "not valid text in this encoding"
    except (ValueError, RecursionError):
        return {}, "not valid JSON"
    if not isinstance(value, dict):
        return {}, "not a JSON object"
    return value, ""


def frame_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows of mixed values as columns of one type each; what mixes becomes text."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = [series_of(name, [row.get(name) for row in rows]) for name in names]
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=len(rows))


def series_of(name: str, values: list[Any]) -> pl.Series:
    """One column in its narrowest common type."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {list}:
        flat = [v if v is None else [spelled(part) for part in v] for v in values]
        numbers = all(type(part) in (int, float) for v in values if v for part in v)
        lists = pl.Series(name, flat, pl.List(pl.String))
        return lists.cast(pl.List(pl.Float64)) if numbers and any(values) else lists
    for types, dtype in (({bool}, pl.Boolean), ({int}, pl.Int64), ({int, float}, pl.Float64)):
        if kinds <= types and kinds and fits(values, dtype):
            return pl.Series(name, values, dtype, strict=False)
    return pl.Series(name, [spelled(value) for value in values], pl.String)


def fits(values: Iterable[Any], dtype: type[pl.DataType]) -> bool:
    """Whether whole numbers stay what they are in a column of `dtype`."""
    bound = 2**63 if dtype == pl.Int64 else 2**53
    return all(abs(v) < bound for v in values if type(v) is int)


def spelled(value: Any) -> str | None:
    """A value as text: JSON for what is nested."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def together(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Chunks as one frame; a column whose type differs between chunks becomes text."""
    dtypes: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for name, dtype in frame.schema.items():
            dtypes.setdefault(name, set()).add(dtype)
    mixed = [name for name, found in dtypes.items() if len(found) > 1]
    if mixed:
        from prismrec.data.quarantine import as_text

        frames = [
            frame.with_columns(as_text(frame[name]) for name in mixed if name in frame.columns)
            for frame in frames
        ]
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame({ROW: []})
