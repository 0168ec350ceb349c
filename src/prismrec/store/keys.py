"""API keys, of which only salted hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from prismrec.core import BadInput, NotFound
from prismrec.store.audit import add_line
from prismrec.store.database import Database
from prismrec.store.schema import keys
from prismrec.store.writer import Writer

__all__ = ["ROLES", "Key", "Keys"]

ROLES = ("read", "write", "admin")
"""Each role may do all that those before it may."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret. Times are milliseconds since 1970 UTC."""

    key_id: str
    name: str
    role: str
    created_at: int
    revoked_at: int | None = None

    def allows(self, role: str) -> bool:
        """Whether the key may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Keys:
    """The API keys of a collection. Every change writes an audit line with it."""

    def __init__(self, database: Database, writer: Writer, collection: str) -> None:
        self._database, self._writer, self._collection = database, writer, collection

    def create(self, name: str, role: str, *, who: str = "owner") -> str:
        """A new key, `prism_ID_SECRET`, durable on return. It cannot be shown again.

        The secret holds 256 random bits, so one SHA-256 over salt and secret is enough: there is
        no dictionary of likely secrets for a slow hash to slow down.
        """
        if role not in ROLES:
            raise BadInput(f"There is no role {role!r}.", hint=f"Use one of {', '.join(ROLES)}.")
        key_id, secret, salt = secrets.token_hex(6), secrets.token_hex(32), secrets.token_hex(16)
        row = {
            "collection": self._collection,
            "key_id": key_id,
            "name": name,
            "role": role,
            "salt": salt,
            "hash": _hash(salt, secret),
            "created_at": time.time_ns() // 1_000_000,
        }
        details = {"key_id": key_id, "name": name, "role": role}

        def write(connection: sa.Connection) -> None:
            connection.execute(sa.insert(keys), row)
            add_line(connection, self._collection, "key.create", who, details)

        self._writer.call(write)
        return f"prism_{key_id}_{secret}"

    def check(self, token: str) -> Key | None:
        """The key that `token` is, `None` where it is none or was revoked."""
        word, _, rest = token.partition("_")
        key_id, _, secret = rest.partition("_")
        row = self._row(key_id) if word == "prism" and key_id.isalnum() else None
        # Hash in any case, so that the time taken does not tell which ids exist.
        right = hmac.compare_digest(
            _hash(row.salt if row else "", secret), row.hash if row else "0" * 64
        )
        return _key(row) if row and right and row.revoked_at is None else None

    def revoke(self, key_id: str, *, who: str = "owner") -> None:
        """Take a key out of use, durable on return. Raises `NotFound` where it is not in use."""
        here = (keys.c.collection == self._collection) & (keys.c.key_id == key_id)
        now = time.time_ns() // 1_000_000

        def write(connection: sa.Connection) -> None:
            change = sa.update(keys).where(here, keys.c.revoked_at.is_(None))
            if not connection.execute(change.values(revoked_at=now)).rowcount:
                raise NotFound(f"No key {key_id!r} is in use.", hint="List the keys for their ids.")
            add_line(connection, self._collection, "key.revoke", who, {"key_id": key_id})

        self._writer.call(write)

    def list(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        query = sa.select(keys).where(keys.c.collection == self._collection)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(keys.c.created_at, keys.c.key_id)).fetchall()
        return [_key(row) for row in rows]

    def _row(self, key_id: str) -> sa.Row[Any] | None:
        query = sa.select(keys).where(
            keys.c.collection == self._collection, keys.c.key_id == key_id
        )
        with self._database.read() as connection:
            return connection.execute(query).fetchone()


def _hash(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}:{secret}".encode(errors="replace")).hexdigest()


def _key(row: sa.Row[Any]) -> Key:
    return Key(row.key_id, row.name, row.role, row.created_at, row.revoked_at)
