"""The rules by which a shop curates its searches."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import BadInput, NotFound, Rule
from prismrec.store.audit import add_line
from prismrec.store.database import Database
from prismrec.store.schema import rules
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_id
from prismrec.store.writer import Writer

__all__ = ["Rules"]


class Rules:
    """The rules of a collection. Every change writes an audit line with it."""

    def __init__(
        self, database: Database, writer: Writer, collection: str, settings: StoreSettings
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings

    def put(self, rule: Rule, *, who: str = "owner") -> None:
        """Add the rule, or replace the one of its id; durable on return. Raises `BadInput` for one
        that can never do anything."""
        self._check(rule)
        body = asdict(rule)
        row = {
            "collection": self._collection,
            "rule_id": rule.rule_id,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        }

        def write(connection: sa.Connection) -> None:
            connection.execute(_SAVE, row)
            add_line(connection, self._collection, "rule.put", who, body)

        self._writer.call(write)

    def remove(self, rule_id: str, *, who: str = "owner") -> None:
        """Take a rule away, durable on return. Raises `NotFound`."""
        here = (rules.c.collection == self._collection) & (rules.c.rule_id == rule_id)

        def write(connection: sa.Connection) -> None:
            if not connection.execute(sa.delete(rules).where(here)).rowcount:
                raise NotFound(f"There is no rule {rule_id!r}.", hint="List the rules.")
            add_line(connection, self._collection, "rule.remove", who, {"rule_id": rule_id})

        self._writer.call(write)

    def list(self) -> list[Rule]:
        """Every rule, in order of id."""
        query = sa.select(rules.c.body).where(rules.c.collection == self._collection)
        with self._database.read() as connection:
            bodies = connection.scalars(query.order_by(rules.c.rule_id)).all()
        return [_rule(json.loads(body)) for body in bodies]

    def _check(self, rule: Rule) -> None:
        check_id("rule_id", rule.rule_id, self._settings)
        for item_id in (*rule.pin, *rule.bury, *rule.block):
            check_id("item_id", item_id, self._settings)
        if rule.match not in ("exact", "contains"):
            raise BadInput(f"There is no match {rule.match!r}.", hint="Use exact or contains.")
        if not rule.query.strip():
            raise BadInput("A rule needs a query.", hint="Say which searches it is about.")
        if not (rule.pin or rule.bury or rule.block):
            raise BadInput("The rule does nothing.", hint="Give items to pin, bury or block.")
        if rule.ends_at is not None and (rule.starts_at or 0) >= rule.ends_at:
            raise BadInput("The rule ends before it starts.", hint="Swap the two times.")


_INSERT = insert(rules)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["collection", "rule_id"], set_={"body": _INSERT.excluded.body}
)


def _rule(body: dict[str, Any]) -> Rule:
    lists = {name: tuple(body[name]) for name in ("pin", "bury", "block")}
    return Rule(**(body | lists))
