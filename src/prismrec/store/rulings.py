"""What people decided about showing items."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import RULINGS, BadInput, NotFound, Ruling
from prismrec.store.audit import add_line
from prismrec.store.database import Database
from prismrec.store.schema import rulings
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_id
from prismrec.store.writer import Writer

__all__ = ["Rulings"]


class Rulings:
    """The rulings of a collection, one an item at most. Every change writes an audit line with it,
    so that what was decided before can be read and restored."""

    def __init__(
        self, database: Database, writer: Writer, collection: str, settings: StoreSettings
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings

    def put(self, ruling: Ruling, *, who: str = "owner") -> Ruling:
        """Decide, or decide anew; durable on return. The ruling with its time and `by`."""
        check_id("item_id", ruling.item_id, self._settings)
        if ruling.label not in RULINGS:
            raise BadInput(
                f"There is no ruling {ruling.label!r}.", hint=f"Use one of: {', '.join(RULINGS)}."
            )
        ruling = replace(ruling, at=time.time_ns() // 1_000_000, by=who)
        body = asdict(ruling)
        row = {
            "collection": self._collection,
            "item_id": ruling.item_id,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        }

        def write(connection: sa.Connection) -> None:
            connection.execute(_SAVE, row)
            add_line(connection, self._collection, "ruling.put", who, body)

        self._writer.call(write)
        return ruling

    def remove(self, item_id: str, *, who: str = "owner") -> None:
        """Take a ruling back, durable on return: lists and classifiers decide again. Raises
        `NotFound`."""
        here = (rulings.c.collection == self._collection) & (rulings.c.item_id == item_id)

        def write(connection: sa.Connection) -> None:
            if not connection.execute(sa.delete(rulings).where(here)).rowcount:
                raise NotFound(f"Nothing was decided about {item_id!r}.", hint="List the rulings.")
            add_line(connection, self._collection, "ruling.remove", who, {"item_id": item_id})

        self._writer.call(write)

    def list(self) -> list[Ruling]:
        """Every ruling that holds, in order of item id."""
        query = sa.select(rulings.c.body).where(rulings.c.collection == self._collection)
        with self._database.read() as connection:
            bodies = connection.scalars(query.order_by(rulings.c.item_id)).all()
        return [Ruling(**json.loads(body)) for body in bodies]


_INSERT = insert(rulings)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["collection", "item_id"], set_={"body": _INSERT.excluded.body}
)
