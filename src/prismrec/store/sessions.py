"""Anonymous sessions that turn out to belong to a user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from prismrec.store import schema
from prismrec.store.chunks import chunks
from prismrec.store.coherence import CoherentCache
from prismrec.store.database import Database
from prismrec.store.schema import events, sessions
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_id
from prismrec.store.writer import Writer

__all__ = ["Sessions", "links_of", "move", "save_links"]


class Sessions:
    """Which user a session belongs to.

    An event that names both links them. What the session did before without a user then counts for
    the user. A session seen with a second user is linked to that one from then on; events that
    already count for the first stay.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        collection: str,
        settings: StoreSettings,
        histories: CoherentCache[str, Any],
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings
        self._histories = histories
        size = 4 * settings.history_people if database.is_sqlite else 0
        self._links: CoherentCache[str, str] = CoherentCache(size)

    def link(self, session_id: str, user_id: str) -> int:
        """Link a session to a user; returns how many earlier events now count for the user."""
        check_id("session_id", session_id, self._settings)
        check_id("user_id", user_id, self._settings)
        links = {session_id: user_id}

        def write(connection: sa.Connection) -> int:
            save_links(connection, self._collection, links)
            return move(connection, self._collection, links)

        moved = self._writer.call(write)
        self.changed(links)
        return moved

    def user(self, session_id: str) -> str:
        """The user the session is linked to, empty if none."""

        def read() -> str:
            with self._database.read() as connection:
                found = links_of(connection, self._collection, [session_id])
            return found.get(session_id, "")

        return self._links.get(session_id, read)

    def changed(self, links: Mapping[str, str]) -> None:
        """Links were committed: forget what was known of those sessions and users."""
        self._links.forget(links)
        self._histories.forget([schema.SESSION + session_id for session_id in links])
        self._histories.forget(links.values())

    def clear(self) -> None:
        """Anything may have changed."""
        self._links.clear()
        self._histories.clear()


def links_of(
    connection: sa.Connection, collection: str, session_ids: Collection[str]
) -> dict[str, str]:
    """The users that those sessions are linked to."""
    found: dict[str, str] = {}
    for some in chunks(session_ids):
        query = sa.select(sessions.c.session_id, sessions.c.user_id).where(
            sessions.c.collection == collection, sessions.c.session_id.in_(some)
        )
        found |= {row.session_id: row.user_id for row in connection.execute(query)}
    return found


# Both databases speak this dialect's ON CONFLICT.
_SAVE = upsert(sessions)
_SAVE = _SAVE.on_conflict_do_update(
    index_elements=["collection", "session_id"], set_={"user_id": _SAVE.excluded.user_id}
)


def save_links(connection: sa.Connection, collection: str, links: Mapping[str, str]) -> None:
    """Store links, the new in place of the old."""
    if links:
        rows = [
            {"collection": collection, "session_id": session_id, "user_id": user_id}
            for session_id, user_id in links.items()
        ]
        connection.execute(_SAVE, rows)


def move(connection: sa.Connection, collection: str, links: Mapping[str, str]) -> int:
    """Let the anonymous events of linked sessions count for their users."""
    moved = 0
    for session_id, user_id in links.items():
        here = (events.c.collection == collection) & (
            events.c.person == schema.person_key("", session_id)
        )
        moved += connection.execute(sa.update(events).where(here).values(person=user_id)).rowcount
    return moved
