"""What a person decided about showing an item."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RULINGS", "Ruling"]

RULINGS = ("allowed", "adult", "blocked")


@dataclass(frozen=True, slots=True)
class Ruling:
    """`item_id` may be shown to everyone (`allowed`), to adults (`adult`), or to nobody
    (`blocked`), whatever lists and classifiers say. `at` is when it was decided (milliseconds since
    1970 UTC), `by` whose key decided it, `note` is for people."""

    item_id: str
    label: str
    note: str = ""
    at: int = 0
    by: str = ""
