"""The tables. Every key starts with the collection, so that one database may hold several."""

from __future__ import annotations

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


# Clustered on the primary key in SQLite: events are read by seq, and every secondary index of such
# a table ends in the primary key anyway, so a row identifier of its own would be dead weight.
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

counters = Table(
    "counters",
    metadata,
    _text("collection"),
    _text("name"),
    _number("last"),
    PrimaryKeyConstraint("collection", "name", name="counters_pk"),
    **_CLUSTERED,
)

events = Table(
    "events",
    metadata,
    _text("collection"),
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
    PrimaryKeyConstraint("collection", "seq", name="events_pk"),
    UniqueConstraint("collection", "event_id", name="events_by_id"),
    **_CLUSTERED,
)

events_by_person = Index(
    "events_by_person", events.c.collection, events.c.person, events.c.timestamp, events.c.seq
)

sessions = Table(
    "sessions",
    metadata,
    _text("collection"),
    _text("session_id"),
    _text("user_id"),
    PrimaryKeyConstraint("collection", "session_id", name="sessions_pk"),
    Index("sessions_by_user", "collection", "user_id"),
    **_CLUSTERED,
)

exposures = Table(
    "exposures",
    metadata,
    _text("collection"),
    _number("seq"),
    _text("exposure_id"),
    _text("person"),
    _number("at"),
    _text("body"),
    PrimaryKeyConstraint("collection", "seq", name="exposures_pk"),
    UniqueConstraint("collection", "exposure_id", name="exposures_by_id"),
    Index("exposures_by_person", "collection", "person"),
)

items = Table(
    "items",
    metadata,
    _text("collection"),
    _number("position"),
    _text("item_id"),
    Column("removed", Boolean, nullable=False),
    _text("body"),
    PrimaryKeyConstraint("collection", "position", name="items_pk"),
    UniqueConstraint("collection", "item_id", name="items_by_id"),
)

users = Table(
    "users",
    metadata,
    _text("collection"),
    _number("position"),
    _text("user_id"),
    Column("removed", Boolean, nullable=False),
    _text("body"),
    PrimaryKeyConstraint("collection", "position", name="users_pk"),
    UniqueConstraint("collection", "user_id", name="users_by_id"),
)

relations = Table(
    "relations",
    metadata,
    _text("collection"),
    Column("between", String(16), nullable=False),
    _text("kind"),
    _text("source"),
    _text("target"),
    Column("weight", Float(53), nullable=False),
    PrimaryKeyConstraint("collection", "between", "kind", "source", "target", name="relations_pk"),
)

audit = Table(
    "audit",
    metadata,
    _text("collection"),
    _number("seq"),
    _number("at"),
    _text("who"),
    _text("action"),
    _text("details"),
    _text("previous"),
    _text("hash"),
    PrimaryKeyConstraint("collection", "seq", name="audit_pk"),
)

keys = Table(
    "keys",
    metadata,
    _text("collection"),
    _text("key_id"),
    _text("name"),
    Column("role", String(16), nullable=False),
    _text("salt"),
    _text("hash"),
    _number("created_at"),
    Column("revoked_at", BigInteger),
    PrimaryKeyConstraint("collection", "key_id", name="keys_pk"),
)

rules = Table(
    "rules",
    metadata,
    _text("collection"),
    _text("rule_id"),
    _text("body"),
    PrimaryKeyConstraint("collection", "rule_id", name="rules_pk"),
)

rulings = Table(
    "rulings",
    metadata,
    _text("collection"),
    _text("item_id"),
    _text("body"),
    PrimaryKeyConstraint("collection", "item_id", name="rulings_pk"),
)

experiments = Table(
    "experiments",
    metadata,
    _text("collection"),
    _text("name"),
    _number("challenger"),
    Column("share", Float(53), nullable=False),
    _number("started_at"),
    _number("after_exposure"),
    _number("after_event"),
    Column("stopped_at", BigInteger),
    PrimaryKeyConstraint("collection", "name", name="experiments_pk"),
    Index(
        "experiments_under_way",
        "collection",
        unique=True,
        sqlite_where=text("stopped_at IS NULL"),
        postgresql_where=text("stopped_at IS NULL"),
    ),
)

searches = Table(
    "searches",
    metadata,
    _text("collection"),
    _text("user_id"),
    _text("text"),
    PrimaryKeyConstraint("collection", "user_id", "text", name="searches_pk"),
    **_CLUSTERED,
)

asked = Table(
    "asked",
    metadata,
    _text("collection"),
    _text("text"),
    _number("users"),
    PrimaryKeyConstraint("collection", "text", name="asked_pk"),
    Index("asked_by_users", "collection", "users"),
    **_CLUSTERED,
)

said = Table(
    "said",
    metadata,
    _text("collection"),
    _number("seq"),
    _text("text_id"),
    _text("at"),
    _text("text"),
    _text("scores"),
    PrimaryKeyConstraint("collection", "seq", name="said_pk"),
    UniqueConstraint("collection", "text_id", name="said_by_id"),
)

watches = Table(
    "watches",
    metadata,
    _text("collection"),
    _number("seen"),
    _text("setup"),
    _text("body"),
    PrimaryKeyConstraint("collection", name="watches_pk"),
)

opinion_days = Table(
    "opinion_days",
    metadata,
    _text("collection"),
    _text("day"),
    _text("body"),
    PrimaryKeyConstraint("collection", "day", name="opinion_days_pk"),
)

alerts = Table(
    "alerts",
    metadata,
    _text("collection"),
    _number("seq"),
    _text("body"),
    Column("due", Boolean, nullable=False),
    Column("closed_at", BigInteger),
    _text("closed_by"),
    PrimaryKeyConstraint("collection", "seq", name="alerts_pk"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _text("collection"),
    _number("seq"),
    _text("feedback_id"),
    _text("question"),
    _text("item_id"),
    Column("solved", Boolean, nullable=False),
    _number("at"),
    _text("by"),
    PrimaryKeyConstraint("collection", "seq", name="verdicts_pk"),
    UniqueConstraint("collection", "feedback_id", name="verdicts_by_id"),
)
