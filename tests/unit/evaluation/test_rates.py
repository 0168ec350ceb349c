"""Clicks and purchases are credited once, to the slate they came from, within the window."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Event, Exposure
from prismrec.evaluation.rates import DAY, attribute, rates
from prismrec.evaluation.significance import wilson


def exposure(name: str, user: str, chosen: tuple[str, ...] = ("a", "b"), at: int = 0) -> Exposure:
    return Exposure(name, at, 1, "greedy", "1", 0, chosen, (0.0,) * len(chosen), chosen,
                    (1.0,) * len(chosen), user_id=user)  # fmt: skip


def event(item: str, kind: str, exposure_id: str, at: int = 10) -> Event:
    return Event(item, kind, user_id="u", timestamp=at, exposure_id=exposure_id)


def figures(shown):
    return rates(shown, np.random.default_rng(0), resamples=200)


def test_clicks_and_purchases_are_joined_by_exposure() -> None:
    shown = attribute(
        [exposure("x", "u"), exposure("y", "v")],
        [event("a", "click", "x"), event("b", "purchase", "y")],
    )
    found = figures(shown)
    assert found.click.value == 0.5
    assert found.slate_click.value == 1.0
    assert found.conversion.value == 0.25
    assert [rate.value for rate in found.by_place] == [0.5, 0.5]


def test_nothing_is_counted_twice() -> None:
    events = [event("a", "click", "x"), event("a", "click", "x"), event("a", "view", "x")]
    twice = attribute([exposure("x", "u"), exposure("x", "u")], events)
    assert twice.clicked.tolist() == [True, False]
    assert figures(twice).click.trials == 2


def test_only_what_was_shown_and_only_in_time_counts() -> None:
    shown = attribute(
        [exposure("x", "u", at=100)],
        [
            event("a", "click", "x", at=99),
            event("a", "click", "x", at=101 + DAY),
            event("z", "click", "x", at=101),
            event("a", "click", "unknown", at=101),
            event("a", "click", "", at=101),
        ],
    )
    assert not shown.clicked.any()
    assert (shown.late, shown.orphans) == (2, 2)
    assert attribute([exposure("x", "u")], [event("a", "click", "x", at=DAY)]).clicked[0]


def test_people_who_see_much_make_the_interval_wider() -> None:
    rng = np.random.default_rng(1)
    fans = {f"u{i}": rng.random() < 0.5 for i in range(30)}
    slates, events = [], []
    for user, fan in fans.items():
        for j in range(20):
            slates.append(exposure(f"{user}-{j}", user, ("a",)))
            if fan:
                events.append(event("a", "click", f"{user}-{j}"))
    found = figures(attribute(slates, events)).click
    naive = wilson(found.value * found.trials, found.trials)
    assert found.high - found.low > 2 * (naive[1] - naive[0])


def test_no_clicks_at_all_still_have_an_honest_interval() -> None:
    found = figures(attribute([exposure(f"x{i}", "u") for i in range(100)], [])).click
    assert found.value == 0.0
    assert found.high == pytest.approx(wilson(0, 1)[1])


def test_nothing_shown_has_no_rate() -> None:
    found = figures(attribute([], []))
    assert (found.click.trials, found.click.low, found.click.high) == (0, 0.0, 1.0)
    assert found.by_place == ()
