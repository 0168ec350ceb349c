"""Bad files, rows and settings: every one gets a clear answer, and none crashes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from prismrec.core import BadInput, BadSettings, NotFound, PrismError
from prismrec.data import DataSettings, Feedback, Sources, read

ITEMS = b"item_id,title\ni1,One\ni2,Two\n"
EVENTS = b"user_id,item_id,event,timestamp\n"
GOOD = b"u1,i1,view,1700000000\n"


def quarantined(folder: Path, settings: DataSettings | None = None) -> list[dict]:
    """The quarantine rows that reading `folder` leaves."""
    path = folder / "aside" / "bad.jsonl"
    dataset = read(folder, settings or DataSettings(), quarantine=path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == dataset.report.quarantined
    for file in dataset.report.files:
        assert file.rows == file.accepted + sum(file.quarantined.values())
    json.dumps(dataset.report.to_dict())
    return rows


def write(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)


EVENT_ROWS = [
    pytest.param(b",i1,view,1700000000", "user_id", "missing user_id", "", id="no-user"),
    pytest.param(b"   ,i1,view,1700000000", "user_id", "missing user_id", "   ", id="blank-user"),
    pytest.param(b"u1,,view,1700000000", "item_id", "missing item_id", "", id="no-item"),
    pytest.param(b"u1,i9,view,1700000000", "item_id", "unknown item", "i9", id="unknown-item"),
    pytest.param(b"u1,i1,,1700000000", "event", "missing event", "", id="no-event-type"),
    pytest.param(b"u1,i1,view,", "timestamp", "missing timestamp", "", id="no-time"),
    pytest.param(b"u1,i1,view,soon", "timestamp", "not a time", "soon", id="unreadable-time"),
    pytest.param(b"u1,i1,view,2024-13-45", "timestamp", "not a time", "2024-13-45", id="no-date"),
    pytest.param(b"u1,i1,view,NaN", "timestamp", "not a time", "NaN", id="nan-time"),
    pytest.param(b"u1,i1,view,inf", "timestamp", "not a time", "inf", id="infinite-time"),
    pytest.param(
        b"u1,i1,view,-1700000000", "timestamp", "time out of range", "-1700000000", id="time<0"
    ),
    pytest.param(
        b"u1,i1,view,2150-01-01", "timestamp", "time out of range", "2150-01-01", id="far-future"
    ),
    pytest.param(
        b"u1,\xff\xfe,view,1700000000", "", "not valid text in this encoding", None, id="bad-utf8"
    ),
    pytest.param(b"u1,i1,view,1700000000,x", "", "more fields than columns", None, id="long-row"),
    pytest.param(b'u1,"i1,view,1700000000', "", "a quote is never closed", None, id="open-quote"),
    pytest.param(
        b"u" * 600 + b",i1,view,1700000000", "user_id", "id is longer than 512 bytes", None,
        id="long-id",
    ),
    pytest.param(b"u\x00,i1,view,1700000000", "user_id", "id has a NUL", None, id="nul-in-id"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "column", "reason", "value"), EVENT_ROWS)
def test_a_bad_event_row_is_set_aside_alone(
    tmp_path: Path, row: bytes, column: str, reason: str, value: str | None
) -> None:
    write(tmp_path, "items.csv", ITEMS)
    write(tmp_path, "events.csv", EVENTS + GOOD + row + b"\n" + GOOD)
    (bad,) = quarantined(tmp_path)
    assert bad["file"].endswith("events.csv")
    assert (bad["row"], bad["column"], bad["reason"]) == (2, column, reason)
    if value is not None:
        assert (bad["value"] or "") == value
    assert len(bad["value"] or "") <= 200
    assert len(read(tmp_path).events) == 2


TABLE_ROWS = [
    pytest.param("items.csv", b"item_id,price\ni1,1\ni2,-3\n", 2, "negative price", id="price<0"),
    pytest.param("items.csv", b"item_id,price\ni1,1\ni2,dear\n", 2, "not a number", id="word"),
    pytest.param(
        "items.csv", b"item_id,price\ni1,1\ni2,inf\n", 2, "not a finite number", id="price-inf"
    ),
    pytest.param(
        "items.csv", b"item_id,price\ni1,1\ni2,NaN\n", 2, "not a finite number", id="price-nan"
    ),
    pytest.param("items.csv", b"item_id\ni1\ni1\n", 2, "duplicate item_id", id="item-twice"),
    pytest.param(
        "items.csv", b"item_id,available\ni1,yes\ni2,maybe\n", 2, "neither yes nor no", id="flag"
    ),
    pytest.param(
        "items.csv", b"item_id,created_at\ni1,2020-01-01\ni2,old\n", 2, "not a time", id="created"
    ),
    pytest.param(
        "items.jsonl", b'{"item_id":"i1"}\n{"item_id":\n', 2, "not valid JSON", id="json-cut"
    ),
    pytest.param("items.jsonl", b'{"item_id":"i1"}\n[1]\n', 2, "not a JSON object", id="json-list"),
    pytest.param(
        "items.jsonl", b'{"item_id":"i1"}\n{"item_id":"\xff"}\n', 2,
        "not valid text in this encoding", id="json-utf8",
    ),
    pytest.param(
        "items.jsonl", b'{"item_id":"i1"}\n{"item_id":"\\ud800"}\n', 2,
        "not valid text in this encoding", id="json-surrogate",
    ),
    pytest.param(
        "items.jsonl", b'{"item_id":"i1"}\n' + b"[" * 100_000 + b"\n", 2, "not valid JSON",
        id="json-deep",
    ),
    pytest.param(
        "items.jsonl", b'{"item_id":"i1"}\n{"title":"x"}\n', 2, "missing item_id", id="no-id"
    ),
    pytest.param(
        "users.csv", b"user_id,lat,lon\nu1,1,2\nu2,91,2\n", 2, "beyond 90 degrees", id="latitude"
    ),
    pytest.param("users.csv", b"user_id\nu1\nu1\n", 2, "duplicate user_id", id="user-twice"),
    pytest.param(
        "relations.csv", b"source,target,between\na,b,users\na,b,planets\n", 2,
        "neither users, items nor values", id="relation-between",
    ),
    pytest.param(
        "relations.csv", b"source,target,weight\na,b,1\na,b,much\n", 2, "not a number",
        id="relation-weight",
    ),
    pytest.param(
        "events.csv", b"user_id,item_id,event_id\nu1,i1,e1\nu1,i1,e1\n", 2, "duplicate event_id",
        id="event-twice",
    ),
    pytest.param(
        "events.csv", b"user_id,item_id,value\nu1,i1,1\nu1,i1,lots\n", 2, "not a number", id="value"
    ),
    pytest.param(
        "events.csv", b"user_id,item_id,value\nu1,i1,1\nu1,i1,nan\n", 2, "not a finite number",
        id="value-nan",
    ),
]  # fmt: skip


TYPED_ROWS = [
    pytest.param(
        {"item_id": ["a", "b"], "image": [[1.0, 2.0], [3.0]]}, "image",
        "vector of another length", id="short-vector",
    ),
    pytest.param(
        {"item_id": ["a", "b"], "image": [[1.0], [float("nan")]]}, "image", "not finite numbers",
        id="nan-vector",
    ),
    pytest.param(
        {"item_id": ["a", "b"], "image": [[1.0], [None]]}, "image", "not finite numbers",
        id="null-in-vector",
    ),
    pytest.param(
        {"item_id": ["a", "b"], "price": [1.0, float("nan")]}, "price", "not a finite number",
        id="nan-price",
    ),
    pytest.param({"item_id": [b"a", b"\xff"]}, "item_id", "missing item_id", id="id-bytes"),
    pytest.param({"item_id": ["a", None]}, "item_id", "missing item_id", id="null-id"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "column", "reason"), TYPED_ROWS)
def test_a_bad_value_in_a_typed_file_costs_its_row(
    tmp_path: Path, columns: dict, column: str, reason: str
) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "items.parquet")
    (bad,) = quarantined(tmp_path)
    assert (bad["row"], bad["column"], bad["reason"]) == (2, column, reason)
    assert [item.item_id for item in read(tmp_path).iter_items()] == ["a"]


@pytest.mark.parametrize(("name", "content", "row", "reason"), TABLE_ROWS)
def test_a_bad_row_of_any_table_is_set_aside_alone(
    tmp_path: Path, name: str, content: bytes, row: int, reason: str
) -> None:
    if not name.startswith("items"):
        write(tmp_path, "items.csv", ITEMS)
    write(tmp_path, name, content)
    (bad,) = quarantined(tmp_path)
    assert (bad["row"], bad["reason"]) == (row, reason)
    assert bad["file"].endswith(name)


def parquet(**columns: object) -> Callable[[Path], None]:
    return lambda path: pl.DataFrame(columns).write_parquet(path)


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


FILES = [
    pytest.param(
        "items.csv", raw(b"name,cost\na,1\n"), "no column for 'item_id'", id="no-item-column"
    ),
    pytest.param(
        "items.csv", raw(b"itemm_id,cost\na,1\n"), "closest is 'itemm_id'", id="near-column"
    ),
    pytest.param(
        "events.csv", raw(b"item_id\ni1\n"), "no column for 'user_id'", id="no-user-column"
    ),
    pytest.param("events.csv", raw(b""), "is empty", id="empty-csv"),
    pytest.param("items.csv", raw(b"item_id,title\ra,x\rb,y\r"), "carriage returns", id="old-mac"),
    pytest.param("items.jsonl", raw(b"\n\n"), "Found: no columns", id="blank-jsonl"),
    pytest.param("events.csv", raw(b"1,2,3\n4,5,6\n"), "Found: 1, 2, 3", id="no-header"),
    pytest.param(
        "events.parquet",
        parquet(user_id=["u"], item_id=["i"], timestamp=[timedelta(1)]), "not a time",
        id="time-is-a-duration",
    ),
    pytest.param(
        "events.parquet", parquet(user_id=["u"], item_id=["i"], value=[date(2020, 1, 1)]),
        "not a number", id="value-is-a-date",
    ),
    pytest.param("events.jsonl", raw(b"[]\n"), "no column for", id="jsonl-of-lists"),
    pytest.param("events.parquet", raw(b"not parquet"), "cannot be read", id="not-parquet"),
    pytest.param("events.csv.gz", raw(b"not gzip"), "events.csv.gz", id="not-gzip"),
    pytest.param(
        "events.csv.gz",
        raw(gzip.compress(EVENTS + GOOD * 9999)[:40]),
        "events.csv.gz",
        id="cut-gzip",
    ),
    pytest.param(
        "events.csv", raw((EVENTS + GOOD).decode().encode("utf-16")), "UTF-16", id="utf-16"
    ),
    pytest.param("events.csv", raw(EVENTS + b"\xff\n" * 9), "No row of", id="all-rows-broken"),
    pytest.param(
        "events.parquet",
        parquet(user_id=["u"], item_id=["i"], event=[[1]]),
        "No row of",
        id="event-type-is-a-list",
    ),
    pytest.param(
        "events.parquet",
        parquet(user_id=[{"a": 1}], item_id=["i"]),
        "No row of",
        id="id-is-a-struct",
    ),
    pytest.param(
        "events.csv",
        raw(b"user_id,item_id,event\n" + b"".join(b"u,i,kind%d\n" % i for i in range(1001))),
        "different event types",
        id="too-many-types",
    ),
    pytest.param("readme.txt", raw(b"hello"), "neither items nor events", id="nothing-known"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "message"), FILES)
def test_an_unusable_file_gives_one_clear_error(
    tmp_path: Path, name: str, make: Callable[[Path], None], message: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(BadInput) as caught:
        read(tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint


def test_a_missing_column_names_the_setting_that_maps_it(tmp_path: Path) -> None:
    write(tmp_path, "events.csv", b"usr_id,item_id\nu,i\n")
    with pytest.raises(BadInput) as caught:
        read(tmp_path)
    assert "usr_id, item_id" in caught.value.message
    assert '"events.user_id=usr_id"' in caught.value.hint


def test_two_files_for_one_table_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "events.csv", EVENTS + GOOD)
    write(tmp_path, "events.jsonl", b"{}\n")
    with pytest.raises(BadInput, match=r"several files for events: events\.csv, events\.jsonl"):
        read(tmp_path)


SOURCES = [
    pytest.param(Path("nowhere"), NotFound, "no file", id="missing-file"),
    pytest.param(Sources(), BadInput, "neither items nor events", id="nothing-given"),
    pytest.param("sqlite:///x.db", BadInput, "no query", id="sql-without-query"),
    pytest.param("sqlite://#SELECT * FROM gone", BadInput, "no such table", id="sql-no-table"),
    pytest.param("nosql://h/db#SELECT 1", BadInput, "no URL of", id="sql-unknown-database"),
    pytest.param("sqlite://#CREATE TABLE t(a)", BadInput, "gives no rows", id="sql-no-select"),
    pytest.param("sqlite://#SELEC", BadInput, "syntax error", id="sql-syntax"),
    pytest.param(("not a url", "SELECT 1"), BadInput, "no URL of", id="sql-bad-url"),
]


@pytest.mark.parametrize(("source", "kind", "message"), SOURCES)
def test_a_bad_source_gives_one_clear_error(
    source: object, kind: type[PrismError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        read(source)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert caught.value.hint


def test_a_password_never_shows_in_an_error() -> None:
    with pytest.raises(BadInput) as caught:
        read("postgresql+psycopg://me:hunter2@127.0.0.1:1/db#SELECT 1")
    assert "hunter2" not in str(caught.value)


SETTINGS = [
    pytest.param(lambda: DataSettings(repeats="maybe"), "repeats", id="repeats"),
    pytest.param(lambda: DataSettings(default_event=" "), "default_event", id="default-event"),
    pytest.param(lambda: DataSettings(separator="||"), "separator", id="separator"),
    pytest.param(lambda: DataSettings(separator='"'), "separator", id="separator-quote"),
    pytest.param(lambda: DataSettings(separator="，"), "separator", id="separator-wide"),
    pytest.param(lambda: DataSettings(encoding="klingon"), "encoding", id="encoding"),
    pytest.param(
        lambda: DataSettings(columns=("user_id",)), "column mapping", id="mapping-no-equals"
    ),
    pytest.param(
        lambda: DataSettings(columns=("user_id=",)), "column mapping", id="mapping-no-column"
    ),
    pytest.param(
        lambda: DataSettings(columns=(".user_id=x",)), "column mapping", id="mapping-no-table"
    ),
    pytest.param(lambda: Feedback(weights={"view": float("nan")}), "weight of", id="nan-weight"),
    pytest.param(lambda: Feedback(negative=0.5), "negative", id="positive-refusal"),
    pytest.param(lambda: Feedback(lowest_grade=5, highest_grade=5), "grade", id="grades"),
]


@pytest.mark.parametrize(("make", "message"), SETTINGS)
def test_a_bad_setting_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(BadSettings) as caught:
        make()
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("mapping", "kind", "message"),
    [
        pytest.param("events.user_id=nope", BadInput, "no column 'nope'", id="table-lacks-it"),
        pytest.param("user_id=nope", BadInput, "No table has the column 'nope'", id="none-has-it"),
        pytest.param("events.colour=x", BadSettings, "no table or word", id="unknown-word"),
        pytest.param("orders.user_id=x", BadSettings, "no table or word", id="unknown-table"),
    ],
)
def test_a_mapping_that_fits_nothing_is_refused(
    tmp_path: Path, mapping: str, kind: type[PrismError], message: str
) -> None:
    write(tmp_path, "events.csv", EVENTS + GOOD)
    with pytest.raises(kind) as caught:
        read(tmp_path, DataSettings(columns=(mapping,)))
    assert message in caught.value.message


def test_a_quarantine_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "events.csv", EVENTS + GOOD)
    with pytest.raises(BadInput, match="cannot be written"):
        read(tmp_path, quarantine=tmp_path / "events.csv" / "bad.jsonl")


def test_one_broken_row_costs_one_row_of_many(tmp_path: Path) -> None:
    body = [b"u%d,i1,view,17000%05d\n" % (i, i) for i in range(5000)]
    body[1234] = b"u\xc3\x28,i1,view,1700000000\n"
    body[4321] = b'u1,"i1,view,1700000000\n'
    write(tmp_path, "items.csv", ITEMS)
    write(tmp_path, "events.csv", EVENTS + b"".join(body))
    assert [bad["row"] for bad in quarantined(tmp_path)] == [1235, 4322]
    assert len(read(tmp_path).events) == 4998
