"""Numbers that only grow: seq, positions. The row lock on a counter also orders writers."""

from __future__ import annotations

import sqlalchemy as sa

from prismrec.store.schema import counters

__all__ = ["NAMES", "advance", "ensure", "last"]

NAMES = ("events", "exposures", "items", "users", "audit", "alerts", "verdicts")


def ensure(connection: sa.Connection, collection: str) -> None:
    """Make the collection's counters where they are missing."""
    have = sa.select(counters.c.name).where(counters.c.collection == collection)
    missing = set(NAMES) - set(connection.scalars(have))
    for name in sorted(missing):
        connection.execute(
            sa.text(
                "INSERT INTO counters (collection, name, last) VALUES (:collection, :name, 0) "
                "ON CONFLICT DO NOTHING"
            ),
            {"collection": collection, "name": name},
        )


_ADVANCE = (
    sa.update(counters)
    .where(
        counters.c.collection == sa.bindparam("of_collection"),
        counters.c.name == sa.bindparam("of_name"),
    )
    .values(last=counters.c.last + sa.bindparam("by"))
    .returning(counters.c.last)
)


def advance(connection: sa.Connection, collection: str, name: str, by: int = 0) -> int:
    """The counter after growing it by `by`.

    Until the transaction ends, every other writer of this counter waits. Numbers therefore become
    visible in their order, and a reader that has seen seq n will never meet a smaller one later.
    """
    values = {"of_collection": collection, "of_name": name, "by": by}
    return int(connection.execute(_ADVANCE, values).scalar_one())


def last(connection: sa.Connection, collection: str, name: str) -> int:
    """The last number given out, 0 before the first."""
    query = sa.select(counters.c.last).where(
        counters.c.collection == collection, counters.c.name == name
    )
    return int(connection.scalar(query) or 0)
