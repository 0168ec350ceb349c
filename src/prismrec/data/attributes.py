"""From rows to items and users: which further columns are attributes, texts or vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from prismrec.core import Item, User
from prismrec.core.catalogue import AttributeValue

__all__ = ["items_of", "settled", "users_of"]

TEXTS = (
    "people", "abstract", "subtitle", "summary", "overview", "plot", "cast", "actors", "directors",
    "authors", "author", "body", "text", "content", "notes",
)  # fmt: skip
LONG_TEXT = 50
"""A column whose values are longer than this on average is text to read, not an attribute."""
ITEM_WORDS = (
    "item_id", "title", "description", "brand", "categories", "price", "available", "created_at",
    "attributes",
)  # fmt: skip
USER_WORDS = ("user_id", "tags", "latitude", "longitude")


def settled(frame: pl.DataFrame, words: tuple[str, ...]) -> pl.DataFrame:
    """Further columns in plain types: structs unnested, numbers in text made numbers."""
    if isinstance(frame.schema.get("attributes"), pl.Struct):
        taken = [name for name in frame.columns if name != "attributes"]
        fields = [f.name for f in frame.schema["attributes"].fields]  # type: ignore[attr-defined]
        spread = [pl.col("attributes").struct.field(f) for f in fields if f not in taken]
        frame = frame.with_columns(spread).drop("attributes")
    elif "attributes" in frame.columns:
        frame = frame.with_columns(_pairs(frame["attributes"]))
    return frame.with_columns(_plain(frame[name]) for name in frame.columns if name not in words)


def items_of(frame: pl.DataFrame) -> Iterator[Item]:
    """The rows of `Dataset.items` as items."""
    further = [name for name in frame.columns if name not in ITEM_WORDS]
    vectors = [name for name in further if _is_vector(frame.schema[name])]
    texts = [name for name in further if name not in vectors and _is_text(frame[name])]
    scalars = [name for name in further if name not in vectors and name not in texts]
    for row in frame.iter_rows(named=True):
        attributes = {n: v for n in scalars if (v := _value(row[n])) is not None}
        attributes |= _split_pairs(row.get("attributes"))
        yield Item(
            item_id=row["item_id"],
            title=row["title"],
            description=row["description"],
            brand=row["brand"],
            categories=tuple(row["categories"]),
            attributes=attributes,
            price=row["price"],
            available=row["available"],
            created_at=row["created_at"],
            texts={n: t for n in texts if (t := _joined(row[n]))},
            vectors={n: tuple(row[n]) for n in vectors if row[n]},
        )


def users_of(frame: pl.DataFrame) -> Iterator[User]:
    """The rows of `Dataset.users` as users."""
    further = [name for name in frame.columns if name not in USER_WORDS]
    for row in frame.iter_rows(named=True):
        place = (row.get("latitude"), row.get("longitude"))
        yield User(
            user_id=row["user_id"],
            attributes={n: v for n in further if (v := _value(row[n])) is not None},
            tags=tuple(row.get("tags") or ()),
            location=None if None in place else place,  # type: ignore[arg-type]
        )


def _value(value: Any) -> AttributeValue | None:
    if isinstance(value, list):
        return tuple(map(str, value)) or None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    return str(value).strip() or None


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _is_vector(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List | pl.Array) and dtype.inner.is_float()


def _is_text(series: pl.Series) -> bool:
    if series.name.lower() in TEXTS:
        return series.dtype == pl.String or isinstance(series.dtype, pl.List)
    mean = series.str.len_chars().mean() if series.dtype == pl.String else None
    return isinstance(mean, int | float) and mean > LONG_TEXT


def _plain(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    if dtype == pl.String:
        blank = series.str.strip_chars().replace("", None)
        numbers = blank.cast(pl.Float64, strict=False)
        all_read = numbers.null_count() == blank.null_count() < len(series)
        # A code with a leading zero is a name, not a number.
        codes = blank.str.contains(r"^[+-]?0\d").any()
        return numbers if all_read and not codes and numbers.is_finite().all() else series
    if _is_vector(dtype):
        return series.cast(pl.List(pl.Float64))
    if isinstance(dtype, pl.List | pl.Array) and not dtype.inner.is_nested():
        parts = pl.element().filter(pl.element().is_not_null())
        return series.cast(pl.List(pl.String)).list.eval(parts)
    if dtype.is_float():
        finite = series.is_finite().fill_null(False)
        return series.zip_with(finite, pl.Series([None], dtype=dtype))
    if dtype.is_numeric() or dtype == pl.Boolean:
        return series
    return pl.Series(series.name, [None if v is None else str(v) for v in series], pl.String)


def _pairs(series: pl.Series) -> pl.Series:
    """Attributes as lists of `"name: value"`, from such lists, JSON objects, or text cut at `;`."""
    if isinstance(series.dtype, pl.List) and series.dtype.inner == pl.String:
        return series.fill_null([])
    rows = [_row_pairs(value) for value in series.to_list()]
    return pl.Series(series.name, rows, pl.List(pl.String))


def _row_pairs(value: Any) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    if isinstance(value, Mapping):
        return [f"{name}: {part}" for name, part in value.items() if part is not None]
    if isinstance(value, list):
        return [pair for part in value for pair in _row_pairs(_named(part))]
    return [part.strip() for part in str(value or "").split(";") if part.strip()]


def _named(part: Any) -> Any:
    """`{"name": "color", "value": "red"}` as `{"color": "red"}`."""
    if isinstance(part, Mapping) and "value" in part and ("name" in part or "key" in part):
        return {str(part.get("name", part.get("key"))): part["value"]}
    return part


def _split_pairs(pairs: list[str] | None) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for pair in pairs or ():
        name, colon, value = (pair or "").partition(":")
        if colon and name.strip() and value.strip():
            earlier = found.get(name.strip())
            several = (*earlier, value.strip()) if isinstance(earlier, tuple) else ()
            both = (str(earlier), value.strip()) if earlier is not None else None
            found[name.strip()] = several or both or value.strip()
    return found
