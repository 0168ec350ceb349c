"""Everything is a query against a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prismrec.core.events import Event
from prismrec.core.understood import Understood

__all__ = ["Filters", "Query"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What an item must be to be shown; everything given must hold.

    `attributes` maps an attribute (or `brand`) to the values allowed for it; `categories` are
    alternatives; prices are inclusive bounds. `exclude` are item ids that must not come out,
    `only` (where not empty) the ids that may.
    """

    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    available: bool = True
    created_after: int | None = None
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One question: any of a user, a session, a text and an item, answered with `n` items.

    `history` overrides what the store knows of the user (an anonymous visitor's own events).
    `at` is the time it is asked, milliseconds since 1970 UTC; nothing below the engine reads a
    clock. `seed` makes the answer repeatable; `None` lets the engine draw one and log it.
    `shown` are the ids that earlier pages showed: the slate goes on with what is not among them, so
    that with the same seed and `at` the pages together are one slate, and none repeats or misses an
    item when others come or go in between.
    `listing` asks for what matches rather than for the best: every item that has the words (or is
    as near in meaning), whether the person has it or not, and no other. `sort` is the order of a
    listing: `relevance`, `price-asc`, `price-desc`, `newest` or `popularity`.
    `ignore` are keys of what was understood of the text (`Finding.key`) that is to be left out, its
    words being searched as any others; `understood` is filled in by the engine.
    `explore` false answers without exploration and logs nothing (previews).
    `typing` says that the text is still being typed: its last word may be only a beginning, and
    nothing is explored or logged.
    """

    user_id: str = ""
    session_id: str = ""
    text: str = ""
    item_id: str = ""
    history: tuple[Event, ...] | None = None
    filters: Filters = field(default_factory=Filters)
    n: int = 10
    shown: tuple[str, ...] = ()
    listing: bool = False
    sort: str = "relevance"
    seed: int | None = None
    at: int | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    explore: bool = True
    typing: bool = False
    ignore: tuple[str, ...] = ()
    understood: Understood | None = None

    @property
    def searched(self) -> str:
        """What is looked for: the text, without what was understood to be no part of it."""
        return self.text if self.understood is None else self.understood.searched
