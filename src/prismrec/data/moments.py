"""Times as milliseconds since 1970 UTC, from whatever a file holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from prismrec.data.parsing import NOTHING, wrong_type

__all__ = ["Moments", "moments"]

LAST = 4_102_444_800_000
"""The start of 2100: a later time is an error of unit."""
POSITIONS_BELOW = 10**8
FORMATS = ("%+", "%FT%T%.f", "%FT%R", "%F")


@dataclass(frozen=True)
class Moments:
    """`values` Int64; `positions` where they only order the events of a user."""

    values: pl.Series
    faults: list[tuple[str, pl.Series]] = field(default_factory=list)
    positions: bool = False


def moments(raw: pl.Series, *, earliest: int = 0, may_order: bool = True) -> Moments:
    """Seconds, milli-, micro- or nanoseconds by their size; ISO 8601 text; dates and times.

    A time without a zone is UTC. Whole numbers that are all below 10^8 are positions and kept as
    they are (where they `may_order`). Before `earliest` or after 2099 is wrong.
    """
    if raw.dtype.is_nested() or raw.dtype in (pl.Object, pl.Boolean, pl.Duration, pl.Time):
        parsed = wrong_type(raw, "not a time", pl.Int64)
        return Moments(parsed.values, parsed.faults)
    if raw.dtype in (pl.Datetime, pl.Date):
        return bounded(raw.dt.epoch("ms"), None, earliest)
    if raw.dtype == pl.String:
        return from_text(raw, earliest, may_order)
    numbers = raw.cast(pl.Float64 if raw.dtype.is_float() else pl.Int64, strict=False)
    if numbers.dtype == pl.Float64:
        numbers = numbers.fill_nan(None)
    unread = raw.is_not_null() & numbers.is_null()
    if may_order and are_positions(numbers):
        return ordered(numbers, unread)
    return bounded(scaled(numbers), unread, earliest)


def are_positions(numbers: pl.Series) -> bool:
    """Whether all are whole numbers below 10^8 (and there is one)."""
    top = numbers.max()
    if top is None or not isinstance(top, int | float) or not top < POSITIONS_BELOW:
        return False
    return not numbers.dtype.is_float() or bool((numbers.floor() == numbers).all())


def ordered(numbers: pl.Series, unread: pl.Series) -> Moments:
    values = numbers.cast(pl.Int64, strict=False)
    negative = (values < 0).fill_null(False)
    return Moments(values, [("not a time", unread), ("negative position", negative)], True)


def scaled(numbers: pl.Series) -> pl.Series:
    """Milliseconds from numbers whose size tells their unit: seconds stay below 10^11, then
    milliseconds below 10^14, microseconds below 10^17, nanoseconds."""
    size = pl.col("t").abs()
    whole = not numbers.dtype.is_float()
    ms = (
        pl.when(size < 10**11)
        .then(pl.col("t") * 1000)
        .when(size < 10**14)
        .then(pl.col("t"))
        .when(size < 10**17)
        .then(pl.col("t") // 1000 if whole else pl.col("t") / 1000)
        .otherwise(pl.col("t") // 10**6 if whole else pl.col("t") / 10**6)
    )
    frame = pl.DataFrame({"t": numbers}).select(ms.alias("t"))
    series = frame["t"] if whole else frame["t"].round()
    return series.cast(pl.Int64, strict=False)


def from_text(raw: pl.Series, earliest: int, may_order: bool) -> Moments:
    values = raw.str.strip_chars()
    given = ~values.str.to_lowercase().is_in(NOTHING).fill_null(True)
    numbers = values.cast(pl.Float64, strict=False).fill_nan(None)
    whole = values.cast(pl.Int64, strict=False)
    dated = given & numbers.is_null()
    if not dated.any() and may_order and are_positions(numbers):
        return ordered(numbers, dated)
    # Whole numbers keep every digit: a float holds only 53 bits of a nanosecond.
    times = scaled(whole).zip_with(whole.is_not_null(), scaled(numbers))
    if dated.any():
        times = parsed_dates(values.filter(dated), times, dated)
    return bounded(times, given & times.is_null(), earliest)


def parsed_dates(texts: pl.Series, times: pl.Series, where: pl.Series) -> pl.Series:
    """`times` with the dates of `texts` at the rows `where`."""
    iso = texts.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", "${1}-${2}-${3}")
    iso = iso.str.replace(r"^(\d{4}-\d{1,2}-\d{1,2})[ t]+", "${1}T").str.replace(" UTC$", "Z")
    tries = [
        pl.col("x").str.to_datetime(fmt, strict=False, time_unit="ms", time_zone="UTC")
        for fmt in FORMATS
    ]
    read = pl.DataFrame({"x": iso}).select(pl.coalesce(tries).cast(pl.Int64).alias("t"))["t"]
    return times.scatter(where.arg_true(), read)


def bounded(times: pl.Series, unread: pl.Series | None, earliest: int) -> Moments:
    outside = ((times < earliest) | (times >= LAST)).fill_null(False)
    faults = [("time out of range", outside)]
    return Moments(times, faults if unread is None else [("not a time", unread), *faults])
