"""Settings of the store."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StoreSettings"]


@dataclass(frozen=True)
class StoreSettings:
    """Where the store is, and how much it accepts and remembers.

    `url` is a SQLAlchemy URL (`postgresql://user@host/name`); empty means `store.db` in the
    collection's folder. `queue` is the number of batches that may wait to be written before callers
    are told that the store is busy, `group` the most batches in one transaction. `max_batch` is the
    most rows in one call, `max_id` and `max_text` the most characters in an id and in a query.
    `history_people` and `history_events` bound the histories kept in memory. `load_rows` rows are
    imported in one transaction. `lock_seconds` is how long one connection waits for another.
    """

    url: str = ""
    queue: int = 1024
    group: int = 256
    max_batch: int = 10_000
    max_id: int = 256
    max_text: int = 4096
    history_people: int = 4_000
    history_events: int = 200
    load_rows: int = 50_000
    lock_seconds: float = 30.0
