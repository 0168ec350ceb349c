"""What people did, and what they were shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PAGE_OF", "Event", "Exposure", "Outcome", "StoredEvent"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing one person did to one item.

    `timestamp` is milliseconds since 1970 UTC (or a position within the user, for a collection
    without a clock); `None` means now. `event_id` is the client's idempotency key; the store makes
    one where it is empty. Exactly one of `user_id` and `session_id` must be given; both link the
    session to the user. `value` is a grade only for `rating`; elsewhere it is money or duration.
    """

    item_id: str
    event: str
    user_id: str = ""
    timestamp: int | None = None
    value: float | None = None
    event_id: str = ""
    session_id: str = ""
    query: str = ""
    exposure_id: str = ""


@dataclass(frozen=True, slots=True)
class StoredEvent(Event):
    """An event as the store keeps it: every field of `Event` filled in, and what the store added.

    `seq` grows in the order in which events became visible. `received_at` is milliseconds since
    1970 UTC. `exposure_known` is false where `exposure_id` names no logged exposure.
    """

    seq: int = 0
    received_at: int = 0
    exposure_known: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row of a batch: `accepted`, `duplicate` or `rejected` (with a reason)."""

    status: str
    event_id: str = ""
    seq: int | None = None
    reason: str = ""


PAGE_OF = "page_of"
"""The context key of a later page's exposure: the id of the first page's."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A slate as it was shown, with all that off-policy evaluation needs later.

    `shortlist`, `scores` and `features` describe the candidates the policy chose from, best first;
    `chosen` are the ids shown, in order; `propensities[k]` is
    P(chosen[k] | query, chosen[<k]) under `policy`, the slate's propensity is their product.
    `draws` is 0 where propensities are exact, else the number of simulations behind them.
    """

    exposure_id: str
    at: int
    release: int
    policy: str
    policy_version: str
    seed: int
    shortlist: tuple[str, ...]
    scores: tuple[float, ...]
    chosen: tuple[str, ...]
    propensities: tuple[float, ...]
    draws: int = 0
    user_id: str = ""
    session_id: str = ""
    text: str = ""
    features: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
