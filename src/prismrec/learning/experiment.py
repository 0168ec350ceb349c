"""The experiment of a collection, from its exposures and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prismrec.core import PAGE_OF, Event, Exposure
from prismrec.exploration.experiment import EXPERIMENT, Watch, watched
from prismrec.exploration.rewards import DEFAULT_REWARDS, WINDOW, join_rewards
from prismrec.exploration.stored import rewards_from, stored_events
from prismrec.folder import database_of, key_of, settings_of
from prismrec.store import Experiment, Releases, read_store, under_way

__all__ = ["watch_experiment", "watch_shown"]


def watch_experiment(path: Path, *, name: str = "", rewards: str = "") -> Watch:
    """What is known by now of the experiment `name`, also while the collection is served; by
    default that which is under way, else that of the settings, else the last one. `rewards` as for
    `prismrec ope`. Raises `BadInput` where nobody met one of the arms yet."""
    Releases(path).served()  # a folder that is no collection is not made into one
    settings = settings_of(path)
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        known = store.experiments()
        name = (
            name
            or _asked_about(known, settings.experiment.challenger)
            or (settings.experiment.title)
        )
        after = next((one.after_exposure for one in known if one.name == name), 0)
        return watch_shown(
            name, store.exposures(after), stored_events(store), rewards_from(rewards)
        )


def watch_shown(
    name: str,
    exposures: Iterable[Exposure],
    events: Iterable[Event],
    rewards: Mapping[str, float] = DEFAULT_REWARDS,
    *,
    window: int = WINDOW,
) -> Watch:
    """What these exposures and events say of the experiment `name`; `rewards` and `window` as for
    `join_rewards`. Later pages of a slate are left out. Raises `BadInput` as above."""
    shown = [
        exposure
        for exposure in exposures
        if exposure.context.get(EXPERIMENT, "").startswith(f"{name}:")
        and PAGE_OF not in exposure.context
    ]
    joined = join_rewards(shown, events, rewards, window=window)
    return watched(name, shown, joined.rewards.sum(axis=1))


def _asked_about(known: Sequence[Experiment], by_settings: int) -> str:
    running = under_way(known)
    if running is not None:
        return running.name
    return known[0].name if known and not by_settings else ""
