"""`refresh`: learn from what came since, and promote the result only if fresh events approve.

Training reads the store beside the process that owns it, so a server goes on serving; only the
promotion goes through whoever owns the collection.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from prismrec.config import Settings
from prismrec.core import Cases, Interactions, Scorer, StoredCatalogue, generator
from prismrec.data import Dataset, interactions
from prismrec.data.dataset import in_order
from prismrec.data.splits import set_apart
from prismrec.evaluation.ranks import HistoryFilter
from prismrec.folder import database_of, key_of, settings_of
from prismrec.learning.calibration import calibrated_by_log
from prismrec.learning.clicked_search import newest_searches, taught_by_clicks
from prismrec.learning.gates import Verdict, compare
from prismrec.learning.training import Material, gather, train
from prismrec.models.registry import scorer_from_state
from prismrec.release import Release, load_release, save_release
from prismrec.store import Releases, read_store, under_way

__all__ = ["Refreshed", "refresh", "watch"]


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to: the release it made (0: there was nothing new), and the verdict."""

    release: int
    new_events: int
    verdict: Verdict | None
    seconds: float


def refresh(path: Path, *, settings: Settings | None = None, seed: int = 0) -> Refreshed:
    """Train a release on all events the store has now, starting from the one that is served, and
    judge both on the newest events. The release is written; promoting it is the caller's.
    """
    began = time.perf_counter()
    settings = settings or settings_of(path)
    releases = Releases(path)
    serving = current_release(releases)
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        last_seq = store.last_seq()
        if last_seq <= serving.last_seq:
            return Refreshed(0, 0, None, time.perf_counter() - began)
        events, catalogue = store.events(), store.catalogue()
        trial = under_way(store.experiments())
        told = calibrated_by_log(serving.calibration, serving.number, store.exposures(), events)
        searches = newest_searches(store.exposures())
    fresh = events.filter(pl.col("seq") > serving.last_seq)
    dataset = dataset_of(events, catalogue, has_clock=serving.has_clock)
    material = gather(dataset, settings, cache=path / "cache", vocabulary=serving.vocabulary)
    old = scorer_from_state(serving.scorer, material.features)
    people = set(fresh["user_id"].to_list()) - {""}
    kept, cases = newest_apart(material, people, settings, seed, serving.event_types)
    release = train(
        replace(material, dataset=kept),
        settings,
        seed,
        last_seq=last_seq,
        start=old,
        event_types=serving.event_types,
    )
    release = replace(release, calibration=release.calibration.joined(told))
    log = searches, events
    release = taught_by_clicks(release, serving, material.catalogue, log, settings, path=path)
    new = scorer_from_state(release.scorer, material.features)
    known = known_to(cases, len(serving.event_types))
    verdict = judge(old, new, known, release, settings, seed)
    report = {**release.report, "gate": asdict(verdict), "new_events": len(fresh)}
    number = save_release(replace(release, report=report), releases)
    used = [settings.experiment.challenger, trial.challenger if trial else 0]
    releases.retain(settings.learning.keep_releases, used)
    return Refreshed(number, len(fresh), verdict, time.perf_counter() - began)


def watch(
    path: Path,
    promote: Callable[[int], None],
    *,
    settings: Settings | None = None,
    seed: int = 0,
    rounds: int | None = None,
) -> Iterator[Refreshed]:
    """Refresh whenever `watch_events` new events have come, and promote what the gate lets pass.

    Looks every `watch_seconds`, for ever or `rounds` times; yields every refresh that was made.
    """
    settings = settings or settings_of(path)
    looked = 0
    while rounds is None or looked < rounds:
        if looked:
            time.sleep(settings.learning.watch_seconds)
        looked += 1
        if new_events(path, settings) < settings.learning.watch_events:
            continue
        done = refresh(path, settings=settings, seed=seed)
        if done.verdict is not None and done.verdict.promote:
            promote(done.release)
        yield done


def new_events(path: Path, settings: Settings) -> int:
    """How many events came after those that the newest release learned from."""
    releases = Releases(path)
    newest = max(releases.list(), default=0)
    learned = releases.manifest(newest).facts["last_seq"] if newest else 0
    database = database_of(path, settings)
    with read_store(database, key_of(path, database), settings.store) as store:
        return store.last_seq() - int(learned)


def current_release(releases: Releases) -> Release:
    """The release that is served now."""
    number = releases.served()
    return load_release(releases.open(number), number)


def dataset_of(events: pl.DataFrame, stored: StoredCatalogue, *, has_clock: bool) -> Dataset:
    """What the store holds as a dataset: items at their positions, removed ones too (their past
    still teaches), events of unknown items left out."""
    dataset = Dataset.of(
        stored.items,
        (),
        [user for user in stored.users if user.user_id],
        stored.relations,
        has_clock=has_clock,
    )
    person = (
        pl.when(pl.col("user_id") == "")
        .then(pl.concat_str(pl.lit("session:"), pl.col("session_id")))
        .otherwise(pl.col("user_id"))
    )
    known = events.with_columns(user_id=person).join(
        dataset.items.select("item_id"), on="item_id", how="semi", maintain_order="left"
    )
    log = known.select(dataset.events.columns).cast(dataset.events.schema)
    return replace(dataset, events=in_order(log))


def newest_apart(
    material: Material, people: set[str], settings: Settings, seed: int, types: Sequence[str]
) -> tuple[Dataset, Cases]:
    """The dataset without the newest positive event of people who did something fresh, and those
    events as cases: what neither release has seen."""
    dataset = material.dataset
    data = interactions(dataset, material.features, settings.feedback, event_types=types)
    is_fresh = np.array([user in people for user in dataset.user_ids], bool)
    targets = last_positives(data, is_fresh)
    rng = generator(seed, "gate")
    most = math.ceil(settings.learning.gate_share * len(targets))
    most = min(most, settings.learning.gate_cases)
    targets = np.sort(rng.permutation(targets)[:most])
    split = set_apart(data, targets)
    keep = np.ones(len(dataset.events), bool)
    keep[targets] = False
    return replace(dataset, events=dataset.events.filter(pl.Series(keep))), split.validation


def known_to(cases: Cases, types: int) -> Cases:
    """The cases with event types that the serving release has never met marked as unknown, so that
    both scorers answer the same questions."""
    histories = cases.queries.histories
    kinds = np.where(histories.kinds < types, histories.kinds, -1).astype(np.int16)
    return replace(cases, queries=replace(cases.queries, histories=replace(histories, kinds=kinds)))


def last_positives(data: Interactions, users: np.ndarray) -> np.ndarray:
    """The index of the last positive event of every user in `users` (n_users,) bool with two or
    more positive events."""
    events = data.sequences
    positive = np.flatnonzero(events.weights > 0)
    counts = np.bincount(events.rows[positive], minlength=len(events))
    chosen = np.flatnonzero(users & (counts >= 2))
    return positive[np.cumsum(counts)[chosen] - 1]


def judge(
    old: Scorer, new: Scorer, cases: Cases, release: Release, settings: Settings, seed: int
) -> Verdict:
    """The gate's verdict on the new scorer."""
    kinds = {name: kind for kind, name in enumerate(release.event_types)}
    consumed = frozenset(kinds[name] for name in release.consumed)
    rule = HistoryFilter(release.repeats, consumed)
    rng = generator(seed, "gate", "intervals")
    return compare(old, new, cases, settings.learning, rng, rule=rule)
