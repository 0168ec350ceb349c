"""What people said of answers: whether they solved the question."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import AnswerVerdict, BadInput
from prismrec.store import counters
from prismrec.store.audit import add_line
from prismrec.store.database import Database
from prismrec.store.schema import verdicts
from prismrec.store.settings import StoreSettings
from prismrec.store.validation import check_id
from prismrec.store.writer import Writer

__all__ = ["Verdicts"]


class Verdicts:
    """The verdicts on a collection's answers, in the order in which they came. A batch leaves one
    line in the audit trail, without the questions."""

    def __init__(
        self, database: Database, writer: Writer, collection: str, settings: StoreSettings
    ) -> None:
        self._database, self._writer, self._collection = database, writer, collection
        self._settings = settings

    def add(self, batch: Sequence[AnswerVerdict], *, who: str = "owner") -> int:
        """Keep verdicts, durable on return; how many were new. One whose id is known changes
        nothing, whatever it says. Raises `BadInput` for one that is about nothing."""
        for one in batch:
            check_id("item_id", one.item_id, self._settings)
            if one.feedback_id:
                check_id("feedback_id", one.feedback_id, self._settings)
            if not one.question.strip():
                raise BadInput("The question is blank.", hint="Say what was asked.")
        return self._writer.call(lambda connection: self._write(connection, batch, who))

    def list(self, upto: int | None = None) -> list[AnswerVerdict]:
        """Every verdict, or the first ones up to number `upto`."""
        query = sa.select(verdicts).where(verdicts.c.collection == self._collection)
        if upto is not None:
            query = query.where(verdicts.c.seq <= upto)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(verdicts.c.seq)).fetchall()
        return [AnswerVerdict(r.question, r.item_id, r.solved, r.feedback_id) for r in rows]

    @property
    def last(self) -> int:
        """The number of the newest verdict, 0 where there is none."""
        with self._database.read() as connection:
            return counters.last(connection, self._collection, "verdicts")

    def _write(self, connection: sa.Connection, batch: Sequence[AnswerVerdict], who: str) -> int:
        seq, now, added = counters.last(connection, self._collection, "verdicts"), _now(), 0
        for one in batch:
            row = {
                "collection": self._collection,
                "seq": seq + added + 1,
                "feedback_id": one.feedback_id or f"feedback-{secrets.token_hex(9)}",
                "question": one.question,
                "item_id": one.item_id,
                "solved": one.solved,
                "at": now,
                "by": who,
            }
            added += connection.execute(_ADD, row).rowcount
        counters.advance(connection, self._collection, "verdicts", added)
        solved = sum(one.solved for one in batch)
        told = {"verdicts": len(batch), "new": added, "solved": solved}
        add_line(connection, self._collection, "answer.feedback", who, told)
        return added


def _now() -> int:
    return time.time_ns() // 1_000_000


_ADD = insert(verdicts).on_conflict_do_nothing(index_elements=["collection", "feedback_id"])
