"""What only relations tell, from the tables to the slate."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

import prismrec as pr
from end_to_end.worlds import light

FINISHED, OPEN = 160, 40
"""Series of two books: one person read both of each of the first, and one person the first book
alone of each of the others, whose second book nobody has read."""


def write(path: Path, header: str, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])


def word(thing: str) -> str:
    """A title that tells nothing of the series."""
    return hashlib.sha256(thing.encode()).hexdigest()[:10]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, every = tmp_path_factory.mktemp("books"), range(FINISHED + OPEN)
    books = [f"{part}{s}" for s in every for part in "ab"]
    write(folder / "items.csv", "item_id,title", ((book, word(book)) for book in books))
    read = [(f"u{s}", f"{part}{s}", day) for s in every for day, part in enumerate("ab")]
    events = [
        (user, book, "purchase", f"2026-01-0{day + 1}T00:00:00Z")
        for user, book, day in read
        if day == 0 or int(user[1:]) < FINISHED
    ]
    write(folder / "events.csv", "user_id,item_id,event,timestamp", events)
    links = ((f"a{s}", f"b{s}", "same-series") for s in every)
    write(folder / "relations.csv", "source,target,kind", links)
    return folder


def test_the_second_book_that_nobody_has_read_is_found_by_its_relation(
    tables: Path, tmp_path: Path
) -> None:
    plain = light()
    experts = ("popularity", "text_knn", "related", "transitions")
    settings = replace(plain, models=replace(plain.models, experts=experts))
    with pr.fit(tables, tmp_path / "books.prism", settings=settings) as shop:
        for s in range(FINISHED, FINISHED + OPEN):
            first = next(iter(shop.recommend(f"u{s}", n=3, explore=False)))
            assert first.item_id == f"b{s}"
            assert max(first.parts, key=first.parts.__getitem__) == "related"
        assert "known to belong with" in first.reason
