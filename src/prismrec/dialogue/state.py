"""What a conversation has come to: what is wished for, what was refused, what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prismrec.core import Finding

__all__ = ["State", "Wish"]


@dataclass(frozen=True)
class Wish:
    """What is looked for.

    `text` are words to search by; `wanted` maps an attribute to the values that will do, `refused`
    is what no item may be or speak of. `low` and `high` are inclusive bounds of the price, `like`
    is the id of an item to be alike. `sort` is `relevance`, `price-asc` or `price-desc`.
    """

    text: str = ""
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: tuple[Finding, ...] = ()
    low: float | None = None
    high: float | None = None
    like: str = ""
    sort: str = "relevance"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was wished for yet."""
        bounds = self.low is not None or self.high is not None
        return not (self.text or self.wanted or self.like or bounds)


@dataclass(frozen=True)
class State:
    """One conversation after some turns.

    `declined` are ids of items that were refused and never come again; `shown` those of the last
    answer, in order, `seen` all that this wish has shown; `about` is the item last spoken of.
    `asked` are attributes that were asked about or do not matter, `options` the values offered by
    the question that is open, about the attribute `pending`.
    """

    user_id: str = ""
    session_id: str = ""
    language: str = "en"
    wish: Wish = field(default_factory=Wish)
    declined: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    about: str = ""
    asked: tuple[str, ...] = ()
    pending: str = ""
    options: tuple[str, ...] = ()
    turns: int = 0
