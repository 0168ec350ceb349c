"""Clicks become judgments: places are told from items, and what is logged is read."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Event, Exposure, Ids
from prismrec.learning.clicked_search import Pages, clicked_pages, examination, judged_by_clicks

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
    assert grades[1] == pytest.approx(0.75, abs=0.01)


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
