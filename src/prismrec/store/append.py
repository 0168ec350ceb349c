"""How a group of event batches is written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from prismrec.core import Event, Outcome, StoredEvent
from prismrec.store import counters
from prismrec.store.chunks import chunks
from prismrec.store.schema import events, exposures, person_key
from prismrec.store.sessions import links_of, move, save_links

__all__ = ["AppendEvents", "Appended"]


@dataclass
class Appended:
    """What became of one batch: an outcome a row, the events that were added with the person each
    counts for, and the sessions that were linked on the way."""

    outcomes: list[Outcome] = field(default_factory=list)
    added: list[tuple[str, StoredEvent]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


class AppendEvents:
    """Writes batches of `(event, reason to refuse it)` that carry ids, times and no faults.

    `committed` is told of what was added, once it is durable.
    """

    def __init__(self, collection: str, committed: Callable[[Sequence[Appended]], None]) -> None:
        self._collection = collection
        self.committed = committed

    def write(
        self, connection: sa.Connection, payloads: Sequence[Sequence[tuple[StoredEvent, str]]]
    ) -> list[Appended]:
        """See `prismrec.store.writer.Kind`."""
        sound = [event for batch in payloads for event, fault in batch if not fault]
        # Taking the counter first makes every other writer wait, so what is read next stays true.
        start = counters.advance(connection, self._collection, "events")
        state = _State(
            seq=start,
            seqs=self._seqs(connection, [event.event_id for event in sound]),
            shown=self._shown(connection, {e.exposure_id for e in sound if e.exposure_id}),
            links=links_of(
                connection, self._collection, {e.session_id for e in sound if e.session_id}
            ),
        )
        results = [_settle(batch, state) for batch in payloads]
        rows = [self._row(*added) for result in results for added in result.added]
        if rows:
            connection.execute(_INSERT, rows)
            counters.advance(connection, self._collection, "events", state.seq - start)
        for result in results:
            save_links(connection, self._collection, result.links)
            move(connection, self._collection, result.links)
        return results

    def _row(self, person: str, event: StoredEvent) -> dict[str, Any]:
        fields = ("seq", "event_id", "user_id", "session_id", "item_id", "event", "timestamp")
        more = ("value", "query", "exposure_id", "exposure_known", "received_at")
        row = {name: getattr(event, name) for name in fields + more}
        return row | {"collection": self._collection, "person": person}

    def _seqs(self, connection: sa.Connection, event_ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in chunks(event_ids):
            query = sa.select(events.c.event_id, events.c.seq).where(
                events.c.collection == self._collection, events.c.event_id.in_(some)
            )
            found |= {row.event_id: row.seq for row in connection.execute(query)}
        return found

    def _shown(self, connection: sa.Connection, exposure_ids: set[str]) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(exposure_ids)):
            query = sa.select(exposures.c.exposure_id).where(
                exposures.c.collection == self._collection, exposures.c.exposure_id.in_(some)
            )
            found.update(connection.scalars(query))
        return found


_INSERT = sa.insert(events)


@dataclass
class _State:
    """What is true so far within the transaction."""

    seq: int
    seqs: dict[str, int]
    shown: set[str]
    links: dict[str, str]


def _settle(batch: Sequence[tuple[StoredEvent, str]], state: _State) -> Appended:
    result = Appended()
    for event, fault in batch:
        if fault:
            result.outcomes.append(Outcome("rejected", _echo(event), None, fault))
            continue
        first = state.seqs.get(event.event_id)
        if first is not None:
            result.outcomes.append(Outcome("duplicate", event.event_id, first))
            continue
        state.seq += 1
        state.seqs[event.event_id] = state.seq
        both = event.user_id and event.session_id
        if both and state.links.get(event.session_id) != event.user_id:
            state.links[event.session_id] = event.user_id
            result.links[event.session_id] = event.user_id
        known = not event.exposure_id or event.exposure_id in state.shown
        stored = replace(event, seq=state.seq, exposure_known=known)
        user_id = event.user_id or state.links.get(event.session_id, "")
        result.added.append((person_key(user_id, event.session_id), stored))
        result.outcomes.append(Outcome("accepted", event.event_id, state.seq))
    return result


def _echo(event: Event) -> str:
    given = getattr(event, "event_id", "")
    return given[:64] if isinstance(given, str) else ""
