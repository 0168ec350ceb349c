"""Who changed what, when: an append-only log whose lines are chained by hashes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from prismrec.core import Corrupt
from prismrec.store import counters
from prismrec.store.database import Database
from prismrec.store.schema import audit
from prismrec.store.writer import Writer

__all__ = ["Audit", "AuditLine", "add_line"]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. `hash` covers the line and `previous`, the hash of the line before it."""

    seq: int
    at: int
    who: str
    action: str
    details: Mapping[str, Any]
    previous: str
    hash: str


class Audit:
    """The audit log: promotions, rollbacks, erasures, changes of keys.

    A line that is changed, removed or put in between breaks the chain. Lines cut off at the end can
    only be noticed by whoever noted the last hash elsewhere.
    """

    def __init__(self, database: Database, writer: Writer, collection: str) -> None:
        self._database, self._writer, self._collection = database, writer, collection

    def append(
        self, action: str, who: str, details: Mapping[str, Any], *, at: int | None = None
    ) -> AuditLine:
        """Add a line, durable on return. `at` is milliseconds since 1970 UTC, by default now."""
        return self._writer.call(
            lambda connection: add_line(connection, self._collection, action, who, details, at=at)
        )

    def lines(self, after: int = 0, limit: int = 1000) -> list[AuditLine]:
        """Up to `limit` lines after seq `after`, oldest first."""
        query = (
            sa.select(audit)
            .where(audit.c.collection == self._collection, audit.c.seq > after)
            .order_by(audit.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).fetchall()
        return [
            AuditLine(r.seq, r.at, r.who, r.action, json.loads(r.details), r.previous, r.hash)
            for r in rows
        ]

    def verify(self) -> int:
        """Check the whole chain; how many lines it has. Raises `Corrupt` at the first bad one."""
        seq, previous = 0, ""
        while found := self.lines(seq):
            for line in found:
                seq += 1
                sound = line.seq == seq and line.previous == previous
                if not sound or line.hash != _hash(self._collection, line):
                    raise Corrupt(
                        f"Line {seq} of the audit log does not fit the line before it.",
                        hint="It was changed outside of PrismRec; compare it with a backup.",
                    )
                previous = line.hash
        return seq


def add_line(
    connection: sa.Connection,
    collection: str,
    action: str,
    who: str,
    details: Mapping[str, Any],
    *,
    at: int | None = None,
) -> AuditLine:
    """Add a line within a transaction of the caller's."""
    seq = counters.advance(connection, collection, "audit", 1)
    query = sa.select(audit.c.hash).where(audit.c.collection == collection, audit.c.seq == seq - 1)
    previous = connection.scalar(query) or ""
    now = time.time_ns() // 1_000_000 if at is None else at
    text = json.dumps(dict(details), ensure_ascii=False, sort_keys=True)
    line = AuditLine(seq, now, who, action, json.loads(text), previous, "")
    digest = _hash(collection, line)
    values = {"seq": seq, "at": now, "who": who, "action": action, "details": text}
    connection.execute(
        sa.insert(audit),
        values | {"collection": collection, "previous": previous, "hash": digest},
    )
    return AuditLine(seq, now, who, action, line.details, previous, digest)


def _hash(collection: str, line: AuditLine) -> str:
    content = [collection, line.seq, line.at, line.who, line.action, line.details, line.previous]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
