"""The slates that a collection showed, with what they earned, read from its store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prismrec.core import BadSettings, Event, Exposure
from prismrec.exploration.logs import SlateLog, slate_log
from prismrec.exploration.rewards import DEFAULT_REWARDS, WINDOW, join_rewards
from prismrec.store import Store

__all__ = ["rewards_from", "stored_slates"]

_ROWS = 10_000
_FIELDS = ("item_id", "event", "user_id", "timestamp", "event_id", "session_id", "exposure_id")


def stored_slates(
    store: Store, rewards: Mapping[str, float] = DEFAULT_REWARDS, *, window: int = WINDOW
) -> tuple[SlateLog, Mapping[str, int]]:
    """All slates that showed something, and how many events met which fate (`rewards.Joined`).

    Raises `BadInput` where nothing was shown yet, as `logs.slate_log` does.
    """
    shown = [exposure for exposure in _exposures(store) if exposure.chosen]
    joined = join_rewards(shown, _events(store), rewards, window=window)
    return slate_log(shown, joined.rewards), joined.counts


def rewards_from(text: str) -> Mapping[str, float]:
    """`click=1,purchase=10` as a mapping; a type without a number is worth 1; empty: the defaults.

    Raises `BadSettings` for a number that is none.
    """
    rewards = {}
    for part in filter(None, (word.strip() for word in text.split(","))):
        name, _, number = part.partition("=")
        try:
            rewards[name.strip()] = float(number) if number else 1.0
        except ValueError as error:
            raise BadSettings(
                f"The reward '{part}' is no number.", hint="Write it as in click=1,purchase=10."
            ) from error
    return rewards or DEFAULT_REWARDS


def _exposures(store: Store) -> Iterator[Exposure]:
    seq = 0
    while rows := store.exposures.since(seq, _ROWS):
        yield from (exposure for _, exposure in rows)
        seq = rows[-1][0]


def _events(store: Store) -> Iterator[Event]:
    seq = 0
    while len(frame := store.events.since(seq, _ROWS)):
        seq = int(frame["seq"][-1])
        for row in frame.select(_FIELDS).iter_rows(named=True):
            yield Event(**row)
