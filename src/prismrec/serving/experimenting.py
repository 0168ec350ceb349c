"""Experiments: a challenger for a share of the people, started and stopped while serving. Every
change leaves a line in the audit trail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field

from prismrec.collection import Collection
from prismrec.core import BadInput, NotFound
from prismrec.learning.experiment import watch_shown
from prismrec.serving.recent import naming_exposures
from prismrec.serving.requests import IdInPath, Name, Strict
from prismrec.serving.strict import Shop, Who, guarded
from prismrec.store import Experiment

__all__ = ["router"]

reading, changing = guarded("look", "read"), guarded("manage", "admin")
DAY = 86_400_000
EXPOSURES = 20_000
"""How many of an experiment's slates are read for its verdict, the last ones."""
EVENTS = 200_000
"""How many events, the last ones."""


def _plain(name: str) -> str:
    if ":" in name or "/" in name:
        raise ValueError("must have neither a colon nor a slash")
    return name


Title = Annotated[Name, AfterValidator(_plain)]


class ExperimentIn(Strict):
    """Which release to serve beside the current one, and to how many people."""

    release: int = Field(ge=1, lt=2**31, strict=True)
    share: float = Field(0.1, gt=0, lt=1, description="Of the people, the same ones every time.")
    name: Title = Field("", description="After the release where empty. Names are not used again.")


class ExperimentOut(BaseModel):
    """An experiment, under way as long as it was not stopped."""

    name: str
    release: int
    share: float
    under_way: bool
    started_at: int | None = Field(None, description="Milliseconds; none for one of the settings.")
    stopped_at: int | None = None
    by_settings: bool = Field(False, description="Set in prism.toml, and stopped only there.")


class WatchedOut(ExperimentOut):
    """An experiment with what is known of it by now."""

    verdict: dict[str, Any] | None = Field(
        None,
        description="Requests, people, mean reward a request and bounds of each arm, the bounds of "
        "the difference, and the finding; the bounds hold at all times at once.",
    )
    refused: str = Field("", description="Why there is no verdict yet.")
    complete: bool = Field(True, description="False where only the last slates were read.")


@reading.get("/experiments")
async def experiments(shop: Shop, request: Request) -> list[ExperimentOut]:
    """Every experiment, the one under way first, then the newest."""
    return await request.app.state.pool.run(_all, shop)


@reading.get("/experiments/{name}")
async def experiment(name: IdInPath, shop: Shop, request: Request) -> WatchedOut:
    """One experiment and its running verdict, over its last 20,000 slates. It may be looked at as
    often as one likes."""
    return await request.app.state.pool.run(_watched, shop, name)


@changing.post("/experiments")
async def start(asked: ExperimentIn, shop: Shop, request: Request, who: Who) -> ExperimentOut:
    """Serve a release to a share of the people from the next request on, everybody always the same
    one. There is one experiment at a time (409 otherwise); promoting its release ends it."""
    made = await request.app.state.writers.run(
        lambda: shop.trials.start(asked.release, asked.share, asked.name, by=who)
    )
    return _told(made)


@changing.delete("/experiments/{name}")
async def stop(name: IdInPath, shop: Shop, request: Request, who: Who) -> ExperimentOut:
    """Serve everybody the current release again."""
    return _told(await request.app.state.writers.run(lambda: shop.trials.stop(name, by=who)))


def _told(one: Experiment) -> ExperimentOut:
    return ExperimentOut(
        name=one.name,
        release=one.challenger,
        share=one.share,
        under_way=one.stopped_at is None,
        started_at=one.started_at,
        stopped_at=one.stopped_at,
    )


def _all(shop: Collection) -> list[ExperimentOut]:
    stored = [_told(one) for one in shop.store.experiments.list()]
    trial = shop.trials.running
    if trial is None or trial.stored:
        return sorted(stored, key=lambda one: not one.under_way)
    asked = trial.settings
    set_ = ExperimentOut(
        name=asked.title,
        release=asked.challenger,
        share=asked.share,
        under_way=True,
        by_settings=True,
    )
    return [set_, *stored]


def _watched(shop: Collection, name: str) -> WatchedOut:
    found = next((one for one in _all(shop) if one.name == name), None)
    if found is None:
        raise NotFound(f"There is no experiment {name!r}.", hint="List the experiments.")
    told = WatchedOut(**found.model_dump())
    store, settings = shop.store, shop.settings.exploration
    record = next((one for one in store.experiments.list() if one.name == name), None)
    began, first = (record.after_exposure, record.after_event) if record else (0, 0)
    after = max(began, store.exposures.last_seq() - EXPOSURES)
    told.complete = after == began
    shown = (each for _, each in store.exposures.since(after, EXPOSURES))
    events = store.events.since(max(first, store.events.last_seq() - EVENTS), EVENTS)
    window = int(settings.window_days * DAY)
    try:
        watch = watch_shown(name, shown, naming_exposures(events), settings.rewards, window=window)
        told.verdict = asdict(watch) | {"finding": watch.finding}
    except BadInput as error:
        told.refused = error.message
    return told


router = APIRouter()
for _part in (reading, changing):
    router.include_router(_part)
