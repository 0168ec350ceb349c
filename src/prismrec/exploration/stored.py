"""The slates that a collection showed, with what they earned, read from its store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prismrec.core import PAGE_OF, BadSettings, Event
from prismrec.exploration.logs import SlateLog, slate_log
from prismrec.exploration.rewards import DEFAULT_REWARDS, WINDOW, join_rewards
from prismrec.store import StoreReader

__all__ = ["rewards_from", "stored_events", "stored_slates"]

_FIELDS = ("item_id", "event", "user_id", "timestamp", "event_id", "session_id", "exposure_id")


def stored_slates(
    store: StoreReader, rewards: Mapping[str, float] = DEFAULT_REWARDS, *, window: int = WINDOW
) -> tuple[SlateLog, Mapping[str, int]]:
    """All slates that showed something, and how many events met which fate (`rewards.Joined`).

    Later pages of a slate are left out: their propensities suppose the pages before, which they do
    not hold. Raises `BadInput` where nothing was shown yet, as `logs.slate_log` does.
    """
    shown = [
        exposure
        for exposure in store.exposures()
        if exposure.chosen and PAGE_OF not in exposure.context
    ]
    joined = join_rewards(shown, stored_events(store), rewards, window=window)
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


def stored_events(store: StoreReader) -> Iterator[Event]:
    """All events of the store, in the order they came."""
    for row in store.events().select(_FIELDS).iter_rows(named=True):
        yield Event(**row)
