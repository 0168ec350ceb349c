"""Releases that serve: one over what the store holds, or two side by side in an experiment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from prismrec.assembly import assemble, with_content, with_rules
from prismrec.config import Settings
from prismrec.core import BadInput, Conflict, Exposure, Query, StoredCatalogue
from prismrec.data.catalogue import Catalogue
from prismrec.engine import Engine
from prismrec.exploration.experiment import EXPERIMENT, ExperimentSettings, arm_of, told
from prismrec.exploration.people import person_of
from prismrec.feedback import Feedback
from prismrec.profiles import Profiles
from prismrec.release import Release, load_release
from prismrec.screening import content_of
from prismrec.snapshot import Snapshot
from prismrec.store import Experiment, Releases, Store, under_way

__all__ = ["Trial", "Trials", "catalogue_of", "snapshot_of"]


@dataclass(frozen=True)
class Trial:
    """An experiment under way, and the engine that serves its challenger. `stored` says that it was
    started while serving; else it is that of the settings."""

    settings: ExperimentSettings
    engine: Engine
    feedback: Feedback
    stored: bool

    def learn_anew(self) -> None:
        """Forget what the policy learned and read it from the log again."""
        self.engine.snapshot = self.feedback.follow(self.engine.snapshot)

    def close(self) -> None:
        """Stop learning."""
        self.feedback.close()

    def assigned(self, query: Query, champion: Engine) -> tuple[Engine, Query]:
        """Who answers the query, which says so in its context for the exposure."""
        person = person_of(query.user_id, query.session_id)
        if not person:
            return champion, query
        arm = arm_of(self.settings.title, person, self.settings.share)
        context = {**query.context, EXPERIMENT: told(self.settings.title, arm)}
        engine = self.engine if arm == "challenger" else champion
        return engine, replace(query, context=context)


class Trials:
    """The experiment of a collection, if one is under way, and starting and stopping one.

    One that is started here is in the store before anybody meets it, and so goes on after a restart
    or a crash; an experiment of the settings begins with every opening. `turn` is held while
    anything changes what is served.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        store: Store,
        log: Callable[[Exposure], None],
        turn: AbstractContextManager[bool],
    ) -> None:
        self._path, self._settings, self._store = path, settings, store
        self._log, self._turn = log, turn
        self.running: Trial | None = None

    def resume(self) -> None:
        """Serve the challenger of what was under way, else of the settings. One whose challenger
        has been promoted since is over."""
        found, served = under_way(self._store.experiments.list()), Releases(self._path).served()
        if found is not None and found.challenger == served:
            self._store.experiments.stop(found.name)
            found = None
        if found is not None:
            asked = ExperimentSettings(found.challenger, found.share, found.name)
            self.running = self._serving(asked, stored=True)
        elif self._settings.experiment.challenger not in (0, served):
            self.running = self._serving(self._settings.experiment, stored=False)

    def start(
        self, challenger: int, share: float, name: str = "", *, by: str = "owner"
    ) -> Experiment:
        """Serve release `challenger` to `share` of the people from the next request on; durable on
        return. Without a name it is called after the release. Raises `Conflict` where one is under
        way or there was one of this name, `NotFound` or `Corrupt` where there is no such release,
        `BadInput` for the one that is served."""
        with self._turn:
            if self.running is not None:
                title = self.running.settings.title
                raise Conflict(f"The experiment {title!r} is under way.", hint="Stop it first.")
            if challenger == Releases(self._path).served():
                raise BadInput(
                    f"Release {challenger} is the one that is served.", hint="Give another one."
                )
            asked = ExperimentSettings(challenger, share, name or self._name_of(challenger))
            trial = self._serving(asked, stored=True)
            try:
                made = self._store.experiments.start(asked.title, challenger, share, who=by)
            except BaseException:
                trial.close()
                raise
            self.running = trial
            return made

    def stop(self, name: str, *, by: str = "owner") -> Experiment:
        """Serve everybody the current release again; durable on return. Raises `NotFound` where
        this experiment is not under way, `Conflict` for one of the settings."""
        with self._turn:
            trial = self.running
            mine = trial is not None and trial.settings.title == name
            if trial is not None and mine and not trial.stored:
                raise Conflict(
                    f"The experiment {name!r} is set in prism.toml.",
                    hint="Set experiment.challenger to 0 and start the server again.",
                )
            made = self._store.experiments.stop(name, who=by)
            if mine:
                self._end()
            return made

    def promoted(self, number: int, *, by: str = "owner") -> None:
        """Release `number` is served from now on; an experiment that it challenged in is over."""
        trial = self.running
        if trial is not None and trial.settings.challenger == number:
            if trial.stored:
                self._store.experiments.stop(trial.settings.title, who=by)
            self._end()

    def learn_anew(self) -> None:
        """Forget what the challenger's policy learned and read it from the log again."""
        if self.running is not None:
            self.running.learn_anew()

    def close(self) -> None:
        """Stop learning; what is under way goes on with the next opening."""
        if self.running is not None:
            self.running.close()

    def _end(self) -> None:
        trial, self.running = self.running, None
        if trial is not None:
            trial.close()

    def _name_of(self, challenger: int) -> str:
        known = {one.name for one in self._store.experiments.list()}
        first = ExperimentSettings(challenger).title
        names = chain([first], (f"{first}-{number}" for number in count(2)))
        return next(name for name in names if name not in known)

    def _serving(self, asked: ExperimentSettings, *, stored: bool) -> Trial:
        store, number = self._store, asked.challenger
        release = load_release(Releases(self._path).open(number), number)
        feedback = Feedback(store, self._settings.exploration)
        snapshot = feedback.follow(snapshot_of(store, release, self._settings, self._path))
        return Trial(asked, Engine(snapshot, store.events, self._log), feedback, stored)


def snapshot_of(store: Store, release: Release, settings: Settings, path: Path) -> Snapshot:
    """What serves the release over what the store holds: items, people, rules of the shop, and
    what may be shown."""
    stored = store.catalogue.load()
    snapshot = assemble(release, catalogue_of(stored, release), settings, path)
    people = Profiles(
        release.people,
        (user for user in stored.users if user.user_id),
        age_attribute=settings.content.age_attribute,
    )
    known = replace(snapshot, people=people, calibration=release.calibration)
    content = content_of(settings.content, known.catalogue, store.rulings.list(), path)
    return with_content(with_rules(known, store.rules.list()), content)


def catalogue_of(stored: StoredCatalogue, release: Release) -> Catalogue:
    """The catalogue as the store has it, its attribute tokens at the places the release knows."""
    catalogue = Catalogue.of(stored.items, release.vocabulary)
    gone = [
        item.item_id for item, removed in zip(stored.items, stored.removed, strict=True) if removed
    ]
    return catalogue.removed(gone) if gone else catalogue
