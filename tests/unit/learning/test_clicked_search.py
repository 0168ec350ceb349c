"""Clicks become judgments: places are told from items, and what is logged is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from prismrec.collection import Collection
from prismrec.config import Settings
from prismrec.core import Event, Exposure, Ids, Item
from prismrec.data import Dataset
from prismrec.language.settings import LanguageSettings
from prismrec.learning.clicked_search import (
    Pages,
    clicked_pages,
    examination,
    judged_by_clicks,
    newest_searches,
    taught_by_clicks,
)
from prismrec.learning.fit import fit
from prismrec.release import Release, load_release
from prismrec.store import Releases

LOOKS = np.array([1.0, 0.6, 0.3, 0.1])
LIKED = np.array([0.2, 0.4, 0.6, 0.8])


def expected(orders: list[list[int]], times: int = 500) -> Pages:
    """A log of pages of four items in these orders, clicked exactly as often as is expected."""
    rows = []
    for order in orders:
        for place, item in enumerate(order):
            hits = round(times * LOOKS[place] * LIKED[item])
            rows += [(item, place, k < hits) for k in range(times)]
    items, places, clicked = (np.array(column) for column in zip(*rows, strict=True))
    return Pages(("tea",), np.zeros(len(items), np.int64), items.astype(np.int32), places, clicked)


SWAPPED = [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]


def test_places_are_told_from_items_where_items_changed_places() -> None:
    np.testing.assert_allclose(examination(expected(SWAPPED)), LOOKS, atol=0.03)


def test_the_best_item_shown_last_is_found_only_without_the_bias() -> None:
    pages = expected([SWAPPED[0]] * 9 + [SWAPPED[3]])
    naive = judged_by_clicks(pages)
    right = judged_by_clicks(pages, LOOKS)
    assert naive.grades.argmax() != 3
    assert right.items[np.argsort(-right.grades)].tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(right.grades, LIKED, atol=0.02)


def test_one_lucky_look_is_no_proof() -> None:
    items = np.array([0] * 100 + [1], np.int32)
    clicked = np.array([True] * 50 + [False] * 50 + [True])
    zeros = np.zeros(101, np.int64)
    grades = judged_by_clicks(Pages(("tea",), zeros, items, zeros, clicked)).grades
    assert grades[1] == pytest.approx(0.55, abs=0.01)


def exposure(name: str, text: str, chosen: tuple[str, ...], **more: object) -> Exposure:
    facts: dict = {"at": 0, "release": 1, "policy": "", "policy_version": "", "seed": 0, **more}
    return Exposure(
        name, shortlist=(), scores=(), chosen=chosen, propensities=(), text=text, **facts
    )


def test_the_log_is_read_by_text_place_and_click() -> None:
    shown = [
        exposure("a", "Green  Tea", ("i1", "gone", "i0")),
        exposure("b", "green tea", ("i0",)),
        exposure("c", "", ("i0",)),
        exposure("d", "green tea", ("i1",), context={"page_of": "a"}),
    ]
    events = [
        Event("i0", "view", "u", 1, exposure_id="a"),
        Event("i1", "cart", "u", 1, exposure_id="a"),
        Event("i0", "view", "u", 1, exposure_id="c"),
    ]
    pages = clicked_pages(shown, events, Ids(["i0", "i1"]), ("view",))
    assert pages.texts == ("green tea",)
    assert pages.items.tolist() == [1, 0, 0]
    assert pages.places.tolist() == [0, 2, 0]
    assert pages.clicked.tolist() == [False, True, False]
    judged = judged_by_clicks(pages)
    assert judged.row(0)[0].tolist() == [0, 1]


def test_an_empty_log_says_nothing() -> None:
    pages = clicked_pages([], [], Ids(["i0"]), ("view",))
    assert len(judged_by_clicks(pages)) == 0


COLOURS = ("red", "blue", "green", "black", "white", "grey")
THINGS = ("cup", "hat", "pan", "lamp", "chair", "brush", "scarf", "kettle")
SETTINGS = Settings(language=LanguageSettings(encoder="tfidf"))
LOOK = 1.0 / np.arange(1, 9)


def price(n: int) -> float:
    return 5.0 if n * 7 % 10 < 4 else 50.0


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Collection, Release]]:
    items = [
        Item(f"i{n}", title=f"{COLOURS[n // 8 % 6]} {THINGS[n % 8]} no {n}", price=price(n))
        for n in range(480)
    ]
    path = tmp_path_factory.mktemp("clicked") / "shop.prism"
    shop = fit(Dataset.of(items, ()), path, settings=SETTINGS)
    releases = Releases(path)
    yield shop, load_release(releases.open(1), 1)
    shop.close()


def visits(moving: bool) -> tuple[list[Exposure], pl.DataFrame]:
    """Searches whose cheap products are liked; the dear stand first, unless all are `moving`."""
    rng, shown, rows = np.random.default_rng(0), [], []
    for visit in range(4_000):
        kind = visit % 48
        own = [n for n in range(480) if n % 48 == kind][:8]
        order = sorted(own, key=lambda n: (-price(n), n))
        if moving:
            order = [order[i] for i in np.argsort(np.arange(8) + 3 * rng.gumbel(size=8))]
        text = f"{COLOURS[kind // 8]} {THINGS[kind % 8]}"
        shown.append(exposure(f"e{visit}", text, tuple(f"i{n}" for n in order)))
        for place, n in enumerate(order):
            if rng.random() < LOOK[place] * (0.8 if price(n) < 20 else 0.2):
                rows.append((f"i{n}", "view", "", 1, "", "s", f"e{visit}"))
    columns = ["item_id", "event", "user_id", "timestamp", "event_id", "session_id", "exposure_id"]
    return newest_searches([*shown, exposure("x", "", ())]), pl.DataFrame(
        rows, columns, orient="row"
    )


def test_a_refresh_learns_what_is_liked_where_it_is_not_what_stands_first(
    served: tuple[Collection, Release],
) -> None:
    shop, release = served
    found = taught_by_clicks(
        release, release, shop.snapshot.catalogue, visits(moving=True), SETTINGS, path=shop.path
    )
    told = found.report["search"]
    assert told["from"] == "clicks"
    assert told["kept"]
    assert found.ranker is not None
    np.testing.assert_allclose(told["looks"], LOOK, atol=0.12)
    # what clicks taught is learned anew, what people judged is not replaced
    judged = replace(found, report={**found.report, "search": {"kept": True}})
    log = visits(moving=False)
    again = taught_by_clicks(release, judged, shop.snapshot.catalogue, log, SETTINGS)
    assert again.ranker == found.ranker


def test_nothing_is_learned_where_it_could_not_be_told(
    served: tuple[Collection, Release],
) -> None:
    shop, release = served
    still = taught_by_clicks(
        release, release, shop.snapshot.catalogue, visits(moving=False), SETTINGS
    )
    assert still.ranker is None
    assert "search" not in still.report
    searches, events = visits(moving=True)
    few = taught_by_clicks(
        release, release, shop.snapshot.catalogue, (searches, events.head(100)), SETTINGS
    )
    assert few.ranker is None
