"""What a slate earned: events joined to the exposures that they name.

The reward of an event type is a setting (`{"click": 1, "purchase": 10, "return": -5}`). The join
does not depend on the order in which events arrived, and running it again later, when late feedback
has come in, gives the larger truth and counts nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from prismrec.core import BadSettings, Event, Exposure
from prismrec.core.arrays import Floats

__all__ = ["DEFAULT_REWARDS", "DWELL", "WINDOW", "Joined", "check_rewards", "join_rewards"]

DEFAULT_REWARDS: Mapping[str, float] = {"click": 1.0, "cart": 3.0, "purchase": 10.0, "return": -5.0}
WINDOW = 7 * 24 * 3_600_000
"""How long after the exposure an event still counts for it, in milliseconds: seven days."""
DWELL = "dwell"
"""An event whose value is how many seconds an item was looked at."""
WHOLE = 60.0
"""Seconds of dwelling that earn the whole reward; fewer earn their share."""


@dataclass(frozen=True)
class Joined:
    """`rewards` (exposures, places) and what became of the events.

    Places beyond the end of a slate have reward 0. `counts` has, for each fate, how many events met
    it: `counted`; `unnamed` (no exposure id); `unknown` (an exposure that is not there);
    `elsewhere` (an item that its slate did not show); `foreign` (another user than the slate
    was for); `early` (before the exposure) and `late` (after the window); `repeated` (the same
    event id, or the same type on the same item of the same slate); `unrewarded` (a type
    without a reward).
    """

    rewards: Floats
    counts: Mapping[str, int] = field(default_factory=dict)


def join_rewards(
    exposures: Sequence[Exposure],
    events: Iterable[Event],
    rewards: Mapping[str, float] = DEFAULT_REWARDS,
    *,
    window: int = WINDOW,
) -> Joined:
    """What each place of each exposure earned within `window` milliseconds.

    An event counts for the place of its item in the slate of its `exposure_id`, by its own
    timestamp (one without a timestamp counts as in time), once for each event type. A `dwell`
    earns its reward in proportion to its seconds, the whole of it from a minute on; of several the
    longest counts. Where an exposure id comes twice, the first is meant. Raises `BadSettings` for a
    reward that is not a finite number or a window that is not above 0.
    """
    check_rewards(rewards, window)
    width = max((len(shown.chosen) for shown in exposures), default=0)
    joined = np.zeros((len(exposures), width))
    rows: dict[str, int] = {}
    for row, shown in enumerate(exposures):
        rows.setdefault(shown.exposure_id, row)
    counts: Counter[str] = Counter()
    ids: set[str] = set()
    done: dict[tuple[int, str, str], float] = {}
    for event in events:
        fate = _fate(event, exposures, rows, rewards, window)
        if fate == "counted":
            row = rows[event.exposure_id]
            key = (row, event.item_id, event.event)
            if key in done or (event.event_id and event.event_id in ids):
                fate = "repeated"
            more = max(0.0, _part(event) - done.get(key, 0.0))
            if fate == "counted" or event.event == DWELL:
                place = exposures[row].chosen.index(event.item_id)
                joined[row, place] += rewards[event.event] * more
                done[key] = done.get(key, 0.0) + more
                ids.add(event.event_id)
        counts[fate] += 1
    return Joined(joined, dict(counts))


def check_rewards(rewards: Mapping[str, float], window: float) -> None:
    """Raise `BadSettings` for a reward that is no finite number, or a window not above 0."""
    for name, reward in rewards.items():
        if not np.isfinite(reward):
            raise BadSettings(f"The reward of '{name}' is {reward}.", hint="Give a finite number.")
    if window <= 0:
        raise BadSettings(f"The attribution window is {window}.", hint="Give a time above 0.")


def _part(event: Event) -> float:
    """The part of its type's reward that an event earns, from 0 to 1."""
    if event.event != DWELL:
        return 1.0
    seconds = event.value or 0.0
    return min(max(seconds, 0.0), WHOLE) / WHOLE if np.isfinite(seconds) else 0.0


def _fate(
    event: Event,
    exposures: Sequence[Exposure],
    rows: Mapping[str, int],
    rewards: Mapping[str, float],
    window: int,
) -> str:
    """What becomes of an event, before repetition is looked at."""
    if event.event not in rewards:
        return "unrewarded"
    if not event.exposure_id:
        return "unnamed"
    row = rows.get(event.exposure_id)
    if row is None:
        return "unknown"
    shown = exposures[row]
    if event.item_id not in shown.chosen:
        return "elsewhere"
    if _foreign(event, shown):
        return "foreign"
    after = 0 if event.timestamp is None else event.timestamp - shown.at
    return "early" if after < 0 else "late" if after > window else "counted"


def _foreign(event: Event, shown: Exposure) -> bool:
    """Whether another person is named; a session may have become a user in between."""
    if event.user_id and shown.user_id:
        return event.user_id != shown.user_id
    if event.session_id and shown.session_id:
        return event.session_id != shown.session_id
    return False
