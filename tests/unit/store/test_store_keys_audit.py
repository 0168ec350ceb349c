"""API keys, the audit log, and forgetting a user."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from prismrec.core import BadInput, Corrupt, Event, Exposure, NotFound, Relation, User
from prismrec.store import Store


def test_a_key_opens_until_it_is_revoked(store: Store) -> None:
    token = store.keys.create("shop", "write", who="root")
    other = store.keys.create("till", "read")
    key = store.keys.check(token)
    assert key is not None
    assert (key.name, key.role) == ("shop", "write")
    assert [key.allows(role) for role in ("read", "write", "admin")] == [True, True, False]
    store.keys.revoke(key.key_id)
    assert store.keys.check(token) is None
    assert store.keys.check(other) is not None
    assert {k.name: k.revoked_at is None for k in store.keys.list()} == {
        "shop": False,
        "till": True,
    }
    with pytest.raises(NotFound):
        store.keys.revoke(key.key_id)
    actions = [(line.action, line.who) for line in store.audit.lines()]
    assert actions == [("key.create", "root"), ("key.create", "owner"), ("key.revoke", "owner")]


def test_what_is_no_key_opens_nothing(store: Store) -> None:
    token = store.keys.create("shop", "admin")
    head, key_id, secret = token.split("_")
    wrong = "0" if secret[0] != "0" else "1"
    for bad in (
        "",
        "_",
        "prism",
        "prism__",
        f"{head}_{key_id}_",
        f"{head}_{key_id}_{wrong}{secret[1:]}",
        f"{head}_{key_id[::-1]}_{secret}",
        f"{head}_x' OR 1=1 --_{secret}",
        f"{head}_{key_id}_\ud800",
        f"prism_\0_{secret}",
        "é" * 9,
    ):
        assert store.keys.check(bad) is None, bad
    with pytest.raises(BadInput, match="role"):
        store.keys.create("shop", "king")


def test_secrets_are_not_on_disk(tmp_path: Path, opening: Callable[..., Store]) -> None:
    file = tmp_path / "store.db"
    store = opening(f"sqlite:///{file}")
    secret = store.keys.create("shop", "admin").rpartition("_")[2]
    store.close()
    assert secret.encode() not in file.read_bytes()


def test_audit_lines_are_chained(store: Store) -> None:
    for number in range(3):
        store.audit.append("promote", "ada", {"to": number, "a": "é"}, at=number)
    lines = store.audit.lines()
    assert [line.details["to"] for line in lines] == [0, 1, 2]
    assert [line.previous for line in lines[1:]] == [line.hash for line in lines[:-1]]
    assert store.audit.verify() == 3
    assert store.audit.lines(2)[0].seq == 3


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit SET who = 'eve' WHERE seq = 2",
        "UPDATE audit SET details = '{}' WHERE seq = 2",
        "UPDATE audit SET at = 9 WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 1",
    ],
)
def test_a_changed_audit_line_is_noticed(
    tmp_path: Path, opening: Callable[..., Store], harm: str
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = opening(url)
    for number in range(3):
        store.audit.append("promote", "ada", {"to": number})
    store.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(harm)
    connection.close()
    with pytest.raises(Corrupt, match="audit"):
        opening(url).audit.verify()


def test_exposures_come_back_whole_and_once(store: Store) -> None:
    shown = Exposure(
        *("x1", 5, 2, "greedy", "1", 2**60, ("a", "b"), (1.5, -2.0), ("a",), (0.25,)),
        draws=3,
        user_id="ada",
        text="chaussures 鞋",
        features={"score": (1.0, 2.0)},
        context={"page": "home"},
    )
    store.exposures.append(shown)
    store.exposures.append(shown)
    store.flush()
    assert store.exposures.get("x1") == shown
    assert store.exposures.get("x2") is None
    assert [kept for _, kept in store.exposures.since(0, 9)] == [shown]
    assert store.exposures.dropped == 0


def test_erasing_a_user_leaves_nothing_of_them_in_the_file(
    tmp_path: Path, opening: Callable[..., Store]
) -> None:
    file = tmp_path / "store.db"
    store = opening(f"sqlite:///{file}")
    secret = "ada-lovelace-1815"
    for start in range(0, 200, 20):  # enough to split pages, which leaves copies of rows behind
        batch = []
        for i in range(start, start + 20):
            batch += [
                Event(f"i{i}", "view", user_id=secret, timestamp=i, session_id="her-session"),
                Event(f"i{i}", "view", session_id="her-session", timestamp=i, query=secret),
                Event(f"i{i}", "view", user_id=f"bob{i % 7}", timestamp=i),
            ]
        store.events.append(batch, start)
    shown = Exposure("x", 1, 1, "p", "1", 7, (), (), (), (), session_id="her-session", text=secret)
    store.exposures.append(shown)
    searched = replace(shown, exposure_id="y", session_id="", user_id=secret, text=f"for {secret}")
    store.exposures.append(searched)
    store.catalogue.upsert(
        users=[User(secret, {"name": secret}), User("bob1")],
        relations=[Relation("bob1", secret, "follows"), Relation("bob1", "bob2", "follows")],
    )
    assert store.events.history(secret, 1)
    counts = store.erase(secret)
    assert counts == {
        "events": 400,
        "exposures": 2,
        "searches": 1,
        "sessions": 1,
        "relations": 1,
        "profiles": 1,
    }
    assert store.events.history(secret, 9) == ()
    assert store.events.history("session:her-session", 9) == ()
    assert store.events.count() == 200
    assert store.exposures.get("x") is None
    assert [user.user_id for user in store.catalogue.load().users] == ["", "bob1"]
    assert store.check() == []
    store.close()
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes(), path
        assert b"her-session" not in path.read_bytes(), path


def test_an_erased_user_may_come_back_as_somebody_new(store: Store) -> None:
    store.catalogue.upsert(users=[User("ada", tags=("old",)), User("bob")])
    store.events.append([Event("a", "view", user_id="ada", event_id="1")], 1)
    store.erase("ada")
    assert store.erase("ada")["events"] == 0
    assert store.events.append([Event("b", "view", user_id="ada", event_id="1")], 1)[0].seq == 2
    store.catalogue.upsert(users=[User("ada")])
    assert store.catalogue.load().users == (User(""), User("bob"), User("ada"))
