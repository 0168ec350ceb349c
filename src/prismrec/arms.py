"""Releases that serve: one over what the store holds, or two side by side in an experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from prismrec.assembly import assemble, with_content, with_rules
from prismrec.config import Settings
from prismrec.core import Exposure, Query, StoredCatalogue
from prismrec.data.catalogue import Catalogue
from prismrec.engine import Engine
from prismrec.exploration.experiment import EXPERIMENT, ExperimentSettings, arm_of, told
from prismrec.exploration.people import person_of
from prismrec.feedback import Feedback
from prismrec.profiles import Profiles
from prismrec.release import Release, load_release
from prismrec.screening import content_of
from prismrec.snapshot import Snapshot
from prismrec.store import Releases, Store

__all__ = ["Trial", "catalogue_of", "snapshot_of"]


@dataclass(frozen=True)
class Trial:
    """An experiment under way, and the engine that serves its challenger."""

    settings: ExperimentSettings
    engine: Engine
    feedback: Feedback

    @classmethod
    def of(
        cls, path: Path, settings: Settings, store: Store, log: Callable[[Exposure], None]
    ) -> Trial | None:
        """The experiment of the settings, whose challenger's policy learns from its own exposures;
        `None` where there is none, or the challenger is the release that is served."""
        releases, number = Releases(path), settings.experiment.challenger
        if not number or number == releases.served():
            return None
        release = load_release(releases.open(number), number)
        feedback = Feedback(store, settings.exploration)
        snapshot = feedback.follow(snapshot_of(store, release, settings, path))
        return cls(settings.experiment, Engine(snapshot, store.events, log), feedback)

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
