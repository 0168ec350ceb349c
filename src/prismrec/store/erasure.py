"""Forgetting a user."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from prismrec.store.chunks import chunks
from prismrec.store.schema import events, exposures, person_key, relations, sessions, users
from prismrec.store.searches import forget

__all__ = ["erase", "scrub"]


def erase(connection: sa.Connection, collection: str, user_id: str) -> dict[str, int]:
    """Remove what is known of a user; rows removed by kind.

    Events and exposures of the user and of sessions linked to the user, what the user searched
    for, those links, relations with other users, and the profile. The user's position stays taken,
    by nobody.
    """
    linked = sa.select(sessions.c.session_id).where(
        sessions.c.collection == collection, sessions.c.user_id == user_id
    )
    session_ids = list(connection.scalars(linked))
    people = [user_id, *(person_key("", session_id) for session_id in session_ids)]
    return {
        "events": _delete_of(connection, collection, events, people),
        "exposures": _delete_of(connection, collection, exposures, people),
        "searches": forget(connection, collection, user_id),
        "sessions": _count(
            connection,
            sa.delete(sessions).where(
                sessions.c.collection == collection, sessions.c.user_id == user_id
            ),
        ),
        "relations": _count(
            connection,
            sa.delete(relations).where(
                relations.c.collection == collection,
                relations.c.between == "users",
                (relations.c.source == user_id) | (relations.c.target == user_id),
            ),
        ),
        "profiles": _count(
            connection,
            sa.update(users)
            .where(users.c.collection == collection, users.c.user_id == user_id)
            .values(
                user_id=sa.literal("\x01") + sa.cast(users.c.position, sa.Text),
                removed=True,
                body="{}",
            ),
        ),
    }


def scrub(connection: sa.Connection) -> None:
    """Rewrite the database without the space that deleted rows left behind."""
    connection.exec_driver_sql("VACUUM")


def _delete_of(
    connection: sa.Connection, collection: str, table: sa.Table, people: Sequence[str]
) -> int:
    return sum(
        _count(
            connection,
            sa.delete(table).where(table.c.collection == collection, table.c.person.in_(some)),
        )
        for some in chunks(people)
    )


def _count(connection: sa.Connection, statement: sa.Delete | sa.Update) -> int:
    return int(connection.execute(statement).rowcount)
