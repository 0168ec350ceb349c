"""Items, users and relations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import BadInput, Item, Relation, StoredCatalogue, User
from prismrec.store import counters
from prismrec.store.chunks import chunks
from prismrec.store.database import Database
from prismrec.store.schema import items, relations, users
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_id
from prismrec.store.writer import Writer

__all__ = ["Catalogue", "load_catalogue"]

_EMPTY: tuple[Any, ...] = ((), {}, "", None)


class Catalogue:
    """Items, users and relations (`prismrec.core.CatalogueStore`)."""

    def __init__(
        self, database: Database, writer: Writer, collection: str, settings: StoreSettings
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings

    def upsert(
        self,
        items: Sequence[Item] = (),
        users: Sequence[User] = (),
        relations: Sequence[Relation] = (),
    ) -> list[int]:
        """Add or replace, all or nothing, durable on return; the positions of `items`, in order.

        A new id takes the next position; an item that was removed returns to its old one. Of equal
        ids the last wins. Raises `BadInput` for ids that cannot be used and numbers that are not
        finite.
        """
        item_rows = {x.item_id: self._body("item_id", x) for x in items}
        user_rows = {x.user_id: self._body("user_id", x) for x in users}
        links = [self._relation(x) for x in relations]

        def write(connection: sa.Connection) -> dict[str, int]:
            self._save(connection, "users", user_rows)
            for some in chunks(links, 5_000):
                connection.execute(_SAVE_RELATION, some)
            return self._save(connection, "items", item_rows)

        positions = self._writer.call(write)
        return [positions[item.item_id] for item in items]

    def remove(self, item_ids: Sequence[str]) -> int:
        """Take items out, durable on return; how many were there. Positions stay taken."""

        def write(connection: sa.Connection) -> int:
            return sum(
                connection.execute(
                    sa.update(items)
                    .where(
                        items.c.collection == self._collection,
                        items.c.item_id.in_(some),
                        items.c.removed.is_(False),
                    )
                    .values(removed=True)
                ).rowcount
                for some in chunks(dict.fromkeys(item_ids))
            )

        return self._writer.call(write)

    def load(self) -> StoredCatalogue:
        """All of it, in order of position."""
        return load_catalogue(self._database, self._collection)

    def _body(self, name: str, thing: Item | User) -> str:
        """Everything but the id, as JSON; fields that have their default are left out."""
        check_id(name, getattr(thing, name), self._settings)
        given = {field.name: getattr(thing, field.name) for field in fields(thing)}
        content = {
            field: dict(value) if isinstance(value, Mapping) else value
            for field, value in given.items()
            if field != name and value not in _EMPTY
        }
        try:
            body = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            body.encode()
        except (TypeError, ValueError) as error:
            raise BadInput(
                f"{name} {getattr(thing, name)!r} cannot be stored: {error}.",
                hint="Fields hold text, finite numbers, true or false, and lists of text.",
            ) from error
        return body

    def _relation(self, relation: Relation) -> dict[str, Any]:
        for name in ("source", "target", "kind"):
            check_id(name, getattr(relation, name), self._settings)
        if relation.between not in ("users", "items"):
            raise BadInput(
                f"A relation cannot be between {relation.between!r}.", hint="Use users or items."
            )
        row = {field.name: getattr(relation, field.name) for field in fields(relation)}
        return row | {"collection": self._collection, "weight": float(relation.weight)}

    def _save(self, connection: sa.Connection, name: str, bodies: dict[str, str]) -> dict[str, int]:
        """Positions by id, after storing the bodies."""
        if not bodies:
            return {}
        table, key = (items, "item_id") if name == "items" else (users, "user_id")
        position = counters.advance(connection, self._collection, name)
        at: dict[str, int] = {}
        for some in chunks(bodies):
            query = sa.select(table.c[key], table.c.position).where(
                table.c.collection == self._collection, table.c[key].in_(some)
            )
            at |= {row[0]: row[1] for row in connection.execute(query)}
        fresh = [thing_id for thing_id in bodies if thing_id not in at]
        at |= {thing_id: position + i for i, thing_id in enumerate(fresh)}
        rows = [
            {"collection": self._collection, "position": at[k], key: k, "removed": False, "body": b}
            for k, b in bodies.items()
        ]
        for piece in chunks(rows, 5_000):
            connection.execute(_SAVE[name], piece)
        counters.advance(connection, self._collection, name, len(fresh))
        return at


def load_catalogue(database: Database, collection: str) -> StoredCatalogue:
    """All items, users and relations of a collection, in order of position."""

    def all_of(connection: sa.Connection, table: sa.Table) -> Sequence[sa.Row[Any]]:
        here = sa.select(table).where(table.c.collection == collection)
        return connection.execute(here.order_by(table.c.position)).fetchall()

    with database.read() as connection:
        found, people = all_of(connection, items), all_of(connection, users)
        here = sa.select(relations).where(relations.c.collection == collection)
        links = connection.execute(here).fetchall()
    return StoredCatalogue(
        items=tuple(_item(row.item_id, json.loads(row.body)) for row in found),
        removed=tuple(bool(row.removed) for row in found),
        users=tuple(_user("" if r.removed else r.user_id, json.loads(r.body)) for r in people),
        relations=tuple(Relation(r.source, r.target, r.kind, r.weight, r.between) for r in links),
    )


def _saving(table: sa.Table) -> Any:
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=["collection", "position"],
        set_={"removed": statement.excluded.removed, "body": statement.excluded.body},
    )


_SAVE = {"items": _saving(items), "users": _saving(users)}
_RELATION = insert(relations)
_SAVE_RELATION = _RELATION.on_conflict_do_update(
    index_elements=["collection", "between", "kind", "source", "target"],
    set_={"weight": _RELATION.excluded.weight},
)


def _values(mapping: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in mapping.items()}


def _item(item_id: str, body: dict[str, Any]) -> Item:
    for name in ("attributes", "vectors", "extracted"):
        if name in body:
            body[name] = _values(body[name])
    return Item(item_id, **_values(body))


def _user(user_id: str, body: dict[str, Any]) -> User:
    if "attributes" in body:
        body["attributes"] = _values(body["attributes"])
    return User(user_id, **_values(body))
