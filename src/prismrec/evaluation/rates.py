"""What became of what was shown: click and conversion rates, from exposures and events.

An event counts for the exposure that it names (`exposure_id`), for an item that was in it, once,
and only within a window after it was shown. One slate can be clicked in several places, and people
see many slates: intervals of the rates resample people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Event, Exposure
from prismrec.core.arrays import Floats
from prismrec.evaluation.significance import bootstrap_means, interval, totals, wilson

__all__ = ["CLICKS", "CONVERSIONS", "DAY", "Rate", "Rates", "Shown", "attribute", "rates"]

FEWEST = 10
"""With fewer people a bootstrap over them says little about anyone else."""

DAY = 86_400_000
"""Milliseconds."""
CLICKS = frozenset({"click", "view", "cart", "add_to_cart", "purchase", "order", "buy"})
"""Events that say the item was opened: whoever buys what was shown has also chosen it."""
CONVERSIONS = frozenset({"purchase", "order", "buy", "transaction", "checkout", "subscribe"})


@dataclass(frozen=True)
class Shown:
    """Every item that was shown, one row each, (n,): in which exposure, to whom, at which place
    (0 is the first), and whether it was clicked and led to a conversion.

    `orphans` counts events that name an unknown exposure or an item that was not in it, `late`
    those outside the window.
    """

    exposure: np.ndarray
    person: np.ndarray
    place: np.ndarray
    clicked: np.ndarray
    converted: np.ndarray
    orphans: int = 0
    late: int = 0


@dataclass(frozen=True)
class Rate:
    """A share of `trials`, and its interval."""

    value: float
    low: float
    high: float
    trials: int


@dataclass(frozen=True)
class Rates:
    """`click`: of the items shown; `slate_click`: of the slates, at least one item; `conversion`:
    of the items shown; `by_place`: the click rate of each place."""

    click: Rate
    slate_click: Rate
    conversion: Rate
    by_place: tuple[Rate, ...]


def attribute(
    exposures: Sequence[Exposure],
    events: Iterable[Event],
    *,
    window: int = DAY,
    clicks: frozenset[str] = CLICKS,
    conversions: frozenset[str] = CONVERSIONS,
) -> Shown:
    """Join `events` with the `exposures` they name; `window` is in milliseconds.

    An exposure that was logged twice counts once. Further events on the same item of the same
    exposure change nothing.
    """
    unique = {exposure.exposure_id: exposure for exposure in exposures}
    rows: dict[tuple[str, str], int] = {}
    shown: list[tuple[int, str, int]] = []
    for i, exposure in enumerate(unique.values()):
        person = exposure.user_id or f"session:{exposure.session_id or exposure.exposure_id}"
        for place, item_id in enumerate(exposure.chosen):
            rows[exposure.exposure_id, item_id] = len(shown)
            shown.append((i, person, place))
    clicked, converted = np.zeros(len(shown), bool), np.zeros(len(shown), bool)
    orphans = late = 0
    for event in events:
        if not event.exposure_id:
            continue
        row = rows.get((event.exposure_id, event.item_id))
        if row is None:
            orphans += 1
        elif not _in_time(event, unique[event.exposure_id], window):
            late += 1
        else:
            clicked[row] |= event.event in clicks
            converted[row] |= event.event in conversions
    return Shown(
        exposure=np.array([row[0] for row in shown], np.int64),
        person=np.array([row[1] for row in shown], dtype=str),
        place=np.array([row[2] for row in shown], np.int64),
        clicked=clicked,
        converted=converted,
        orphans=orphans,
        late=late,
    )


def rates(
    shown: Shown, rng: np.random.Generator, *, resamples: int = 1000, confidence: float = 0.95
) -> Rates:
    """The rates of what was shown, with intervals that resample people."""

    def rate(happened: np.ndarray, people: np.ndarray) -> Rate:
        return _rate(np.asarray(happened, np.float64), people, rng, resamples, confidence)

    _, first, which = np.unique(shown.exposure, return_index=True, return_inverse=True)
    any_click = np.bincount(which, shown.clicked, len(first)) > 0
    places = range(int(shown.place.max(initial=-1)) + 1)
    by_place = [(shown.clicked[at], shown.person[at]) for at in (shown.place == p for p in places)]
    return Rates(
        click=rate(shown.clicked, shown.person),
        slate_click=rate(any_click, shown.person[first]),
        conversion=rate(shown.converted, shown.person),
        by_place=tuple(rate(clicked, people) for clicked, people in by_place),
    )


def _rate(
    happened: Floats,
    people: np.ndarray,
    rng: np.random.Generator,
    resamples: int,
    confidence: float,
) -> Rate:
    """Wilson's interval where everybody counts once, and, as if each person were one trial, where
    all or nothing happened or people are few, so that a bootstrap would see no spread; else people
    are resampled."""
    n, total = len(happened), float(happened.sum())
    if n == 0:
        return Rate(0.0, 0.0, 1.0, 0)
    codes = np.unique(people, return_inverse=True)[1].astype(np.int32)
    crowd = int(codes.max()) + 1
    if total in (0.0, float(n)):
        return Rate(total / n, *wilson(total / n * crowd, crowd, confidence), n)
    if crowd == n:
        return Rate(total / n, *wilson(total, n, confidence), n)
    if crowd < FEWEST:
        return Rate(total / n, *wilson(total / n * crowd, crowd, confidence), n)
    draws = bootstrap_means(totals(happened, codes), resamples, rng)[:, 0]
    return Rate(total / n, *interval(draws, confidence), n)


def _in_time(event: Event, exposure: Exposure, window: int) -> bool:
    return event.timestamp is None or 0 <= event.timestamp - exposure.at <= window
