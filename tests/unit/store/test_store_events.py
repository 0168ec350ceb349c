"""The event log: what is accepted, counted once, and remembered in order."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismrec.core import BadInput, Event, Exposure, StoredEvent
from prismrec.store import Store, open_store


def bought(item: str, user: str = "ada", at: int = 1, **more: object) -> Event:
    return Event(item, "purchase", user_id=user, timestamp=at, **more)  # type: ignore[arg-type]


def ids(events: object) -> list[str]:
    return [event.item_id for event in events]  # type: ignore[attr-defined]


def test_a_batch_is_answered_row_by_row(store: Store) -> None:
    batch = [bought("a", event_id="1"), bought(""), bought("b", event_id="1"), bought("c")]
    outcomes = store.events.append(batch, 10)
    assert [o.status for o in outcomes] == ["accepted", "rejected", "duplicate", "accepted"]
    assert [o.seq for o in outcomes] == [1, None, 1, 2]
    assert "item_id" in outcomes[1].reason
    assert store.events.count() == 2
    assert store.events.last_seq() == 2


def test_repeating_a_batch_changes_nothing(store: Store) -> None:
    batch = [bought(str(i), event_id=f"e{i}", at=i) for i in range(5)]
    first = store.events.append(batch, 10)
    before = store.events.since(0, 100)
    again = store.events.append([replace(e, item_id="other") for e in batch], 99)
    assert [o.status for o in again] == ["duplicate"] * 5
    assert [o.seq for o in again] == [o.seq for o in first]
    assert store.events.since(0, 100).equals(before)
    assert ids(store.events.history("ada", 10)) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (Event("i", "view"), "person"),
        (Event("", "view", user_id="u"), "item_id"),
        (Event("i", "", user_id="u"), "type"),
        (Event("i", "view", user_id="u", value=math.nan), "finite"),
        (Event("i", "view", user_id="u", value=math.inf), "finite"),
        (Event("i", "view", user_id="u", value=10**400), "finite"),
        (Event("i", "view", user_id="u", value="7"), "number"),  # type: ignore[arg-type]
        (Event("i", "view", user_id="u", timestamp=-1), "range"),
        (Event("i", "view", user_id="u", timestamp=2**63), "range"),
        (Event("i", "view", user_id="u", timestamp=1.5), "whole"),  # type: ignore[arg-type]
        (Event("i", "view", user_id="u", timestamp=True), "whole"),
        (Event("i" * 257, "view", user_id="u"), "longer"),
        (Event("i", "view", user_id="u", query="q" * 4097), "longer"),
        (Event("i\0", "view", user_id="u"), "NUL"),
        (Event("i\ud800", "view", user_id="u"), "Unicode"),
        (Event("i", "view", user_id="session:7"), "session:"),
        (Event("i", "view", user_id=7), "text"),  # type: ignore[arg-type]
        (Event("i", "view", user_id="u", event_id=None), "text"),  # type: ignore[arg-type]
        ({"item_id": "i"}, "not an event"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_reason(
    store: Store, event: Event, word: str
) -> None:
    bad, good = store.events.append([event, bought("fine")], 10)
    assert bad.status == "rejected"
    assert word in bad.reason
    assert good.status == "accepted"


def test_a_batch_that_is_too_long_is_refused_whole(opening: Callable[..., Store]) -> None:
    store = opening("sqlite://", max_batch=2)
    with pytest.raises(BadInput, match="too long"):
        store.events.append([bought("a")] * 3, 1)
    assert store.events.append([], 1) == []
    assert store.events.count() == 0


def test_what_was_stored_comes_back_whole(store: Store) -> None:
    given = Event(
        "été 物品", "rating", "ada", 5, 4.5, "e1", "s1", "rouge 'x' \"y\"; DROP TABLE", "x1"
    )
    store.events.append([given], 77)
    (kept,) = store.events.history("ada", 5)
    assert kept == StoredEvent(
        *(getattr(given, name) for name in Event.__dataclass_fields__), 1, 77, False
    )
    row = store.events.since(0, 5).row(0, named=True)
    assert row["query"] == given.query
    assert row["value"] == 4.5
    assert row["received_at"] == 77


def test_an_event_without_time_happened_when_it_arrived(store: Store) -> None:
    store.events.append([Event("a", "view", user_id="ada")], 1234)
    (kept,) = store.events.history("ada", 1)
    assert kept.timestamp == 1234
    assert kept.event_id


def test_history_is_in_order_of_time_then_of_arrival(store: Store) -> None:
    store.events.append([bought("late", at=9), bought("early", at=1), bought("tie1", at=5)], 1)
    store.events.history("ada", 1)  # held in memory from here on
    store.events.append([bought("tie2", at=5), bought("bob's", "bob", at=5)], 1)
    store.events.append([bought("first", at=0)], 1)
    assert ids(store.events.history("ada", 10)) == ["first", "early", "tie1", "tie2", "late"]
    assert ids(store.events.history("ada", 2)) == ["tie2", "late"]
    assert ids(store.events.history("ada", 10, before=5)) == ["first", "early"]
    assert ids(store.events.history("ada", 1, before=9)) == ["tie2"]
    assert ids(store.events.history("ada", 0)) == []
    assert ids(store.events.history("nobody", 10)) == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    times=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6)), max_size=25),
    asked=st.lists(
        st.tuples(st.integers(0, 6), st.none() | st.integers(0, 7)), min_size=1, max_size=4
    ),
)
def test_history_in_memory_equals_history_on_disk(
    times: list[tuple[str, int]], asked: list[tuple[int, int | None]]
) -> None:
    """Property: whatever is written between reads, memory and database agree."""
    from prismrec.store import StoreSettings

    log: list[tuple[int, int]] = []
    with open_store("sqlite://", "shop", StoreSettings(history_events=3)) as store:
        for seq, (user, at) in enumerate(times, 1):
            store.events.history("a", 2)
            store.events.append([bought(str(seq), user, at)], 1)
            if user == "a":
                log.append((at, seq))
        for limit, before in asked:
            held = [e.seq for e in store.events.history("a", limit, before=before)]
            right = sorted(x for x in log if before is None or x[0] < before)
            assert held == [seq for _, seq in right[max(0, len(right) - limit) :]]


def test_what_a_session_did_counts_for_its_user_once_they_are_linked(store: Store) -> None:
    anonymous = Event("seen", "view", session_id="s1", timestamp=1)
    store.events.append([anonymous, bought("had", at=2)], 1)
    assert ids(store.events.history("session:s1", 9)) == ["seen"]
    assert ids(store.events.history("ada", 9)) == ["had"]
    assert store.sessions.link("s1", "ada") == 1
    assert ids(store.events.history("ada", 9)) == ["seen", "had"]
    assert ids(store.events.history("session:s1", 9)) == ["seen", "had"]
    store.events.append([replace(anonymous, item_id="later", timestamp=3)], 1)
    assert ids(store.events.history("ada", 9)) == ["seen", "had", "later"]
    assert store.events.since(0, 9)["user_id"].to_list() == ["ada"] * 3


def test_an_event_with_user_and_session_links_them(store: Store) -> None:
    store.events.append([Event("a", "view", session_id="s", timestamp=1)], 1)
    store.events.history("session:s", 9)
    login = Event("b", "view", user_id="ada", session_id="s", timestamp=2)
    store.events.append([login, Event("c", "view", session_id="s", timestamp=3)], 1)
    assert ids(store.events.history("ada", 9)) == ["a", "b", "c"]
    assert store.sessions.user("s") == "ada"


def test_a_session_passed_on_leaves_the_past_with_the_first_user(store: Store) -> None:
    for user in ("ada", "bob"):
        store.events.append([Event(user, "view", user_id=user, session_id="s", timestamp=1)], 1)
        store.events.append([Event(f"{user}+", "view", session_id="s", timestamp=2)], 1)
    assert ids(store.events.history("ada", 9)) == ["ada", "ada+"]
    assert ids(store.events.history("bob", 9)) == ["bob", "bob+"]


def test_a_user_and_a_session_of_one_name_are_two_people(store: Store) -> None:
    store.events.append([bought("u", "x"), Event("s", "view", session_id="x", timestamp=1)], 1)
    assert ids(store.events.history("x", 9)) == ["u"]
    assert ids(store.events.history("session:x", 9)) == ["s"]


def test_an_unknown_exposure_is_kept_and_flagged(store: Store) -> None:
    shown = Exposure("x1", 1, 1, "greedy", "1", 7, ("a",), (1.0,), ("a",), (1.0,))
    store.exposures.append(shown)
    outcomes = store.events.append(
        [bought("a", exposure_id="x1"), bought("b", exposure_id="x2"), bought("c")], 1
    )
    assert [o.status for o in outcomes] == ["accepted"] * 3
    assert [e.exposure_known for e in store.events.history("ada", 9)] == [True, False, True]


def test_learning_resumes_from_seq(store: Store) -> None:
    store.events.append([bought(str(i)) for i in range(7)], 1)
    first = store.events.since(0, 3)
    rest = store.events.since(first["seq"][-1], 100)
    assert pl.concat([first, rest])["seq"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert store.events.since(7, 10).height == 0
    assert store.events.since(7, 10).schema == first.schema


def test_writers_side_by_side_lose_and_double_nothing(store: Store) -> None:
    answers: dict[str, int] = {}

    def work(name: str) -> None:
        for i in range(15):
            own, shared = bought("i", event_id=f"{name}-{i}"), bought("i", event_id=f"all-{i}")
            for outcome in store.events.append([own, shared], 1):
                if outcome.status == "accepted":
                    assert outcome.event_id not in answers
                    answers[outcome.event_id] = outcome.seq or 0

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = store.events.since(0, 1000)
    assert dict(zip(stored["event_id"], stored["seq"], strict=True)) == answers
    assert stored["seq"].to_list() == list(range(1, 6 * 15 + 15 + 1))


def test_all_survives_closing(lasting_url: str, opening: Callable[..., Store]) -> None:
    store = opening(lasting_url)
    store.events.append([bought("a", event_id="1")], 1)
    before = store.events.since(0, 9)
    store.close()
    again = opening(lasting_url)
    assert again.events.since(0, 9).equals(before)
    assert again.events.append([bought("a", event_id="1")], 1)[0].status == "duplicate"
    assert again.events.append([bought("b")], 1)[0].seq == 2


@pytest.mark.postgres
def test_collections_in_one_database_do_not_see_each_other(
    postgres_url: str, opening: Callable[..., Store]
) -> None:
    one, two = opening(postgres_url, "first"), opening(postgres_url, "second")
    one.events.append([bought("a", event_id="1")], 1)
    assert two.events.append([bought("b", event_id="1")], 1)[0].status == "accepted"
    assert ids(one.events.history("ada", 9)) == ["a"]
    assert ids(two.events.history("ada", 9)) == ["b"]
    assert one.events.count() == two.events.count() == 1


@pytest.mark.postgres
def test_two_owners_of_a_postgresql_share_one_order(
    postgres_url: str, opening: Callable[..., Store]
) -> None:
    one, two = opening(postgres_url, "shared"), opening(postgres_url, "shared")
    one.events.history("ada", 9)
    two.events.append([bought("a", event_id="1")], 1)
    assert ids(one.events.history("ada", 9)) == ["a"]
    assert one.events.append([bought("a", event_id="1")], 1)[0].status == "duplicate"
    assert one.events.append([bought("b")], 1)[0].seq == 2
