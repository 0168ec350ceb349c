"""The experiments of a collection: what serves beside the current release, and what did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from prismrec.core import Conflict, NotFound
from prismrec.store import counters
from prismrec.store.audit import add_line
from prismrec.store.database import Database
from prismrec.store.schema import experiments
from prismrec.store.writer import Writer

__all__ = ["Experiment", "Experiments", "experiments_of", "under_way"]

Found = Sequence["Experiment"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Release `challenger` for `share` of the people, from `started_at` to `stopped_at`
    (milliseconds; `None` while it is under way), logged as `name`.

    Its exposures and events come after the seqs `after_exposure` and `after_event`.
    """

    name: str
    challenger: int
    share: float
    started_at: int
    after_exposure: int
    after_event: int
    stopped_at: int | None = None


class Experiments:
    """The experiments of a collection, at most one of them under way: the database itself holds
    that, whichever process writes. Every change writes an audit line with it."""

    def __init__(self, database: Database, writer: Writer, collection: str) -> None:
        self._database, self._writer, self._collection = database, writer, collection

    def start(self, name: str, challenger: int, share: float, *, who: str = "owner") -> Experiment:
        """Record that it is under way, durable on return. Raises `Conflict` where another one is,
        or one of this name was: its exposures would be taken for the new one's."""

        def write(connection: sa.Connection) -> Experiment:
            known = _read(connection, self._collection)
            _refuse_a_second(name, known)
            kinds = ("exposures", "events")
            after = (counters.last(connection, self._collection, kind) for kind in kinds)
            made = Experiment(name, challenger, share, time.time_ns() // 1_000_000, *after)
            row = {"collection": self._collection, **asdict(made)}
            try:
                connection.execute(sa.insert(experiments), row)
            except sa.exc.IntegrityError:  # another process was faster
                raise Conflict("Another experiment was just started.", hint=_STOP) from None
            details = {"name": name, "challenger": challenger, "share": share}
            add_line(connection, self._collection, "experiment.start", who, details)
            return made

        return self._writer.call(write)

    def stop(self, name: str, *, who: str = "owner") -> Experiment:
        """Record that it is over, durable on return. Raises `NotFound` where it does not run."""
        here = (
            (experiments.c.collection == self._collection)
            & (experiments.c.name == name)
            & experiments.c.stopped_at.is_(None)
        )
        now = time.time_ns() // 1_000_000

        def write(connection: sa.Connection) -> Experiment:
            if not connection.execute(
                sa.update(experiments).where(here).values(stopped_at=now)
            ).rowcount:
                raise NotFound(
                    f"The experiment {name!r} is not under way.", hint="List the experiments."
                )
            add_line(connection, self._collection, "experiment.stop", who, {"name": name})
            return next(one for one in _read(connection, self._collection) if one.name == name)

        return self._writer.call(write)

    def list(self) -> Found:
        """All of them, newest first."""
        return experiments_of(self._database, self._collection)


def experiments_of(database: Database, collection: str) -> Found:
    """All experiments of a collection, newest first."""
    with database.read() as connection:
        return _read(connection, collection)


def under_way(found: Found) -> Experiment | None:
    """The one that was not stopped."""
    return next((one for one in found if one.stopped_at is None), None)


_STOP = "Stop it first."


def _refuse_a_second(name: str, known: Found) -> None:
    running = under_way(known)
    if running is not None:
        raise Conflict(f"The experiment {running.name!r} is under way.", hint=_STOP)
    if any(one.name == name for one in known):
        raise Conflict(f"There was an experiment {name!r}.", hint="Give another name.")


def _read(connection: sa.Connection, collection: str) -> Found:
    query = sa.select(experiments).where(experiments.c.collection == collection)
    order = experiments.c.started_at.desc(), experiments.c.after_exposure.desc()
    rows = connection.execute(query.order_by(*order)).mappings()
    return [Experiment(**{k: v for k, v in row.items() if k != "collection"}) for row in rows]
