"""A text that is erased is quoted nowhere, whoever still remembers it, and stays erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prismrec.core import NotFound
from prismrec.store import Store
from prismrec.store.opinions import SaidRow, Step

NAMED = "Anna Example, 5 Mill Lane, was rude"


def alert(*causes: tuple[int, str]) -> dict[str, Any]:
    return {"series": "bad", "causes": [[number, text, 0.9] for number, text in causes]}


def tell(
    store: Store, texts: list[str], *alerts: dict[str, Any], before: int = 0, setup: str = "one"
) -> None:
    rows = [
        SaidRow(f"{setup}-{n}", "2026-01-01", text, (0.25, 0.75))
        for n, text in enumerate(texts, before + 1)
    ]
    day = {"2026-01-01": {"texts": before + len(texts), "sums": [1.5]}}
    store.opinions.put(Step(setup, before, rows, {"seen": before}, day, alerts, due=True))


def quoted(store: Store) -> list[list[str]]:
    """What each alert quotes, the oldest first."""
    return [[text for _, text, _ in one.body["causes"]] for one in store.opinions.alerts()[::-1]]


def test_an_erased_text_is_gone_everywhere_and_its_numbers_stay(store: Store) -> None:
    tell(store, ["fine", NAMED, "broken"], alert((2, NAMED), (3, "broken")), alert((3, "broken")))
    days, state = store.opinions.days(), store.opinions.state("one")
    assert store.opinions.erase("one-2", who="ops") == {"texts": 1, "alerts": 1}
    assert [(row.text, row.scores) for row in store.opinions.last(9)] == [
        ("fine", (0.25, 0.75)),
        ("", (0.25, 0.75)),
        ("broken", (0.25, 0.75)),
    ]
    assert quoted(store) == [["", "broken"], ["broken"]]
    assert NAMED not in str(store.opinions.due())
    assert (store.opinions.days(), store.opinions.state("one")) == (days, state)
    assert store.opinions.known(["one-2"], "one") == {"one-2"}
    assert store.opinions.erase("one-2") == {"texts": 0, "alerts": 0}
    lines = [line for line in store.audit.lines() if line.action == "opinion.erase"]
    assert [(line.who, line.details) for line in lines] == [
        ("ops", {"text": 2, "texts": 1, "alerts": 1})
    ]
    assert store.audit.verify() == len(store.audit.lines())


def test_a_memory_that_missed_the_erasure_does_not_bring_it_back(store: Store) -> None:
    tell(store, ["fine", NAMED])
    store.opinions.erase("one-2")
    tell(store, ["broken"], alert((3, "broken"), (2, NAMED)), before=2)
    assert quoted(store) == [["broken", ""]]
    assert NAMED not in str(store.opinions.last(9))


def test_a_quoted_text_is_erased_by_its_alert(store: Store) -> None:
    tell(store, ["fine", NAMED], alert((2, NAMED)))
    with pytest.raises(NotFound):
        store.opinions.erase_quoted(1, 1)
    with pytest.raises(NotFound):
        store.opinions.erase_quoted(2, 2)
    tell(store, ["other", "a text of the same number"], setup="two")  # "one" is kept no more
    with pytest.raises(NotFound):
        store.opinions.erase("one-2")
    tell(store, ["x"], alert((2, "a text of the same number")), before=2, setup="two")
    assert store.opinions.erase_quoted(1, 2) == {"texts": 0, "alerts": 1}
    assert quoted(store) == [[""], ["a text of the same number"]]
    assert store.opinions.last(2)[0].text == "a text of the same number"
    assert store.opinions.erase_quoted(2, 2) == {"texts": 1, "alerts": 1}
    assert quoted(store) == [[""], [""]]


def test_other_collections_keep_theirs(lasting_url: str, opening: Callable[..., Store]) -> None:
    here = opening(lasting_url)
    tell(here, [NAMED], alert((1, NAMED)))
    here.close()
    there = opening(lasting_url, "other")
    tell(there, [NAMED], alert((1, NAMED)))
    there.opinions.erase("one-1")
    there.close()
    assert quoted(opening(lasting_url)) == [[NAMED]]


def test_nothing_is_left_in_the_file(tmp_path: Path, opening: Callable[..., Store]) -> None:
    file = tmp_path / "store.db"
    store = opening(f"sqlite:///{file}")
    tell(store, ["fine", NAMED, *["later"] * 300], alert((2, NAMED)))
    assert NAMED.encode() in file.read_bytes()
    store.opinions.erase("one-2")
    assert not [path for path in tmp_path.iterdir() if NAMED.encode() in path.read_bytes()]
