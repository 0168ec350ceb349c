"""Reading one table from a file or a query: every row as it stands, numbered from 1.

A clean file takes the fast path through polars. A file that polars refuses is read again record by
record, so that only the broken rows are lost, and those are named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl

from prismrec.core import BadInput
from prismrec.data.raw import ROW, Raw
from prismrec.data.salvage import salvage_csv, salvage_jsonl
from prismrec.data.settings import DEFAULTS, DataSettings
from prismrec.data.sources import SqlSource

__all__ = ["read_table"]

RECBOLE = (".inter", ".item", ".user", ".net")


def read_table(source: Path | SqlSource, settings: DataSettings = DEFAULTS) -> Raw:
    """All rows of a table. Raises `BadInput` that names a file which cannot be read at all."""
    if isinstance(source, SqlSource):
        return read_sql(source)
    reader = _reader(source)
    if source.is_dir():
        raise BadInput(f"{source} is a folder.", hint="Give a file.")
    if source.stat().st_size == 0:
        raise BadInput(f"{source} is empty.", hint="Remove it, or give it at least a header line.")
    try:
        return plain_types(reader(source, settings))
    except (pl.exceptions.PolarsError, OSError, EOFError, UnicodeError) as error:
        raise BadInput(
            f"{source} cannot be read: {str(error).splitlines()[0]}",
            hint="Check that the file is whole and that its ending names its format.",
        ) from error


def _reader(path: Path) -> Callable[[Path, DataSettings], Raw]:
    name = path.name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix in (".csv", ".tsv", ".txt"):
        return read_csv
    if suffix in (".jsonl", ".ndjson"):
        return lambda path, _: salvage_jsonl(path)
    if suffix == ".parquet":
        return lambda path, _: Raw(pl.read_parquet(path).with_row_index(ROW, 1))
    if suffix in RECBOLE:
        return read_recbole
    raise BadInput(
        f"{path} has an ending that is not known.",
        hint="Known are .parquet, .csv, .tsv, .jsonl, .ndjson (and .gz of the text ones), "
        ".inter, .item, .user and .net.",
    )


def read_csv(path: Path, settings: DataSettings, *, quote: str | None = '"') -> Raw:
    """A CSV file with a header, every column as text."""
    if not is_utf8(settings.encoding):
        return salvage_csv(path, settings.separator or None, settings.encoding, quote)
    try:
        frame = pl.read_csv(
            path,
            infer_schema=False,
            separator=settings.separator or guessed_separator(path),
            quote_char=quote,
            row_index_name=ROW,
            row_index_offset=1,
        )
    except pl.exceptions.NoDataError as error:
        raise BadInput(f"{path} is empty.", hint="Give it at least a header line.") from error
    except pl.exceptions.PolarsError:
        return salvage_csv(path, settings.separator or guessed_separator(path), "utf-8", quote)
    return Raw(frame)


def read_recbole(path: Path, settings: DataSettings) -> Raw:
    """A RecBole atomic file: tab-separated, header `name:type`; `*_seq` columns become lists."""
    tabbed = DataSettings(separator=settings.separator or "\t", encoding=settings.encoding)
    raw = read_csv(path, tabbed, quote=None)
    renamed, lists = {}, []
    for name in raw.frame.columns:
        word, _, kind = name.partition(":")
        renamed[name] = word
        if kind == "token_seq":
            lists.append(
                pl.col(word).str.split(" ").list.eval(pl.element().filter(pl.element() != ""))
            )
        elif kind == "float_seq":
            lists.append(pl.col(word).str.split(" ").cast(pl.List(pl.Float64), strict=False))
    return Raw(raw.frame.rename(renamed).with_columns(lists), raw.faults, raw.rows)


def read_sql(source: SqlSource) -> Raw:
    """The rows of a query, through SQLAlchemy. Nothing that it changes is committed."""
    import sqlalchemy as sa

    # A colon in a query is a colon, not a parameter.
    query = sa.text(re.sub(r"(?<![:\w\\]):(?=\w)", r"\:", source.query))
    url = re.sub("^postgres(ql)?://", "postgresql+psycopg://", source.url)
    try:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            frame = pl.read_database(query, connection, infer_schema_length=None)
        engine.dispose()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise BadInput(
            f"{source}: this is no URL of a database that is known.",
            hint="Use one such as sqlite:///shop.db or postgresql://user@host/shop.",
        ) from error
    except (sa.exc.SQLAlchemyError, pl.exceptions.PolarsError, ImportError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BadInput(
            f"The query on {source} failed: {reason}",
            hint="Check the URL, the query and the rights of its user.",
        ) from error
    except AttributeError as error:  # polars finds no columns in the answer
        raise BadInput(
            f"The query on {source} gives no rows.", hint="It must be a SELECT."
        ) from error
    return plain_types(Raw(frame.with_row_index(ROW, 1)))


def plain_types(raw: Raw) -> Raw:
    """Codes of categories and bytes as text; bytes that are not UTF-8 go missing."""
    frame = raw.frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    texts = [
        pl.Series(name, [_decoded(value) for value in frame[name]], pl.String)
        for name, dtype in frame.schema.items()
        if dtype == pl.Binary
    ]
    return Raw(frame.with_columns(texts), raw.faults, raw.rows)


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def guessed_separator(path: Path) -> str:
    """The separator that splits the header line into the most columns."""
    from prismrec.data.salvage import opened

    with opened(path) as file:
        header = file.readline(1 << 20)
    if header.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path} is UTF-16.", hint='Set [data] encoding = "utf-16".')
    if b"\r" in header.rstrip(b"\r\n") and not header.endswith(b"\n"):
        raise BadInput(
            f"The lines of {path} end in carriage returns alone.",
            hint="Save it with line feeds (Unix) or both (Windows).",
        )
    return max((",", "\t", ";", "|"), key=lambda mark: header.count(mark.encode()))


def is_utf8(encoding: str) -> bool:
    """Whether the name means UTF-8."""
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
