"""The life of a collection around the engine: open, observe, upsert, release, erase, close.

A collection is one catalogue with its users, events, releases and settings: the folder `X.prism`
with `store.db`, `releases/N/`, `current`, `prism.toml` and `cache/`. What is written here is
durable before the call returns, and felt by the next query.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from prismrec.arms import Trials, snapshot_of
from prismrec.assembly import with_items, with_rules, without_items
from prismrec.config import Settings
from prismrec.core import (
    Event,
    Exposure,
    Filters,
    Item,
    Outcome,
    Query,
    Relation,
    Rule,
    Slate,
    User,
)
from prismrec.engine import Engine, Explanation
from prismrec.feedback import Feedback
from prismrec.folder import database_of, key_of, settings_of
from prismrec.opinions import Opinions
from prismrec.release import Release, load_release, save_release
from prismrec.screening import Screening
from prismrec.snapshot import Snapshot
from prismrec.store import Releases, Store, open_store
from prismrec.suggestions import Suggestion, Suggestions

__all__ = ["Collection"]

ANYTHING = Filters()


class Collection:
    """One catalogue that answers, learns and remembers. Made by `open` or `prismrec.fit`.

    Safe to use from several threads: queries run side by side on an immutable snapshot; what
    changes the catalogue or the release takes turns.

    >>> shop = prismrec.open("shop.prism")                                  # doctest: +SKIP
    >>> shop.recommend("user-42", n=3).ids                                  # doctest: +SKIP
    ['p7', 'p1', 'p9']
    """

    def __init__(self, path: Path, settings: Settings, store: Store, snapshot: Snapshot) -> None:
        self.path = path
        self.settings = settings
        self.store = store
        self.releases = Releases(path)
        self.feedback = Feedback(store, settings.exploration)
        self.engine = Engine(self.feedback.follow(snapshot), store.events, self._log)
        self._turn = threading.RLock()
        self.trials = Trials(path, settings, store, self._log, self._turn)
        self.suggestions = Suggestions(store)
        self.screening = Screening(self)
        self.opinions = Opinions(self)

    @property
    def name(self) -> str:
        """Its folder's name, without `.prism`."""
        return self.path.name.removesuffix(".prism")

    @property
    def snapshot(self) -> Snapshot:
        """What a query asked now would see."""
        return self.engine.snapshot

    # -- opening and closing ---------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        settings: Settings | None = None,
        url: str = "",
        store_url: str | None = None,
    ) -> Self:
        """Open the collection at `path`, verify its current release, rebuild its indexes.

        `url` is where this process serves the collection, for others that find it in use;
        `store_url` a database for its durable state, instead of the one in the settings.
        Raises `NotFound` where there is none, `Locked` where another process owns it, `Corrupt`
        where a file of the release does not match its manifest.
        """
        path = Path(path)
        settings = settings or settings_of(path)
        releases = Releases(path)
        number = releases.served()
        database = store_url or database_of(path, settings)
        store = open_store(database, key_of(path, database), settings.store)
        try:
            store.announce(url)
            release = load_release(releases.open(number), number)
            shop = cls(path, settings, store, snapshot_of(store, release, settings, path))
            shop.trials.resume()
            return shop
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Finish what is queued and let go of the store. Calling it again does nothing."""
        self.feedback.close()
        self.opinions.close()
        self.trials.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asking -----------------------------------------------------------------------------------

    def ask(self, query: Query) -> Slate:
        """Answer any query; the calls below are ways of writing one."""
        trial, engine = self.trials.running, self.engine
        if trial is not None:
            engine, query = trial.assigned(query, engine)
        slate = engine.answer(query)
        return self.suggestions.corrected(engine.snapshot, slate, typing=query.typing)

    def recommend(
        self, user: str = "", *, n: int = 10, filters: Filters = ANYTHING, **more: Any
    ) -> Slate:
        """What's for me? `more` are further fields of `Query` (`seed`, `history`, `at`, ...)."""
        return self.ask(Query(user_id=user, n=n, filters=filters, **more))

    def search(
        self,
        text: str,
        *,
        user: str = "",
        n: int = 10,
        filters: Filters = ANYTHING,
        **more: Any,
    ) -> Slate:
        """Items for a text, by words and by meaning, and to the person's taste."""
        return self.ask(Query(text=text, user_id=user, n=n, filters=filters, **more))

    def similar(self, item: str, *, n: int = 10, **more: Any) -> Slate:
        """More like this item."""
        return self.ask(Query(item_id=item, n=n, **more))

    def complete(self, typed: str, n: int = 8) -> list[Suggestion]:
        """What somebody who typed this may mean; see `Suggestions`."""
        return self.suggestions.complete(self.snapshot, typed, n)

    def explain(self, user: str, item: str, **more: Any) -> Explanation:
        """Why `item` scores what it does for `user`."""
        return self.engine.explain(Query(user_id=user, **more), item)

    def chances(self, slate: Slate) -> dict[str, list[float]]:
        """How likely each item of `slate` is to be met with each outcome, shown in this order, by
        outcome: `next`, that the person takes it next, and every event type (`click`) of which
        logged exposures have taught the release enough. For a first page of recommendations: the
        scores of searches are of another kind."""
        scores = np.array([[item.score for item in slate]], np.float64)
        head = self.snapshot.calibration
        return {outcome: head.chances(outcome, scores)[0].tolist() for outcome in head.weights}

    # -- telling ----------------------------------------------------------------------------------

    def observe(self, events: Event | Iterable[Event]) -> list[Outcome]:
        """Record what people did: durable before this returns, and part of their next query.

        Row by row: accepted, duplicate (same `event_id`), or rejected with a reason.
        """
        batch = [events] if isinstance(events, Event) else list(events)
        now = int(time.time() * 1000)
        timed = [e if e.timestamp is not None else replace(e, timestamp=now) for e in batch]
        return self.store.events.append(timed, now)

    def upsert(
        self,
        items: Sequence[Item] = (),
        users: Sequence[User] = (),
        relations: Sequence[Relation] = (),
    ) -> None:
        """Add or replace items, users and relations; new items can be found at once."""
        with self._turn:
            self.store.catalogue.upsert(items=items, users=users, relations=relations)
            for engine in self._engines:
                engine.snapshot.people.put(users)
            if items:
                self.change(lambda seen: with_items(seen, items))

    def remove(self, item_ids: Sequence[str]) -> int:
        """Take items out of the catalogue; returns how many were there."""
        with self._turn:
            count = self.store.catalogue.remove(item_ids)
            self.change(lambda seen: without_items(seen, item_ids))
            return count

    def link(self, session_id: str, user_id: str) -> None:
        """From now on what the anonymous session did belongs to the user."""
        self.store.sessions.link(session_id, user_id)

    def erase(self, user_id: str, *, by: str = "owner") -> dict[str, int]:
        """Forget a user: profile, events, exposures, linked sessions. Returns what was removed.

        Releases trained before hold no user by name; the next `refresh` learns without them.
        """
        counts = self.store.erase(user_id)
        for engine in self._engines:
            engine.snapshot.people.forget(user_id)
        self.suggestions.refresh()
        with self._turn:
            self.engine.snapshot = self.feedback.follow(self.snapshot)
            self.trials.learn_anew()
        self.store.audit.append("erase", by, {"removed": counts})
        return counts

    # -- the shop's own rules ---------------------------------------------------------------------

    def curate(self, rule: Rule, *, by: str = "owner") -> None:
        """Add a rule about a search, or replace the one of its id; the next search follows it."""
        self.store.rules.put(rule, who=by)
        self.change(lambda seen: with_rules(seen, self.store.rules.list()))

    def uncurate(self, rule_id: str, *, by: str = "owner") -> None:
        """Take a rule away; `NotFound` where there is none."""
        self.store.rules.remove(rule_id, who=by)
        self.change(lambda seen: with_rules(seen, self.store.rules.list()))

    # -- looking ----------------------------------------------------------------------------------

    def item(self, item_id: str) -> Item:
        """The item as the catalogue holds it; `NotFound` where it does not."""
        return self.snapshot.catalogue.get(item_id)

    def history(self, user: str, n: int = 50) -> Sequence[Event]:
        """The last events of a user, oldest first."""
        return self.store.events.history(user, n)

    @property
    def report(self) -> dict[str, Any]:
        """What was measured when the release now serving was trained."""
        return dict(self.snapshot.report)

    # -- releases ---------------------------------------------------------------------------------

    def add_release(self, release: Release) -> int:
        """Write a trained release to disk beside the others, without serving it; its number."""
        with self._turn:
            return save_release(release, self.releases)

    def promote(self, number: int, *, by: str = "owner") -> None:
        """Serve release `number` from the next query on."""
        self._serve(number, lambda: self.releases.promote(number), "promote", by)

    def rollback(self, *, by: str = "owner") -> int:
        """Serve the release that was served before this one; returns its number."""
        number = self.releases.previous()
        self._serve(number, self.releases.rollback, "rollback", by)
        return number

    def _serve(self, number: int, move: Callable[[], Any], action: str, by: str) -> None:
        with self._turn:
            before = self.snapshot.release
            release = load_release(self.releases.open(number), number)
            snapshot = snapshot_of(self.store, release, self.settings, self.path)
            move()
            self.store.audit.append(action, by, {"from": before, "to": number})
            self.engine.snapshot = self.feedback.follow(snapshot)
            self.trials.promoted(number, by=by)

    @property
    def _engines(self) -> tuple[Engine, ...]:
        trial = self.trials.running
        return (self.engine,) if trial is None else (self.engine, trial.engine)

    def change(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Change what is served, of every release that serves; changes take turns."""
        with self._turn:
            for engine in self._engines:
                engine.snapshot = change(engine.snapshot)

    def _log(self, exposure: Exposure) -> None:
        self.store.exposures.append(exposure)
