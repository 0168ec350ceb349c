"""Whether people come back for what they already had."""

from __future__ import annotations

import numpy as np

from prismrec.core import BadSettings, Interactions

__all__ = ["WANTED_ABOVE", "repeat_share", "wants_repeats"]

WANTED_ABOVE = 0.1
"""Share of repeats above which `auto` wants them: shops that sell by invoice are near 0.3, news,
films and reviews below 0.02."""


def repeat_share(interactions: Interactions) -> float:
    """Share of the positive events whose item the same user took at an earlier time already.

    Events of one time (one invoice) are no repeats of each other. 0 where there are no events.
    """
    events = interactions.positives
    n = len(events.items)
    if n == 0:
        return 0.0
    users = events.rows
    order = np.lexsort((events.times, events.items, users))
    users, items, times = users[order], events.items[order], events.times[order]
    fresh = np.ones(n, bool)
    fresh[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    first = times[np.maximum.accumulate(np.where(fresh, np.arange(n), 0))]
    return float(np.mean(times > first))


def wants_repeats(interactions: Interactions, setting: str = "auto") -> bool:
    """Whether items a person has may come again: as the setting says, else the interactions, else
    as people did."""
    if setting not in ("auto", "yes", "no"):
        raise BadSettings(f"repeats is {setting!r}.", hint="Set it to auto, yes or no.")
    if setting == "auto" and interactions.repeats is not None:
        return interactions.repeats
    if setting == "auto":
        return repeat_share(interactions) > WANTED_ABOVE
    return setting == "yes"
