"""Every format and every guess leads to the same dataset."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismrec.core import Event, Item, PrismError, Relation, User
from prismrec.data import Dataset, DataSettings, Sources, SqlSource, read

LOG = pl.DataFrame(
    {
        "user_id": ["u2", "u1", "u2", "u1"],
        "item_id": ["b", "a", "a", "a"],
        "event": ["view", "purchase", "view", "view"],
        "timestamp": [1_700_000_300, 1_700_000_200, 1_700_000_100, 1_700_000_200],
        "value": [None, 9.5, None, None],
    }
)
GOODS = pl.DataFrame({"item_id": ["a", "b", "c"], "title": ["Apple", "书", ""]})
EXPECTED = [
    ("u2", "a", "view", 1_700_000_100_000, None),
    ("u2", "b", "view", 1_700_000_300_000, None),
    ("u1", "a", "purchase", 1_700_000_200_000, 9.5),
    ("u1", "a", "view", 1_700_000_200_000, None),
]


def rows(dataset: Dataset) -> list[tuple]:
    return dataset.events.select("user_id", "item_id", "event", "timestamp", "value").rows()


def as_csv(folder: Path) -> object:
    LOG.write_csv(folder / "events.csv")
    GOODS.write_csv(folder / "items.csv")
    return folder


def as_semicolons(folder: Path) -> object:
    LOG.write_csv(folder / "events.csv", separator=";", include_bom=True)
    GOODS.write_csv(folder / "items.tsv", separator="\t")
    return folder


def as_gzip(folder: Path) -> object:
    (folder / "events.csv.gz").write_bytes(gzip.compress(LOG.write_csv().encode()))
    (folder / "items.jsonl.gz").write_bytes(gzip.compress(GOODS.write_ndjson().encode()))
    return folder


def as_jsonl(folder: Path) -> object:
    LOG.write_ndjson(folder / "events.jsonl")
    GOODS.write_ndjson(folder / "items.ndjson")
    return folder


def as_parquet(folder: Path) -> object:
    LOG.write_parquet(folder / "events.parquet")
    GOODS.write_parquet(folder / "items.parquet")
    return folder


def as_sql(folder: Path) -> object:
    with sqlite3.connect(folder / "shop.db") as db:
        db.execute("create table log(user_id, item_id, event, timestamp, value)")
        db.executemany("insert into log values (?, ?, ?, ?, ?)", LOG.rows())
        db.execute("create table goods(item_id, title)")
        db.executemany("insert into goods values (?, ?)", GOODS.rows())
    db.close()
    url = f"sqlite:///{folder / 'shop.db'}"
    return Sources(
        items=SqlSource(url, "select * from goods order by rowid"),
        events=f"{url}#select * from log order by rowid",
    )


def test_two_queries_on_one_database_are_counted_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    items = (url, "select 'a:b' as item_id union all select null")
    events = (url, "select 'u' as user_id, 'a:b' as item_id, '2023-11-14 22:13:20' as time")
    dataset = read(Sources(items=items, events=events))
    assert dataset.events["timestamp"].to_list() == [1_700_000_000_000]
    assert [file.quarantined for file in dataset.report.files] == [{"missing item_id": 1}, {}]


def as_files(folder: Path) -> object:
    LOG.write_parquet(folder / "clicks-of-may.parquet")
    GOODS.write_csv(folder / "stock.csv")
    return Sources(items=folder / "stock.csv", events=str(folder / "clicks-of-may.parquet"))


def as_gb18030(folder: Path) -> object:
    (folder / "events.csv").write_bytes(LOG.write_csv().encode("gb18030"))
    (folder / "items.csv").write_bytes(GOODS.write_csv().encode("gb18030"))
    return folder


def as_utf16(folder: Path) -> object:
    (folder / "events.csv").write_bytes(LOG.write_csv().encode("utf-16"))
    (folder / "items.csv").write_bytes(GOODS.write_csv().encode("utf-16"))
    return folder


ENCODINGS = {as_gb18030: "gb18030", as_utf16: "utf-16"}
FORMATS = [*ENCODINGS, as_csv, as_semicolons, as_gzip, as_jsonl, as_parquet, as_sql, as_files]


@pytest.mark.parametrize("make", FORMATS, ids=lambda make: make.__name__)
def test_every_format_gives_the_same_dataset(tmp_path: Path, make) -> None:
    options = DataSettings(encoding=ENCODINGS.get(make, "utf-8"))
    dataset = read(make(tmp_path), options)
    assert rows(dataset) == EXPECTED
    assert [item.title for item in dataset.iter_items()] == ["Apple", "书", ""]
    assert list(dataset.item_ids) == ["a", "b", "c"]
    assert list(dataset.user_ids) == ["u2", "u1"]
    assert dataset.has_clock
    assert dataset.report.quarantined == 0


def test_recbole_atomic_files(tmp_path: Path) -> None:
    (tmp_path / "ml.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t4.0\t978300760\n"
        '2\t20\t"\t978300761\n2\t20\t5\t978300761\n'
    )
    (tmp_path / "ml.item").write_text(
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\trelease_year:token\n"
        "10\tToy Story\tAnimation Comedy\t1995\n20\tHeat\tCrime\t1995\n"
    )
    (tmp_path / "ml.user").write_text("user_id:token\tage:token\n1\t24\n2\t53\n")
    (tmp_path / "ml.net").write_text("source_id:token\ttarget_id:token\n1\t2\n")
    dataset = read(tmp_path)
    assert rows(dataset) == [
        ("1", "10", "rating", 978300760000, 4.0),
        ("2", "20", "rating", 978300761000, 5.0),
    ]
    first = next(dataset.iter_items())
    assert first.title == "Toy, Story"
    assert first.categories == ("Animation", "Comedy")
    assert first.attributes == {"release_year": 1995.0}
    assert [user.attributes["age"] for user in dataset.iter_users()] == [24.0, 53.0]
    assert list(dataset.iter_relations()) == [Relation("1", "2", "related")]
    assert dataset.report.quarantined == 1


HEADERS = [
    ("userId", "movieId", "rating", "timestamp"),
    ("reviewerID", "asin", "overall", "unixReviewTime"),
    ("uid", "sku", "stars", "ts"),
    ("customer_id", "product_id", "score", "time"),
    ("CustomerID", "StockCode", "Rating", "InvoiceDate"),
    ("用户ID", "商品ID", "评分", "时间"),
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[0])
def test_common_column_names_are_guessed(tmp_path: Path, header: tuple[str, ...]) -> None:
    text = ",".join(header) + "\nu,i,4.5,1700000000\n"
    (tmp_path / "events.csv").write_text(text, encoding="utf-8")
    dataset = read(tmp_path / "events.csv")
    assert rows(dataset) == [("u", "i", "rating", 1_700_000_000_000, 4.5)]
    guessed = dataset.report.files[0].guessed
    words = zip(("user_id", "item_id", "value", "timestamp"), header, strict=True)
    assert guessed == {word: name for word, name in words if word != name}


def test_columns_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("who,what,user_id,date\nann,x,7,1700000000\n")
    mapping = DataSettings(columns=("events.user_id=who", "item_id=what"), default_event="click")
    dataset = read(tmp_path, mapping)
    assert rows(dataset) == [("ann", "x", "click", 1_700_000_000_000, None)]


TIMES = [
    pytest.param([1_700_000_000], id="seconds"),
    pytest.param([1_700_000_000_000], id="milliseconds"),
    pytest.param([1_700_000_000_000_000], id="microseconds"),
    pytest.param([1_700_000_000_000_000_000], id="nanoseconds"),
    pytest.param([1_700_000_000.0], id="float"),
    pytest.param(["1700000000"], id="digits"),
    pytest.param(["1.7e9"], id="scientific"),
    pytest.param(["2023-11-14T22:13:20Z"], id="iso-utc"),
    pytest.param(["2023-11-14T22:13:20.000+00:00"], id="iso-offset-zero"),
    pytest.param(["2023-11-15T06:13:20+08:00"], id="iso-offset"),
    pytest.param(["2023-11-14 22:13:20"], id="iso-space"),
    pytest.param(["2023/11/14 22:13:20"], id="slashes"),
    pytest.param(["2023-11-14 22:13:20 UTC"], id="utc-word"),
    pytest.param([datetime(2023, 11, 14, 22, 13, 20)], id="datetime"),
    pytest.param([datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)], id="datetime-utc"),
]


@pytest.mark.parametrize("times", TIMES)
def test_times_become_milliseconds(tmp_path: Path, times: list) -> None:
    path = tmp_path / "events.parquet"
    pl.DataFrame({"user_id": ["u"], "item_id": ["i"], "timestamp": times}).write_parquet(path)
    dataset = read(path)
    assert dataset.events["timestamp"].to_list() == [1_700_000_000_000]
    assert dataset.has_clock


def test_a_zone_is_converted_and_a_date_is_its_midnight(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    local = pl.Series([datetime(2023, 11, 14, 22, 13, 20)]).dt.replace_time_zone("Asia/Shanghai")
    pl.DataFrame({"user_id": ["u"], "item_id": ["i"], "timestamp": local}).write_parquet(path)
    assert read(path).events["timestamp"].to_list() == [1_700_000_000_000 - 8 * 3_600_000]
    pl.DataFrame(
        {"user_id": ["u"], "item_id": ["i"], "timestamp": [date(1970, 1, 2)]}
    ).write_parquet(path)
    assert read(path).events["timestamp"].to_list() == [86_400_000]


@pytest.mark.parametrize("times", [[7, 3], ["7", "3"], [7.0, 3.0]], ids=["int", "text", "float"])
def test_small_whole_numbers_are_positions(tmp_path: Path, times: list) -> None:
    path = tmp_path / "events.parquet"
    frame = {"user_id": ["u", "u"], "item_id": ["i", "j"], "timestamp": times}
    pl.DataFrame(frame).write_parquet(path)
    dataset = read(path)
    assert dataset.events["timestamp"].to_list() == [3, 7]
    assert dataset.events["item_id"].to_list() == ["j", "i"]
    assert not dataset.has_clock
    assert any("positions" in note for note in dataset.report.notes)


def test_without_times_the_order_of_rows_is_taken(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,item_id\nu,b\nv,b\nu,a\n")
    dataset = read(tmp_path)
    assert rows(dataset) == [
        ("u", "b", "view", 0, None),
        ("u", "a", "view", 1, None),
        ("v", "b", "view", 0, None),
    ]
    assert not dataset.has_clock


def test_a_session_stands_for_the_person(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "user_id,session_id,item_id\nu,s1,a\n,s2,a\n,s2,b\n,,b\n", encoding="utf-8"
    )
    dataset = read(tmp_path)
    assert dataset.events["user_id"].to_list() == ["u", "session:s2", "session:s2"]
    assert dataset.events["session_id"].to_list() == ["s1", "s2", "s2"]
    assert dataset.report.files[0].quarantined == {"missing user_id": 1}


def test_repeated_rows_are_events_and_repeated_event_ids_are_not(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "user_id,item_id,timestamp,event_id\n"
        "u,a,1700000000,\nu,a,1700000000,\nu,a,1700000000,k\nu,a,1700000009,k\n"
    )
    dataset = read(tmp_path)
    assert len(dataset.events) == 3
    assert dataset.report.files[0].quarantined == {"duplicate event_id": 1}


def test_a_catalogue_without_events_and_events_without_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id,title\na,Apple\n")
    lone = read(tmp_path)
    assert (len(lone.items), len(lone.events), lone.has_clock) == (1, 0, False)
    (tmp_path / "items.csv").write_text("item_id,title\n")
    assert len(read(tmp_path).items) == 0
    events = tmp_path / "log.csv"
    events.write_text("user_id,item_id\nu,z\nu,y\nv,z\n")
    assert list(read(events).item_ids) == ["z", "y"]


def test_ids_of_any_type_are_text(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        '{"user_id": 7, "item_id": "x"}\n{"user_id": "007", "item_id": 12345678901234567890123}\n'
    )
    dataset = read(tmp_path)
    assert list(dataset.user_ids) == ["7", "007"]
    assert list(dataset.item_ids) == ["x", "12345678901234567890123"]
    path = tmp_path / "log.parquet"
    pl.DataFrame({"user_id": [7.0, None, 2.5], "item_id": [1, 2, 3]}).write_parquet(path)
    assert list(read(path).user_ids) == ["7", "2.5"]


def test_coded_and_byte_columns_are_text(tmp_path: Path) -> None:
    frame = pl.DataFrame({"item_id": [b"a", b"b"], "brand": ["x", "y"], "price": ["1", "2"]})
    coded = frame.with_columns(pl.col("brand", "price").cast(pl.Categorical))
    coded.write_parquet(tmp_path / "items.parquet")
    first, second = read(tmp_path).iter_items()
    assert (first.item_id, first.brand, first.price) == ("a", "x", 1.0)
    assert (second.item_id, second.brand, second.price) == ("b", "y", 2.0)


def test_users_without_events_come_last(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,item_id\nu9,a\n")
    (tmp_path / "users.csv").write_text("user_id,tags,lat,lon,age\nu1,red|blue,1,2,30\nu9,,,,\n")
    dataset = read(tmp_path)
    assert list(dataset.user_ids) == ["u9", "u1"]
    assert next(dataset.iter_users()) == User("u1", {"age": 30.0}, ("red", "blue"), (1.0, 2.0))


RICH = {
    "item_id": "i",
    "title": "Coat",
    "brand": "Acme",
    "category": ["Shoes", "Coats", "Shoes"],
    "price": "$1,299.50",
    "in_stock": "yes",
    "release_date": "1955-01-01",
    "color": "red",
    "year": 1955,
    "sizes": ["S", "M"],
    "washable": True,
    "people": ["Ann", "Bob"],
    "image": [0.5, -1.0],
}
EXPECTED_ITEM = Item(
    "i", "Coat", brand="Acme", categories=("Shoes", "Coats"),
    attributes={"color": "red", "year": 1955.0, "sizes": ("S", "M"), "washable": True},
    price=1299.5, available=True, created_at=-473385600000,
    texts={"people": "Ann, Bob"}, vectors={"image": (0.5, -1.0)},
)  # fmt: skip


def test_further_columns_become_attributes_texts_and_vectors(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps(RICH))
    assert list(read(tmp_path).iter_items()) == [EXPECTED_ITEM]
    (tmp_path / "items.jsonl").unlink()
    pl.DataFrame([RICH]).write_parquet(tmp_path / "items.parquet")
    assert list(read(tmp_path).iter_items()) == [EXPECTED_ITEM]


ATTRIBUTES = [
    pytest.param(["color: red", "size: M", "size: L"], id="pairs"),
    pytest.param({"color": "red", "size": ["M", "L"]}, id="struct"),
    pytest.param(json.dumps({"color": "red", "size": "M"}), id="json-text"),
    pytest.param("color: red; size: M; size: L", id="text"),
    pytest.param([{"name": "color", "value": "red"}, {"name": "size", "value": "M"}], id="named"),
]


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_attributes_come_in_several_shapes(tmp_path: Path, attributes: object) -> None:
    pl.DataFrame([{"item_id": "i", "attributes": attributes}]).write_parquet(
        tmp_path / "items.parquet"
    )
    (item,) = read(tmp_path).iter_items()
    assert item.attributes["color"] == "red"
    assert item.attributes["size"] in (("M", "L"), "M")


def test_a_dataset_of_objects_gives_them_back() -> None:
    items = [Item("a", "A", attributes={"n": 2.0}, vectors={"v": (1.0,)}), Item("b")]
    log = [
        Event("b", "view", "u", 20, 1.5, event_id="e", session_id="s", query="q"),
        Event("a", "view", "", 10, session_id="s2"),
        Event("gone", "view", "u", 5),
        Event("a", "view", "u", 10),
    ]
    dataset = Dataset.of(items, log, [User("u", {"x": "y"})], [Relation("a", "b", "goes with")])
    assert list(dataset.iter_items()) == items
    assert list(dataset.iter_users()) == [User("u", {"x": "y"})]
    assert list(dataset.iter_relations()) == [Relation("a", "b", "goes with")]
    assert dataset.events.rows() == [
        ("u", "a", "view", 10, None, None, None, None),
        ("u", "b", "view", 20, 1.5, "e", "s", "q"),
        ("session:s2", "a", "view", 10, None, None, "s2", None),
    ]
    assert len(Dataset.of([], []).events) == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=300), ending=st.sampled_from(["csv", "jsonl", "inter", "parquet"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, body: bytes, ending: str) -> None:
    header = {"csv": b"user_id,item_id,timestamp\n", "inter": b"user_id:token\titem_id:token\n"}
    path = tmp_path / f"log.{ending}"
    path.write_bytes(header.get(ending, b"") + body)
    try:
        dataset = read(path, quarantine=tmp_path / "bad.jsonl")
    except PrismError:
        return
    (file,) = dataset.report.files
    assert file.rows == len(dataset.events) + dataset.report.quarantined


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_whole_rows_survive_a_broken_neighbour(tmp_path: Path, table: list) -> None:
    path = tmp_path / "items.csv"
    frame = pl.DataFrame(table, schema=["item_id", "title"], orient="row")
    frame = frame.with_columns(("k" + pl.int_range(pl.len()).cast(pl.String)).alias("item_id"))
    clean = frame.with_columns(pl.col("title").str.replace_all(r"[\r\n]", " "))
    path.write_bytes(clean.write_csv().encode() + b"\xff,broken\n")
    dataset = read(Sources(items=path))
    assert dataset.items["item_id"].to_list() == clean["item_id"].to_list()
    assert dataset.items["title"].to_list() == clean["title"].to_list()
    assert dataset.report.quarantined == 1
