"""The experiment of a collection, from its exposures and events."""

from __future__ import annotations

from pathlib import Path

from prismrec.core import PAGE_OF
from prismrec.exploration.experiment import EXPERIMENT, Watch, watched
from prismrec.exploration.rewards import join_rewards
from prismrec.exploration.stored import rewards_from, stored_events
from prismrec.folder import database_of, key_of, settings_of
from prismrec.store import Releases, read_store

__all__ = ["watch_experiment"]


def watch_experiment(path: Path, *, name: str = "", rewards: str = "") -> Watch:
    """What is known by now of the experiment `name`, by default that of the settings, also while
    the collection is served. `rewards` as for `prismrec ope`. Raises `BadInput` where nobody met
    one of the arms yet."""
    Releases(path).served()  # a folder that is no collection is not made into one
    settings = settings_of(path)
    name = name or settings.experiment.title
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        shown = [
            exposure
            for exposure in store.exposures()
            if exposure.context.get(EXPERIMENT, "").startswith(f"{name}:")
            and PAGE_OF not in exposure.context
        ]
        joined = join_rewards(shown, stored_events(store), rewards_from(rewards))
    return watched(name, shown, joined.rewards.sum(axis=1))
