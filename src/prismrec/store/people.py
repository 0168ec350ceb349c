"""Who is in the log: people by the beginning of their id, the most recently active first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from prismrec.store.database import Database
from prismrec.store.schema import SESSION, events, users

__all__ = ["People"]

RECENT = 5_000
"""The last events that are looked through for who was active; older ones are found by index."""


class People:
    """Users of a collection, found without a pass over its events."""

    def __init__(self, database: Database, collection: str) -> None:
        self._database, self._collection = database, collection

    def find(self, like: str, limit: int) -> list[tuple[str, int | None]]:
        """Up to `limit` users whose id starts with `like` (empty: all), each with the time of the
        last event, `None` without one.

        First those among the last events, latest first, then others in order of id. Anonymous
        sessions are not users.
        """
        with self._database.read() as connection:
            found = self._recent(connection, like, limit)
            for person in self._known(connection, like, limit):
                found.setdefault(person, None)
            names = list(found)[:limit]
            return [(name, self._last(connection, name)) for name in names]

    def _recent(self, connection: sa.Connection, like: str, limit: int) -> dict[str, None]:
        query = (
            sa.select(events.c.person)
            .where(events.c.collection == self._collection)
            .order_by(events.c.seq.desc())
            .limit(RECENT)
        )
        found: dict[str, None] = {}
        for person in connection.scalars(query):
            if person.startswith(like) and not person.startswith(SESSION):
                found.setdefault(person, None)
            if len(found) >= limit:
                break
        return found

    def _known(self, connection: sa.Connection, like: str, limit: int) -> list[str]:
        """Users by id: with a profile, or with an event."""
        query = sa.select(users.c.user_id).where(
            users.c.collection == self._collection,
            users.c.removed.is_(False),
            _starts(users.c.user_id, like),
        )
        found = list(connection.scalars(query.order_by(users.c.user_id).limit(limit)))
        last = ""
        # A loose scan of the index: one step a person, however many events each has.
        while len(found) < 2 * limit:
            step = (
                sa.select(events.c.person)
                .where(
                    events.c.collection == self._collection,
                    events.c.person > last,
                    _starts(events.c.person, like),
                    ~_starts(events.c.person, SESSION),
                )
                .order_by(events.c.person)
                .limit(1)
            )
            person = connection.scalar(step)
            if person is None:
                break
            found.append(person)
            last = person
        return sorted(set(found))

    def _last(self, connection: sa.Connection, person: str) -> int | None:
        query = (
            sa.select(events.c.timestamp)
            .where(events.c.collection == self._collection, events.c.person == person)
            .order_by(events.c.timestamp.desc())
            .limit(1)
        )
        return connection.scalar(query)


def _starts(column: sa.Column[str], like: str) -> Any:
    """Whether the column starts with `like`, as a range that an index can serve."""
    if not like:
        return sa.true()
    return sa.and_(column >= like, column < like + "\U0010ffff")
