"""Importing past events."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from prismrec.core import BadInput, Event
from prismrec.store import Store

TABLE = pl.DataFrame(
    {
        "user_id": ["ada", "ada", "bob", "ada", None],
        "session_id": [None, None, "s", "s2", "s2"],
        "item_id": ["x", "x", "y", "z", "w"],
        "event": ["view"] * 5,
        "timestamp": [5, 5, 3, 9, 1],
        "value": [1.5, 1.5, float("nan"), None, 2.0],
    }
)


def test_every_row_is_stored_in_order_of_time(store: Store) -> None:
    report = store.events.load(TABLE, 50)
    assert (report.accepted, report.duplicates) == (5, 0)
    stored = store.events.since(0, 10)
    assert stored["item_id"].to_list() == ["w", "y", "x", "x", "z"]
    assert stored["user_id"].to_list() == ["ada", "bob", "ada", "ada", "ada"]
    assert stored["value"].to_list() == [2.0, None, 1.5, 1.5, None]
    assert stored["received_at"].to_list() == [50] * 5
    assert stored["event_id"].n_unique() == 5


def test_importing_again_adds_nothing_and_more_adds_only_more(store: Store) -> None:
    store.events.load(TABLE, 50)
    before = store.events.since(0, 10)
    assert store.events.load(TABLE, 60).accepted == 0
    assert store.events.since(0, 10).equals(before)
    longer = pl.concat([TABLE.reverse(), TABLE.head(1)])  # a third event equal to two others
    report = store.events.load(longer, 60)
    assert (report.accepted, report.duplicates) == (1, 5)
    assert store.events.count() == 6


def test_ids_of_the_table_are_kept(store: Store) -> None:
    store.events.append([Event("x", "view", user_id="ada", timestamp=1, event_id="k2")], 1)
    named = TABLE.with_columns(event_id=pl.Series(["k1", "k2", "", None, "k1"]))
    report = store.events.load(named, 50)
    assert (report.accepted, report.duplicates) == (3, 2)


def test_what_is_held_in_memory_is_read_again(store: Store) -> None:
    assert store.events.history("ada", 9) == ()
    assert store.sessions.user("s") == ""
    store.events.load(TABLE, 50)
    assert [e.item_id for e in store.events.history("ada", 9)] == ["w", "x", "x", "z"]
    assert store.sessions.user("s") == "bob"


def test_sessions_linked_by_a_table_bring_their_earlier_events(store: Store) -> None:
    store.events.append([Event("before", "view", session_id="s", timestamp=0)], 1)
    store.events.load(TABLE, 50)
    assert [e.item_id for e in store.events.history("bob", 9)] == ["before", "y"]


def test_large_tables_come_in_pieces(lasting_url: str, opening: Callable[..., Store]) -> None:
    store = opening(lasting_url, load_rows=7)
    many = pl.DataFrame(
        {
            "user_id": [f"u{i % 5}" for i in range(50)],
            "item_id": [f"i{i}" for i in range(50)],
            "event": ["view"] * 50,
            "timestamp": list(range(50)),
        }
    )
    assert store.events.load(many, 1).accepted == 50
    assert store.events.since(0, 99)["seq"].to_list() == list(range(1, 51))
    assert [e.item_id for e in store.events.history("u3", 3)] == ["i38", "i43", "i48"]
    assert store.events.load(many, 1).duplicates == 50


@pytest.mark.parametrize(
    "change",
    [
        {"item_id": ""},
        {"item_id": None},
        {"user_id": ""},
        {"user_id": "session:1"},
        {"timestamp": None},
        {"timestamp": -4},
        {"event": "x" * 300},
    ],
)
def test_a_table_with_a_bad_row_is_refused_whole(
    store: Store, change: dict[str, str | int | None]
) -> None:
    ((name, value),) = change.items()
    rows = TABLE.head(2).with_columns(
        pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(value)).otherwise(name).alias(name)
    )
    with pytest.raises(BadInput, match="row 1"):
        store.events.load(rows, 1)
    assert store.events.count() == 0


def test_a_table_without_a_needed_column_says_so(store: Store) -> None:
    with pytest.raises(BadInput, match="timestamp"):
        store.events.load(TABLE.drop("timestamp"), 1)
