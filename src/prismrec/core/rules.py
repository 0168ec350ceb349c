"""What the people of a shop decide about a query themselves."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """For searches whose text is `query` (`match` exact) or has its words in this order, side by
    side (contains): `pin` comes first, in this order; `bury` comes last; `block` never comes.

    It holds from `starts_at` to before `ends_at`, milliseconds since 1970 UTC, `None` for without
    a bound. Case, accents and spaces make no difference. `rule_id` names it; `note` is for people.
    """

    rule_id: str
    query: str
    match: str = "exact"
    pin: tuple[str, ...] = ()
    bury: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    note: str = ""

    def holds(self, at: int) -> bool:
        """Whether it holds at the time `at`."""
        begun = self.starts_at is None or at >= self.starts_at
        return begun and (self.ends_at is None or at < self.ends_at)
