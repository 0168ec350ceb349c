"""The tables. Every key starts with the collection, so that one database may hold several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

__all__ = [
    "SESSION",
    "alerts",
    "asked",
    "audit",
    "counters",
    "events",
    "events_by_person",
    "experiments",
    "exposures",
    "items",
    "keys",
    "metadata",
    "opinion_days",
    "person_key",
    "relations",
    "rules",
    "rulings",
    "said",
    "searches",
    "sessions",
    "users",
    "verdicts",
    "watches",
]

metadata = MetaData()


SESSION = "session:"
"""What the person key of an anonymous session starts with; no user id may."""


def person_key(user_id: str, session_id: str) -> str:
    """Who an event counts for: the user, else the session that is linked to no user yet."""
    return user_id or SESSION + session_id


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, autoincrement=False)


def _table(name: str, key: Sequence[str], *rest: SchemaItem, **options: Any) -> Table:
    """A table whose rows belong to collections; `key` tells those of one collection apart."""
    primary = PrimaryKeyConstraint("collection", *key, name=f"{name}_pk")
    return Table(name, metadata, _text("collection"), *rest, primary, **options)


# Clustered on the primary key in SQLite: events are read by seq, and every secondary index of such
# a table ends in the primary key anyway, so a row identifier of its own would be dead weight.
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

counters = _table(
    "counters",
    ["name"],
    _text("name"),
    _number("last"),
    **_CLUSTERED,
)

events = _table(
    "events",
    ["seq"],
    _number("seq"),
    _text("event_id"),
    _text("person"),
    _text("user_id"),
    _text("session_id"),
    _text("item_id"),
    _text("event"),
    _number("timestamp"),
    Column("value", Float(53)),
    _text("query"),
    _text("exposure_id"),
    Column("exposure_known", Boolean, nullable=False),
    _number("received_at"),
    UniqueConstraint("collection", "event_id", name="events_by_id"),
    **_CLUSTERED,
)

events_by_person = Index(
    "events_by_person", events.c.collection, events.c.person, events.c.timestamp, events.c.seq
)

sessions = _table(
    "sessions",
    ["session_id"],
    _text("session_id"),
    _text("user_id"),
    Index("sessions_by_user", "collection", "user_id"),
    **_CLUSTERED,
)

exposures = _table(
    "exposures",
    ["seq"],
    _number("seq"),
    _text("exposure_id"),
    _text("person"),
    _number("at"),
    _text("body"),
    UniqueConstraint("collection", "exposure_id", name="exposures_by_id"),
    Index("exposures_by_person", "collection", "person"),
)

items = _table(
    "items",
    ["position"],
    _number("position"),
    _text("item_id"),
    Column("removed", Boolean, nullable=False),
    _text("body"),
    UniqueConstraint("collection", "item_id", name="items_by_id"),
)

users = _table(
    "users",
    ["position"],
    _number("position"),
    _text("user_id"),
    Column("removed", Boolean, nullable=False),
    _text("body"),
    UniqueConstraint("collection", "user_id", name="users_by_id"),
)

relations = _table(
    "relations",
    ["between", "kind", "source", "target"],
    Column("between", String(16), nullable=False),
    _text("kind"),
    _text("source"),
    _text("target"),
    Column("weight", Float(53), nullable=False),
)

audit = _table(
    "audit",
    ["seq"],
    _number("seq"),
    _number("at"),
    _text("who"),
    _text("action"),
    _text("details"),
    _text("previous"),
    _text("hash"),
)

keys = _table(
    "keys",
    ["key_id"],
    _text("key_id"),
    _text("name"),
    Column("role", String(16), nullable=False),
    _text("salt"),
    _text("hash"),
    _number("created_at"),
    Column("revoked_at", BigInteger),
)

rules = _table(
    "rules",
    ["rule_id"],
    _text("rule_id"),
    _text("body"),
)

rulings = _table(
    "rulings",
    ["item_id"],
    _text("item_id"),
    _text("body"),
)

experiments = _table(
    "experiments",
    ["name"],
    _text("name"),
    _number("challenger"),
    Column("share", Float(53), nullable=False),
    _number("started_at"),
    _number("after_exposure"),
    _number("after_event"),
    Column("stopped_at", BigInteger),
    Index(
        "experiments_under_way",
        "collection",
        unique=True,
        sqlite_where=text("stopped_at IS NULL"),
        postgresql_where=text("stopped_at IS NULL"),
    ),
)

searches = _table(
    "searches",
    ["user_id", "text"],
    _text("user_id"),
    _text("text"),
    **_CLUSTERED,
)

asked = _table(
    "asked",
    ["text"],
    _text("text"),
    _number("users"),
    Index("asked_by_users", "collection", "users"),
    **_CLUSTERED,
)

said = _table(
    "said",
    ["seq"],
    _number("seq"),
    _text("text_id"),
    _text("at"),
    _text("text"),
    _text("scores"),
    UniqueConstraint("collection", "text_id", name="said_by_id"),
)

watches = _table(
    "watches",
    [],
    _number("seen"),
    _text("setup"),
    _text("body"),
)

opinion_days = _table(
    "opinion_days",
    ["day"],
    _text("day"),
    _text("body"),
)

alerts = _table(
    "alerts",
    ["seq"],
    _number("seq"),
    _text("body"),
    Column("due", Boolean, nullable=False),
    Column("closed_at", BigInteger),
    _text("closed_by"),
)

verdicts = _table(
    "verdicts",
    ["seq"],
    _number("seq"),
    _text("feedback_id"),
    _text("question"),
    _text("item_id"),
    Column("solved", Boolean, nullable=False),
    _number("at"),
    _text("by"),
    UniqueConstraint("collection", "feedback_id", name="verdicts_by_id"),
)
