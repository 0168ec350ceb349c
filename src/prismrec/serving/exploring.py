"""How exploration is doing, what it costs, and what another budget would buy.

Everything is read from the last exposures and events, as the other figures of the service are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import Query, Request

from prismrec.collection import Collection
from prismrec.core import PAGE_OF, Exposure, Policy, PrismError
from prismrec.core.arrays import Floats
from prismrec.exploration import SequentialPolicy, policy_from
from prismrec.exploration.logs import slate_log
from prismrec.exploration.ope_slates import evaluate_slates
from prismrec.exploration.overview import by_policy, explored, newcomers, preview
from prismrec.exploration.previewed import previewed
from prismrec.exploration.rewards import Joined, join_rewards
from prismrec.exploration.settings import POLICIES
from prismrec.ranking import diversity_from
from prismrec.serving.recent import last_events, last_exposures, naming_exposures
from prismrec.serving.strict import Shop, guarded

__all__ = ["router"]

router = guarded("look", "read")
DAY = 86_400_000
CANDIDATES = ("greedy", "uniform")
"""Policies whose worth is estimated from the log of the one that serves."""
SHOWN = (
    "policy",
    "epsilon",
    "temperature",
    "shortlist",
    "share",
    "first_place",
    "max_expected_loss",
    "new_chance",
    "new_place",
    "new_days",
)
"""The settings that the page shows."""
Share = Annotated[float | None, Query(ge=0, le=1)]


@router.get("/exploration")
async def exploration(shop: Shop, request: Request) -> dict[str, Any]:
    """What was explored and what it is estimated to cost, the reward of each policy with its 95%
    interval, what new items got, and what other policies would have earned, estimated from the
    log: an estimate that the log does not support is refused, with the reason."""
    return await request.app.state.pool.run(_told, shop)


@router.get("/exploration/preview")
async def preview_of(
    shop: Shop,
    request: Request,
    policy: Annotated[str, Query(json_schema_extra={"enum": list(POLICIES)})] = "",
    epsilon: Share = None,
    temperature: Annotated[float | None, Query(gt=0, le=1_000)] = None,
    share: Share = None,
    first_place: Annotated[int | None, Query(ge=1, le=100)] = None,
    max_expected_loss: Share = None,
) -> dict[str, Any]:
    """What other settings would have explored of the same shortlists, at what expected cost, and
    what their slates would have earned, `value`: estimated from the last 1,000 logged slates, with
    its interval and that of the difference to what was earned, or refused with the reason where
    the log does not show enough of what they would. What is not given stays as it is set; a policy
    that learns, and is not the one that serves, is asked before any feedback."""
    given = {
        "policy": policy or None,
        "epsilon": epsilon,
        "temperature": temperature,
        "share": share,
        "first_place": first_place,
        "max_expected_loss": max_expected_loss,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return await request.app.state.pool.run(lambda: _preview(shop, changes))


def _told(shop: Collection) -> dict[str, Any]:
    seen, settings = shop.snapshot, shop.snapshot.settings.exploration
    shown = [x for x in last_exposures(shop) if x.chosen and PAGE_OF not in x.context]
    joined = _joined(shop, shown)
    items = [seen.catalogue.item(place) for place in range(len(seen.catalogue))]
    created = {item.item_id: item.created_at for item in items if item.created_at is not None}
    since = int(time.time() * 1000 - settings.new_days * DAY)
    return {
        "settings": {name: getattr(settings, name) for name in SHOWN},
        "rewards": dict(settings.rewards),
        "explored": asdict(explored(shown)),
        "policies": [asdict(each) for each in by_policy(shown, joined.rewards)],
        "new_items": asdict(newcomers(shown, joined.rewards, created, since)),
        "estimates": [_estimate(name, shown, joined.rewards) for name in CANDIDATES],
        "feedback": dict(joined.counts),
    }


def _joined(shop: Collection, shown: Sequence[Exposure]) -> Joined:
    settings = shop.snapshot.settings.exploration
    events, window = naming_exposures(last_events(shop)), int(settings.window_days * DAY)
    return join_rewards(shown, events, settings.rewards, window=window)


def _estimate(policy: str, shown: Sequence[Exposure], rewards: Floats) -> Mapping[str, Any]:
    """What the policy would have earned a slate, or why the log cannot tell."""
    try:
        found = evaluate_slates(slate_log(shown, rewards), policy, seed=0)
    except PrismError as error:
        return {"policy": policy, "value": None, "interval": None, "refused": str(error)}
    best = next(each for each in found.estimates if each.name == "cascade-dr")
    return {
        "policy": policy,
        "value": best.value,
        "interval": list(best.interval),
        "effective_sample_size": found.overlap["effective_sample_size"],
        "refused": None,
    }


def _preview(shop: Collection, changes: Mapping[str, Any]) -> dict[str, Any]:
    seen = shop.snapshot
    settings = replace(seen.settings.exploration, **changes)
    position: Callable[[str], int] = seen.catalogue.position
    diversity = diversity_from(seen.settings.ranking, seen.features)
    known = seen.learned if settings.policy == seen.settings.exploration.policy else None
    policy = policy_from(settings, diversity, seen.features.created_at, known)
    shown = [x for x in last_exposures(shop) if x.chosen and PAGE_OF not in x.context]
    return {
        "settings": {name: getattr(settings, name) for name in SHOWN},
        "explored": asdict(preview(shown, policy, position)),
        "value": _value(shop, shown, policy),
    }


def _value(shop: Collection, shown: Sequence[Exposure], policy: Policy) -> Mapping[str, Any]:
    """What the policy would have earned a slate, or why the log cannot tell."""
    if not isinstance(policy, SequentialPolicy):
        return {"refused": "This policy cannot say how likely a slate was."}
    rewards, position = _joined(shop, shown).rewards, shop.snapshot.catalogue.position
    try:
        return {**asdict(previewed(shown, rewards, policy, position)), "refused": None}
    except PrismError as error:
        return {"refused": str(error)}
