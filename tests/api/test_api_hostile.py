"""Hostile texts: answered or refused, never an error of the server's own."""

from __future__ import annotations

from typing import Any

from benchmarks.hostile import LONG, ask, texts


def test_hostile_texts_get_no_server_error(shared: Any) -> None:
    found = ask(shared.client, "shop", 600, 3)
    assert found.requests == 600
    assert found.server_errors == 0
    assert {"200", "400", "422"} == set(found.statuses)
    assert found.statuses["200"] > 400


def test_the_texts_are_as_hostile_as_they_say() -> None:
    made = list(texts(600, 3))
    assert made == list(texts(600, 3))
    joined = "".join(made)
    for needed in ("\u202e", "\x01", "蓝牙耳机", "😀", '"', "OR"):
        assert needed in joined
    assert any("\ud800" <= character <= "\udfff" for character in joined)
    assert max(map(len, made)) >= LONG[-1]
