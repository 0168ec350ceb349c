"""What was said lately, the state of what watches it, rates by day, and the alerts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from prismrec.core import Busy, NotFound
from prismrec.store import counters
from prismrec.store.audit import add_line
from prismrec.store.chunks import chunks
from prismrec.store.database import Database
from prismrec.store.erasure import scrub
from prismrec.store.schema import alerts, opinion_days, said, watches
from prismrec.store.writer import Writer

__all__ = ["KeptAlert", "OpinionLog", "SaidRow", "Step"]


@dataclass(frozen=True, slots=True)
class SaidRow:
    """A text that was taken: its id, when it came (ISO 8601), and what the classifiers said. The
    text is empty where it was erased."""

    text_id: str
    at: str
    text: str
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """All that a batch of texts changes: the `texts`, which follow the first `before`; the `state`
    after them, the `days` they touched, the alerts they raised, all as JSON; `due` where these are
    still to be sent somewhere; `keep` is how many of the last texts stay."""

    setup: str
    before: int
    texts: Sequence[SaidRow]
    state: Mapping[str, Any]
    days: Mapping[str, Mapping[str, Any]]
    alerts: Sequence[Mapping[str, Any]] = ()
    due: bool = False
    keep: int = 20_000


@dataclass(frozen=True)
class KeptAlert:
    """An alert by its `number`, counted from 1; open until somebody closes it."""

    number: int
    body: Mapping[str, Any] = field(default_factory=dict)
    closed_at: int | None = None
    closed_by: str = ""


class OpinionLog:
    """What a collection knows of opinions. A `Step` is written whole or not at all."""

    def __init__(self, database: Database, writer: Writer, collection: str) -> None:
        self._database, self._writer, self._collection = database, writer, collection

    def put(self, step: Step) -> list[KeptAlert]:
        """Write a step, durable on return; its alerts as they are kept: what was erased meanwhile
        is not quoted. Raises `Busy` where another process has written one after `before`: read
        anew, and send it again."""
        return self._writer.call(lambda connection: self._write(connection, step))

    def state(self, setup: str) -> Mapping[str, Any] | None:
        """The state after the last step of this `setup`; `None` where there is none."""
        query = sa.select(watches.c.body).where(
            watches.c.collection == self._collection, watches.c.setup == setup
        )
        with self._database.read() as connection:
            body = connection.scalar(query)
        return None if body is None else json.loads(body)

    def days(self) -> dict[str, dict[str, Any]]:
        """What was said of each day, in their order."""
        query = sa.select(opinion_days.c.day, opinion_days.c.body)
        query = query.where(opinion_days.c.collection == self._collection)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(opinion_days.c.day)).fetchall()
        return {row.day: json.loads(row.body) for row in rows}

    def last(self, count: int) -> list[SaidRow]:
        """The last `count` texts, in the order in which they came."""
        query = (
            sa.select(said)
            .where(said.c.collection == self._collection)
            .order_by(said.c.seq.desc())
            .limit(count)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).fetchall()
        return [SaidRow(r.text_id, r.at, r.text, tuple(json.loads(r.scores))) for r in rows[::-1]]

    def known(self, text_ids: Sequence[str], setup: str) -> set[str]:
        """Those of these ids that are among the texts kept of this setup."""
        found: set[str] = set()
        here = (watches.c.collection == said.c.collection) & (watches.c.setup == setup)
        with self._database.read() as connection:
            for some in chunks(text_ids):
                query = (
                    sa.select(said.c.text_id)
                    .join(watches, here)
                    .where(said.c.collection == self._collection, said.c.text_id.in_(some))
                )
                found.update(connection.scalars(query))
        return found

    def alerts(self, *, before: int = 2**53, limit: int = 50) -> list[KeptAlert]:
        """Alerts with a number below `before`, the newest first."""
        return self._alerts(alerts.c.seq < before, alerts.c.seq.desc(), limit)

    def due(self) -> list[KeptAlert]:
        """Alerts that are still to be sent, the oldest first."""
        return self._alerts(alerts.c.due, alerts.c.seq, 50)

    def sent(self, number: int) -> None:
        """The alert was sent; durable on return."""
        there = (alerts.c.collection == self._collection) & (alerts.c.seq == number)
        self._writer.call(lambda c: c.execute(sa.update(alerts).where(there).values(due=False)))

    def close_alert(self, number: int, *, who: str = "owner") -> None:
        """Somebody has seen to it; durable on return, with a line in the audit trail. Closing it
        again changes nothing. Raises `NotFound`."""
        there = (alerts.c.collection == self._collection) & (alerts.c.seq == number)
        now = time.time_ns() // 1_000_000

        def write(connection: sa.Connection) -> None:
            row = connection.execute(sa.select(alerts.c.closed_at).where(there)).first()
            if row is None:
                raise NotFound(f"There is no alert {number}.", hint="List the alerts.")
            if row.closed_at is None:
                values = {"closed_at": now, "closed_by": who}
                connection.execute(sa.update(alerts).where(there).values(values))
                add_line(connection, self._collection, "alert.close", who, {"alert": number})

        self._writer.call(write)

    def erase(self, text_id: str, *, who: str = "owner") -> dict[str, int]:
        """Forget the text of this id, and where alerts quote it; how many `texts` and `alerts`
        changed. On return nothing of it is left in an SQLite file, not even in its free space, and
        the audit trail has a line with its number. Its id and what the classifiers said of it stay:
        the id keeps it from being taken again, the numbers keep the detection as it is. Erasing it
        again changes nothing. Raises `NotFound` for a text that is not kept."""

        def find(connection: sa.Connection) -> tuple[int, str]:
            here = (said.c.collection == self._collection) & (said.c.text_id == text_id)
            row = connection.execute(sa.select(said.c.seq, said.c.text).where(here)).first()
            if row is None:
                raise NotFound(
                    f"There is no text {text_id!r} among those kept.",
                    hint="An alert that quotes it names it by a number: erase it there.",
                )
            return row.seq, row.text

        return self._erase(find, who)

    def erase_quoted(self, alert: int, text_number: int, *, who: str = "owner") -> dict[str, int]:
        """The same for the text that `alert` quotes as `text_number`, kept beside it or not. Raises
        `NotFound` where there is no such alert or it does not quote such a text."""

        def find(connection: sa.Connection) -> tuple[int, str]:
            here = (alerts.c.collection == self._collection) & (alerts.c.seq == alert)
            body = connection.scalar(sa.select(alerts.c.body).where(here))
            for number, text, _ in json.loads(body)["causes"] if body else ():
                if number == text_number:
                    return number, text
            raise NotFound(
                f"No alert {alert} quotes a text {text_number}.", hint="List the alerts."
            )

        return self._erase(find, who)

    def _erase(self, find: Callable[[sa.Connection], tuple[int, str]], who: str) -> dict[str, int]:
        """A number alone names no text: with another setup texts are counted from 1 again."""

        def write(connection: sa.Connection) -> dict[str, int]:
            connection.execute(self._turn())
            number, text = find(connection)
            here = (said.c.collection == self._collection) & (said.c.seq == number)
            blank = sa.update(said).where(here, said.c.text == text, said.c.text != "")
            counts = {
                "texts": connection.execute(blank.values(text="")).rowcount,
                "alerts": self._unquote(connection, number, text) if text else 0,
            }
            if any(counts.values()):
                told = {"text": number} | counts
                add_line(connection, self._collection, "opinion.erase", who, told)
            return counts

        counts = self._writer.call(write)
        self._writer.alone(scrub)
        return counts

    def _unquote(self, connection: sa.Connection, number: int, text: str) -> int:
        """Take a text out of all alerts; how many quoted it."""
        here = alerts.c.collection == self._collection
        rows = connection.execute(sa.select(alerts.c.seq, alerts.c.body).where(here)).fetchall()
        changed = 0
        for row in rows:
            body = json.loads(row.body)
            if any(cause[:2] == [number, text] for cause in body["causes"]):
                left = sa.update(alerts).where(here, alerts.c.seq == row.seq)
                connection.execute(left.values(body=_json(_without(body, {number}))))
                changed += 1
        return changed

    def _turn(self) -> Any:
        """What a transaction asks first, so that steps and erasures come one after the other."""
        kept = sa.select(watches.c.seen, watches.c.setup)
        return kept.where(watches.c.collection == self._collection).with_for_update()

    def _alerts(self, which: Any, order: Any, limit: int) -> list[KeptAlert]:
        query = sa.select(alerts).where(alerts.c.collection == self._collection, which)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(order).limit(limit)).fetchall()
        return [KeptAlert(r.seq, json.loads(r.body), r.closed_at, r.closed_by) for r in rows]

    def _write(self, connection: sa.Connection, step: Step) -> list[KeptAlert]:
        here = {"collection": self._collection}
        row = connection.execute(self._turn()).first()
        if row is not None and row.setup != step.setup:
            self._begin_anew(connection)
        elif (row.seen if row else 0) != step.before:
            raise Busy("Another process has taken texts meanwhile.", hint="Send them again.")
        if step.texts:
            connection.execute(sa.insert(said), _rows(self._collection, step))
        seen = step.before + len(step.texts)
        values = here | {"seen": seen, "setup": step.setup, "body": _json(step.state)}
        connection.execute(_SAVE_WATCH, values)
        for day, body in step.days.items():
            connection.execute(_SAVE_DAY, here | {"day": day, "body": _json(body)})
        old = (said.c.collection == self._collection) & (said.c.seq <= seen - step.keep)
        connection.execute(sa.delete(said).where(old))
        return [self._add_alert(connection, body, step.due) for body in step.alerts]

    def _begin_anew(self, connection: sa.Connection) -> None:
        """Another setup: what was usual under the one before says nothing. Alerts stay."""
        for table in (said, opinion_days):
            connection.execute(sa.delete(table).where(table.c.collection == self._collection))

    def _add_alert(
        self, connection: sa.Connection, told: Mapping[str, Any], due: bool
    ) -> KeptAlert:
        """Another process may have erased a text that this one's memory still quotes."""
        quoted = [number for number, *_ in told["causes"]]
        here = (said.c.collection == self._collection) & said.c.seq.in_(quoted)
        erased = connection.scalars(sa.select(said.c.seq).where(here, said.c.text == ""))
        body = _without(told, set(erased))
        number = counters.advance(connection, self._collection, "alerts", 1)
        values = {"collection": self._collection, "seq": number, "body": _json(body), "due": due}
        connection.execute(sa.insert(alerts), values | {"closed_by": ""})
        return KeptAlert(number, body)


def _rows(collection: str, step: Step) -> list[dict[str, Any]]:
    return [
        {
            "collection": collection,
            "seq": number,
            "text_id": row.text_id,
            "at": row.at,
            "text": row.text,
            "scores": _json(row.scores),
        }
        for number, row in enumerate(step.texts, step.before + 1)
    ]


def _without(body: Mapping[str, Any], numbers: set[int]) -> dict[str, Any]:
    """An alert that does not quote the texts of these numbers."""
    causes = [[n, "" if n in numbers else text, share] for n, text, share in body["causes"]]
    return {**body, "causes": causes}


def _json(body: Any) -> str:
    """Numbers come back from it to the last bit."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


_WATCH, _DAY = insert(watches), insert(opinion_days)
_SAVE_WATCH = _WATCH.on_conflict_do_update(
    index_elements=["collection"],
    set_={name: _WATCH.excluded[name] for name in ("seen", "setup", "body")},
)
_SAVE_DAY = _DAY.on_conflict_do_update(
    index_elements=["collection", "day"], set_={"body": _DAY.excluded.body}
)
