"""Which texts were searched for, and by how many users: what may be suggested to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import Exposure
from prismrec.store.chunks import chunks
from prismrec.store.database import Database
from prismrec.store.schema import asked, searches

__all__ = ["Searches", "count", "forget"]

FEWEST = 10
"""Different users who must have asked a text before it may be shown to others."""
LONGEST = 80
"""Characters of a search that could be suggested; longer ones are not remembered here."""


class Searches:
    """Texts by the number of different users who asked them.

    Anonymous sessions do not count: one person can be any number of them, and a text that a single
    person asked must never be shown to another. An erased user no longer counts.
    """

    def __init__(self, database: Database, collection: str) -> None:
        self._database, self._collection = database, collection
        self.version = 0
        """Another number whenever what may be suggested could be another, through this process."""

    def popular(self, users: int, limit: int) -> list[tuple[str, int]]:
        """Up to `limit` texts that at least `users` different users asked, each with their number,
        most first."""
        query = (
            sa.select(asked.c.text, asked.c.users)
            .where(asked.c.collection == self._collection, asked.c.users >= users)
            .order_by(asked.c.users.desc(), asked.c.text)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(row.text, int(row.users)) for row in connection.execute(query)]


def count(connection: sa.Connection, collection: str, shown: Iterable[Exposure]) -> bool:
    """Count the searches behind these exposures, each user once for a text; whether a text that
    enough users asked is among them."""
    pairs = {
        (" ".join(one.text.lower().split()), one.user_id)
        for one in shown
        if one.user_id and one.text.strip() and len(one.text) <= LONGEST
    }
    if not pairs:
        return False
    rows = [
        {"collection": collection, "user_id": user, "text": text} for text, user in sorted(pairs)
    ]
    fresh = connection.execute(_SEARCH.returning(searches.c.text), rows).scalars().all()
    if not fresh:
        return False
    more = [
        {"collection": collection, "text": text, "users": users}
        for text, users in sorted(Counter(fresh).items())
    ]
    counted: Sequence[int] = connection.execute(_COUNT, more).scalars().all()
    return max(counted) >= FEWEST


def forget(connection: sa.Connection, collection: str, user_id: str) -> int:
    """Forget what a user searched for; how many texts that were."""
    gone = (
        sa.delete(searches)
        .where(searches.c.collection == collection, searches.c.user_id == user_id)
        .returning(searches.c.text)
    )
    texts: Sequence[str] = connection.execute(gone).scalars().all()
    for some in chunks(texts):
        here = (asked.c.collection == collection) & asked.c.text.in_(some)
        connection.execute(sa.update(asked).where(here).values(users=asked.c.users - 1))
        connection.execute(sa.delete(asked).where(here, asked.c.users <= 0))
    return len(texts)


_SEARCH = insert(searches).on_conflict_do_nothing(index_elements=["collection", "user_id", "text"])
_ASKED = insert(asked)
_COUNT = _ASKED.on_conflict_do_update(
    index_elements=["collection", "text"], set_={"users": asked.c.users + _ASKED.excluded.users}
).returning(asked.c.users)
