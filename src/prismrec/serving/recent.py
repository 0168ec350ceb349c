"""The last slates that were shown, and the events that name one."""

from __future__ import annotations

import polars as pl

from prismrec.collection import Collection
from prismrec.core import Event, Exposure

__all__ = ["EVENTS", "EXPOSURES", "last_events", "last_exposures", "naming_exposures"]

EVENTS = 20_000
"""How far back events are read."""
EXPOSURES = 1_000
"""How far back exposures are read."""


def last_events(shop: Collection) -> pl.DataFrame:
    """The last events as the store holds them, oldest first."""
    return shop.store.events.since(max(0, shop.store.events.last_seq() - EVENTS), EVENTS)


def last_exposures(shop: Collection) -> list[Exposure]:
    """The last exposures, oldest first."""
    log = shop.store.exposures
    return [shown for _, shown in log.since(max(0, log.last_seq() - EXPOSURES), EXPOSURES)]


def naming_exposures(events: pl.DataFrame) -> list[Event]:
    """Those of `events` that say which slate they came from."""
    named = events.filter(pl.col("exposure_id") != "")
    return [
        Event(
            item_id=row["item_id"],
            event=row["event"],
            user_id=row["user_id"],
            session_id=row["session_id"],
            timestamp=row["timestamp"],
            value=row["value"],
            event_id=row["event_id"],
            exposure_id=row["exposure_id"],
        )
        for row in named.iter_rows(named=True)
    ]
