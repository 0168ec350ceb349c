"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

_COLUMNS = {
    "counters": "collection name last#",
    "events": "collection seq# event_id person user_id session_id item_id event timestamp# value% "
    "query exposure_id exposure_known? received_at#",
    "sessions": "collection session_id user_id",
    "exposures": "collection seq# exposure_id person at# body",
    "items": "collection position# item_id removed? body",
    "users": "collection position# user_id removed? body",
    "relations": "collection between@ kind source target weight!",
    "audit": "collection seq# at# who action details previous hash",
    "keys": "collection key_id name role@ salt hash created_at# revoked_at~",
}
_PRIMARY = {
    "counters": ("collection", "name"),
    "events": ("collection", "seq"),
    "sessions": ("collection", "session_id"),
    "exposures": ("collection", "seq"),
    "items": ("collection", "position"),
    "users": ("collection", "position"),
    "relations": ("collection", "between", "kind", "source", "target"),
    "audit": ("collection", "seq"),
    "keys": ("collection", "key_id"),
}
_UNIQUE = {
    "events": "event_id",
    "exposures": "exposure_id",
    "items": "item_id",
    "users": "user_id",
}
_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "#": sa.BigInteger(),
    "~": sa.BigInteger(),
    "%": sa.Float(53),
    "!": sa.Float(53),
    "?": sa.Boolean(),
    "@": sa.String(16),
}
_NULLABLE = "~%"


def _column(word: str) -> sa.Column[Any]:
    mark = word[-1] if word[-1] in _TYPES else ""
    name = word.removesuffix(mark) if mark else word
    kind = _TYPES.get(mark, sa.Text())
    return sa.Column(name, kind, nullable=bool(mark) and mark in _NULLABLE, autoincrement=False)


def upgrade() -> None:
    """Create every table with its keys and indexes."""
    for table, words in _COLUMNS.items():
        constraints: list[sa.Constraint] = [
            sa.PrimaryKeyConstraint(*_PRIMARY[table], name=f"{table}_pk")
        ]
        if table in _UNIQUE:
            unique = sa.UniqueConstraint("collection", _UNIQUE[table], name=f"{table}_by_id")
            constraints.append(unique)
        op.create_table(
            table,
            *map(_column, words.split()),
            *constraints,
            sqlite_with_rowid=table not in ("counters", "events", "sessions"),
        )
    op.create_index("events_by_person", "events", ["collection", "person", "timestamp", "seq"])
    op.create_index("sessions_by_user", "sessions", ["collection", "user_id"])
    op.create_index("exposures_by_person", "exposures", ["collection", "person"])


def downgrade() -> None:
    """Drop every table."""
    for table in _COLUMNS:
        op.drop_table(table)
