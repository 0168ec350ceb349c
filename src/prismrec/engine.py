"""The request path: everything is a query against a catalogue.

    Query -> history -> candidates -> scores -> slate -> exposure logged

A request takes one immutable `Snapshot` (release, catalogue, indexes) and never sees half of a
change; writers swap in the next one. Everything inside works on batches: `answer` is a batch of
one, `rank` is how `evaluate --protocol system` drives the very same path.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from prismrec.core import (
    BadInput,
    Candidates,
    Choice,
    Event,
    Exposure,
    Policy,
    Query,
    QueryBatch,
    Slate,
    SlateItem,
    generator,
)
from prismrec.core.arrays import Bools, Positions
from prismrec.explanation import (
    Contribution,
    contributions,
    contributions_of_all,
    influences,
    sentence,
)
from prismrec.explanation.spoken import spoken
from prismrec.exposures import exposure
from prismrec.language.chat import shared_chat_model
from prismrec.notes import notes_of
from prismrec.retrieval.filters import filter_mask
from prismrec.retrieval.shop.curation import is_pinned
from prismrec.retrieval.shop.matching import Matched
from prismrec.snapshot import Snapshot

__all__ = ["Engine", "Explanation", "Histories"]

HISTORY = 200
"""Events of a history that a query looks back on; more changes no model's answer."""


class Histories(Protocol):
    """Where histories come from: the store's event log."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> Sequence[Event]:
        """The last `limit` events of a user or session, oldest first."""


@dataclass(frozen=True)
class Explanation:
    """Why an item: what sets it apart from the rest of the shortlist, the past items that caused it
    with how far the score falls without each, and a sentence that says so."""

    contributions: tuple[Contribution, ...]
    influences: tuple[tuple[str, float], ...]
    sentence: str


class Engine:
    """Answers queries with slates, on the snapshot it holds."""

    def __init__(
        self, snapshot: Snapshot, histories: Histories, log: Callable[[Exposure], None]
    ) -> None:
        self.snapshot = snapshot
        self._histories = histories
        self._log = log

    def answer(self, query: Query) -> Slate:
        """The slate for one query, its exposure logged (unless `query.explore` is false)."""
        seen = self.snapshot
        query = seen.read(seen.front.told(settled(query)))
        asked, past = self._asked(seen, query)
        allowed = self._allowed(seen, query, asked, past)
        length = len(query.shown) + query.n
        shortlist = self._shortlist(seen, asked, allowed, length, query)
        shortlist, pinned = seen.front.curated(seen, query, shortlist, allowed)
        policy = seen.policy_for(query, pinned)
        choice = policy.choose(asked, shortlist, length, generator(query.seed or 0, "slate"))
        slate = self._slate(seen, query, shortlist, choice, policy, new=not past)
        if query.explore and len(slate):
            self._log(exposure(seen, query, shortlist, slate, choice, policy))
        return slate

    def rank(self, queries: QueryBatch, n: int, allowed: Bools | None = None) -> Positions:
        """The positions (b, n) that `answer` would show, for a batch: the system protocol.

        `allowed` (b, n_items) says which items may come out of each row; nothing is logged.
        """
        seen = self.snapshot
        shown = seen.shown_to()
        mask = shown if allowed is None else shown & allowed
        shortlist = self._shortlist(seen, queries, mask, n)
        choice = seen.policy.choose(queries, shortlist, n, generator(0, "rank"))
        return np.where(
            choice.columns >= 0,
            np.take_along_axis(shortlist.positions, np.maximum(choice.columns, 0), axis=1),
            -1,
        )

    def explain(self, query: Query, item_id: str) -> Explanation:
        """Why `item_id` scores what it does for this query, against the query's shortlist."""
        seen = self.snapshot
        query = seen.read(settled(query))
        seen.catalogue.get(item_id)
        position = seen.catalogue.position(item_id)
        asked, past = self._asked(seen, query)
        others = self._shortlist(seen, asked, self._allowed(seen, query, asked, past), query.n)
        columns = [p for p in others.positions[0] if p not in (position, -1)]
        row = seen.scored(asked, np.array([[position, *columns]], np.int32))
        parts = contributions(row, 0, 0)
        settings = seen.settings.explanation
        causes = influences(
            seen.scorer, asked, position, settings.influences, against=row.positions[0]
        )
        names = tuple((seen.catalogue.item(p).item_id, drop) for p, drop in causes)
        titles = [seen.title(p) for p, drop in causes if drop > 0]
        chat = shared_chat_model(seen.settings.chat) if settings.spoken else None
        if chat is None:
            told = sentence(parts, seen.language, titles=titles, history=bool(past))
        else:
            own = seen.title(position)
            told = spoken(chat, own, parts, seen.language, titles=titles, history=bool(past))
        return Explanation(tuple(parts), names, told)

    def matched(self, seen: Snapshot, query: Query) -> Matched:
        """The items that match the text of `query`, and the words by which they do."""
        query = seen.read(replace(settled(query), history=(), item_id=""))
        found = seen.front.matched(seen, query, self._asked(seen, query)[0])
        return replace(found, items=found.items & seen.passing(query))

    # -- from the query to what the models are asked ------------------------------------------

    def _asked(self, seen: Snapshot, query: Query) -> tuple[QueryBatch, Sequence[Event]]:
        """The query as a batch of one, and the person's past events behind it."""
        past = self._past(query)
        events = [Event(query.item_id, "view", timestamp=query.at)] if query.item_id else past
        if query.item_id:
            seen.catalogue.get(query.item_id)
        asked = QueryBatch(
            histories=seen.sequences([events]),
            at=np.array([query.at], np.int64),
            users=np.array([seen.user_position(query.user_id)], np.int32),
            profiles=seen.profiles([query.user_id]),
        )
        if query.text.strip():
            text = query.searched
            vectors = None if seen.encoder is None else seen.encoder.encode([text])
            asked = replace(asked, texts=(text,), text_vectors=vectors, typing=query.typing)
        return asked, past

    def _past(self, query: Query) -> Sequence[Event]:
        if query.history is not None:
            return query.history[-HISTORY:]
        person = query.user_id or (f"session:{query.session_id}" if query.session_id else "")
        if not person:
            return []
        # What happened in the very millisecond of the question counts, so that an event is felt.
        return self._histories.history(person, HISTORY, before=(query.at or 0) + 1)

    def _allowed(
        self, seen: Snapshot, query: Query, asked: QueryBatch, past: Sequence[Event]
    ) -> Bools:
        """(1, n_items): what may come out: alive, within the filters, not had, not refused; of a
        listing, what matches."""
        mask = filter_mask(query.filters, seen.filters) & seen.passing(query)
        if query.listing:
            mask &= seen.front.matched(seen, query, asked).items
        mask[seen.front.blocked(seen, query)] = False
        hidden = seen.hidden(past, searching=bool(query.text) or query.listing)
        if query.item_id:
            hidden.add(query.item_id)
        places = [p for item_id in hidden if (p := seen.catalogue.position(item_id)) >= 0]
        mask[places] = False
        return mask[None, :]

    def _shortlist(
        self, seen: Snapshot, asked: QueryBatch, allowed: Bools, n: int, query: Query | None = None
    ) -> Candidates:
        """The best candidates with scores and parts, best first, from which the policy chooses."""
        k = max(n, seen.shortlist)
        if query is not None and query.sort != "relevance":
            return seen.front.in_order(seen, query, allowed, k)
        if asked.texts is not None:
            found = seen.search(asked, allowed, k, None if query is None else query.understood)
        elif seen.whole:
            found = seen.best_of_all(asked, allowed, k)
        else:
            found = seen.best_of(asked, seen.found(asked, allowed), k)
        if seen.listwise is None or query is None or query.typing:
            return found
        return seen.listwise.rank(asked, found)

    def _slate(
        self,
        seen: Snapshot,
        query: Query,
        shortlist: Candidates,
        choice: Choice,
        policy: Policy,
        *,
        new: bool,
    ) -> Slate:
        ids = seen.catalogue.ids
        places = [
            place
            for place, column in enumerate(choice.columns[0])
            if column >= 0 and ids[int(shortlist.positions[0, column])] not in query.shown
        ]
        places = places[: query.n]
        whys = contributions_of_all(shortlist, 0, choice.columns[0, places].tolist())
        return Slate(
            items=tuple(
                self._slate_item(
                    seen, shortlist, choice, place, sentence(why, seen.language, history=not new)
                )
                for place, why in zip(places, whys, strict=True)
            ),
            exposure_id=uuid.uuid4().hex if query.explore else "",
            release=seen.release,
            policy=policy.name,
            seed=query.seed or 0,
            at=query.at or 0,
            notes=notes_of(seen, query, shortlist),
            understood=query.understood,
        )

    def _slate_item(
        self, seen: Snapshot, shortlist: Candidates, choice: Choice, place: int, reason: str
    ) -> SlateItem:
        column = int(choice.columns[0, place])
        parts = [] if shortlist.parts is None else shortlist.parts[0, column].tolist()
        bits = 0 if shortlist.sources is None else int(shortlist.sources[0, column])
        return SlateItem(
            item_id=seen.catalogue.item(int(shortlist.positions[0, column])).item_id,
            score=float(shortlist.scores[0, column]),
            parts=dict(zip(shortlist.part_names, parts, strict=False)),
            reason=reason,
            propensity=float(choice.propensities[0, place]),
            sources=tuple(s for b, s in enumerate(shortlist.source_names) if bits >> b & 1),
            explored=choice.explored is not None and bool(choice.explored[0, place]),
            pinned=is_pinned(shortlist, column),
        )


def settled(query: Query) -> Query:
    """The query with its time and seed filled in: the one place where a clock is read."""
    if query.n < 1:
        raise BadInput(f"n must be at least 1, not {query.n}.", hint="Ask for one item or more.")
    at = int(time.time() * 1000) if query.at is None else query.at
    seed = secrets.randbits(53) if query.seed is None else query.seed
    return replace(query, at=at, seed=seed, explore=query.explore and not query.typing)
