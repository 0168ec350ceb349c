"""How the service is doing: traffic, rates, exploration, and what the release was measured at.

Figures are taken from the last events and exposures of the log, so that they cost the same on a log
of thousands and of millions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from prismrec.collection import Collection
from prismrec.core import Exposure, generator
from prismrec.evaluation.rates import attribute, rates
from prismrec.serving.recent import last_events, last_exposures, naming_exposures

__all__ = ["Stats"]

DAYS = 30
SECONDS = 5.0
CLOCK = 10**8
"""Timestamps below it are positions, not milliseconds."""


class Stats:
    """Computes the figures of a collection at most every few seconds."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._turn = threading.Lock()

    def of(self, shop: Collection) -> dict[str, Any]:
        """The figures of `shop`, at most a few seconds old."""
        with self._turn:
            until, kept = self._kept.get(shop.name, (0.0, {}))
            if time.monotonic() > until:
                kept = stats(shop)
                self._kept[shop.name] = time.monotonic() + self._seconds, kept
            return kept


def stats(shop: Collection) -> dict[str, Any]:
    """Everything the console shows of traffic and quality; see the keys."""
    seen, store = shop.snapshot, shop.store
    recent, shown = last_events(shop), last_exposures(shop)
    return {
        "release": seen.release,
        "items": int(seen.alive.sum()),
        "events": {
            "total": store.events.last_seq(),
            "counted": len(recent),
            "by_type": _by_type(recent),
            "by_day": _by_day(recent),
        },
        "exposures": {
            "total": store.exposures.last_seq(),
            "counted": len(shown),
            "dropped": store.exposures.dropped,
        },
        "rates": _rates(shown, recent),
        "explored_share": _explored(shown),
        "policy": seen.policy.name,
        "report": dict(seen.report),
    }


def _by_type(recent: pl.DataFrame) -> dict[str, int]:
    counts = recent["event"].value_counts(sort=True)
    return dict(zip(counts["event"].to_list(), counts["count"].to_list(), strict=True))


def _by_day(recent: pl.DataFrame) -> list[dict[str, Any]]:
    """One row a day and type, over the last days that have events, UTC.

    Where timestamps are positions, the day is the one on which the events came in.
    """
    if not len(recent):
        return []
    when = pl.when(pl.col("timestamp") < CLOCK).then("received_at").otherwise("timestamp")
    days = recent.select(
        pl.from_epoch(when, time_unit="ms").dt.strftime("%Y-%m-%d").alias("day"), "event"
    )
    newest = days["day"].unique().sort().tail(DAYS)
    counts = (
        days.filter(pl.col("day").is_in(newest.to_list()))
        .group_by("day", "event")
        .len("count")
        .sort("day", "event")
    )
    return counts.to_dicts()


def _rates(shown: Sequence[Exposure], recent: pl.DataFrame) -> dict[str, Any]:
    """Click and conversion rates of the exposures with their 95% intervals."""
    found = rates(attribute(shown, naming_exposures(recent)), generator(0, "stats"), resamples=200)
    return {
        "click": asdict(found.click),
        "slate_click": asdict(found.slate_click),
        "conversion": asdict(found.conversion),
        "by_place": [asdict(rate) for rate in found.by_place[:20]],
    }


def _explored(shown: Sequence[Exposure]) -> float:
    """Share of the shown items that were chosen against the odds: not the greedy choice, which
    under epsilon-greedy with epsilon below one half has a propensity of more than one half."""
    chances = [chance for exposure in shown for chance in exposure.propensities]
    return sum(chance < 0.5 for chance in chances) / max(len(chances), 1)
