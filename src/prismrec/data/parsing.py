"""From a raw column to a typed one: each parser gives the values and says which rows are wrong.

A parser takes a column of any type and never raises for what a row holds. Missing values stay
missing; whether they may be is decided where the columns of a table meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

__all__ = [
    "Parsed", "Parser", "bag", "degrees", "flag", "identifier", "number", "price", "text", "vector",
    "words",
]  # fmt: skip

LONGEST_ID = 512
NOTHING = ("", "null", "none", "na", "n/a", "nil", "\\n")
TRUE = ("true", "t", "yes", "y", "1", "1.0", "in stock", "instock", "available", "有货", "是")
FALSE = (
    "false", "f", "no", "n", "0", "0.0", "out of stock", "outofstock", "unavailable",
    "sold out", "缺货", "否",
)  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """`values` in their type, null where missing or wrong; `faults` are (reason, wrong rows)."""

    values: pl.Series
    faults: list[tuple[str, pl.Series]] = field(default_factory=list)


Parser = Callable[[pl.Series], Parsed]


def identifier(raw: pl.Series) -> Parsed:
    """Ids as text: whole numbers without a decimal point, blank ones missing."""
    if raw.dtype.is_nested() or raw.dtype == pl.Object:
        return wrong_type(raw, "not an id")
    if raw.dtype.is_float():
        whole = raw.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == raw).fill_null(False)
        cleaned = raw.fill_nan(None).cast(pl.String)
        raw = whole.cast(pl.String).zip_with(is_whole, cleaned)
    values = raw.cast(pl.String)
    blank = (values.str.strip_chars() == "").fill_null(False)
    if blank.any():
        values = values.zip_with(~blank, pl.Series([None], dtype=pl.String))
    long = (values.str.len_bytes() > LONGEST_ID).fill_null(False)
    odd = values.str.contains("\0", literal=True).fill_null(False)
    return Parsed(values, [("id is longer than 512 bytes", long), ("id has a NUL", odd)])


def text(raw: pl.Series) -> Parsed:
    """Free text; lists are joined with commas."""
    if isinstance(raw.dtype, pl.List):
        return Parsed(raw.cast(pl.List(pl.String), strict=False).list.join(", ", ignore_nulls=True))
    if raw.dtype.is_nested() or raw.dtype == pl.Object:
        return wrong_type(raw, "not text")
    return Parsed(raw.cast(pl.String).str.replace_all("\0", "", literal=True))


def words(raw: pl.Series) -> Parsed:
    """Short names such as event types: lower case, without blanks around."""
    parsed = wrong_type(raw, "not a name") if raw.dtype.is_nested() else text(raw)
    lower = parsed.values.str.strip_chars().str.to_lowercase()
    return Parsed(lower.replace("", None), parsed.faults)


def number(raw: pl.Series) -> Parsed:
    """Finite numbers, as Float64."""
    if raw.dtype.is_nested() or raw.dtype == pl.Object or raw.dtype.is_temporal():
        return wrong_type(raw, "not a number", pl.Float64)
    given = raw.is_not_null()
    if raw.dtype == pl.String:
        raw = raw.str.strip_chars()
        given = given & ~raw.str.to_lowercase().is_in(NOTHING).fill_null(True)
    values = raw.cast(pl.Float64, strict=False)
    unread = given & values.is_null()
    odd = values.is_finite().not_().fill_null(False)
    clean = values.zip_with(~odd, pl.Series([None], dtype=pl.Float64)) if odd.any() else values
    return Parsed(clean, [("not a number", unread), ("not a finite number", odd)])


def price(raw: pl.Series) -> Parsed:
    """Money, not negative; a currency sign in front and commas between thousands are understood."""
    if raw.dtype == pl.String:
        raw = raw.str.strip_chars(" $€£¥￥")
        commas = raw.str.contains(r"^\d{1,3}(,\d{3})+(\.\d+)?$").fill_null(False)
        raw = raw.str.replace_all(",", "", literal=True).zip_with(commas, raw)
    parsed = number(raw)
    negative = (parsed.values < 0).fill_null(False)
    return Parsed(parsed.values, [*parsed.faults, ("negative price", negative)])


def degrees(limit: float) -> Parser:
    """A parser of degrees between `-limit` and `limit`."""

    def parser(raw: pl.Series) -> Parsed:
        parsed = number(raw)
        outside = (parsed.values.abs() > limit).fill_null(False)
        return Parsed(parsed.values, [*parsed.faults, (f"beyond {limit:g} degrees", outside)])

    return parser


def vector(raw: pl.Series) -> Parsed:
    """Lists of finite numbers, all as long as the first one; an empty list is missing."""
    values = raw.cast(pl.List(pl.Float64))
    lengths = values.list.len()
    given = (lengths > 0).fill_null(False)
    first = lengths.filter(given).head(1)
    other = given & (lengths != first.item()) if len(first) else ~raw.is_null() & False
    is_finite = pl.element().is_finite().fill_null(False).all()
    odd = given & ~values.list.eval(is_finite).list.first().fill_null(True)
    return Parsed(values, [("vector of another length", other), ("not finite numbers", odd)])


def flag(raw: pl.Series) -> Parsed:
    """Yes or no, or a stock count (more than none is yes)."""
    if raw.dtype == pl.Boolean:
        return Parsed(raw)
    if raw.dtype == pl.String:
        lower = raw.str.strip_chars().str.to_lowercase()
        yes, no = lower.is_in(TRUE), lower.is_in(FALSE)
        counted = lower.cast(pl.Float64, strict=False)
        values = (yes | (counted > 0).fill_null(False)).zip_with(
            (yes | no | counted.is_finite().fill_null(False)).fill_null(False),
            pl.Series([None], dtype=pl.Boolean),
        )
        unread = values.is_null() & ~lower.is_in(NOTHING).fill_null(True)
        return Parsed(values, [("neither yes nor no", unread)])
    parsed = number(raw)
    return Parsed(parsed.values > 0, parsed.faults)


def bag(raw: pl.Series) -> Parsed:
    """Several names: a list (nested ones are flattened), JSON, or text cut at `|`, `;` or `>`."""
    dtype = raw.dtype
    while isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        if not isinstance(inner, pl.List | pl.Array):
            break
        raw, dtype = raw.list.eval(pl.element().explode()), pl.List(inner.inner)
    if isinstance(dtype, pl.List | pl.Array):
        if dtype.inner.is_nested():
            return wrong_type(raw, "not a list of names", pl.List(pl.String))
        return Parsed(tidy(raw.cast(pl.List(pl.String), strict=False)))
    if dtype.is_nested() or dtype == pl.Object:
        return wrong_type(raw, "not a list of names", pl.List(pl.String))
    values = raw.cast(pl.String)
    if values.str.starts_with("[").any():
        values = pl.Series([unpacked(value) for value in values], dtype=pl.String)
    return Parsed(tidy(values.str.replace_all("[;>]", "|").str.split("|")))


def unpacked(value: str | None) -> str | None:
    """A JSON list as text cut at `|`; anything else as it is."""
    try:
        parts = json.loads(value) if value else value
    except (ValueError, RecursionError):
        return value
    return "|".join(map(str, parts)) if isinstance(parts, list) else value


def tidy(lists: pl.Series) -> pl.Series:
    """Lists without blanks and repeats; none is an empty list."""
    part = pl.element().str.strip_chars()
    kept = lists.fill_null([]).list.eval(part.filter(part.fill_null("") != ""))
    return kept.list.unique(maintain_order=True)


def wrong_type(raw: pl.Series, reason: str, dtype: PolarsDataType = pl.String) -> Parsed:
    """A column in which every value that is there is wrong."""
    return Parsed(pl.Series(raw.name, [None] * len(raw), dtype), [(reason, raw.is_not_null())])
