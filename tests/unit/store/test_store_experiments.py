"""Experiments in the store: one at a time, whoever starts it, and names are not used again."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from prismrec.core import Conflict, Event, Exposure, NotFound
from prismrec.store import open_store, read_store, under_way
from prismrec.store.schema import experiments

SHOWN = Exposure(
    exposure_id="e", at=0, release=1, policy="p", policy_version="1", seed=0,
    shortlist=("a",), scores=(1.0,), chosen=("a",), propensities=(1.0,), user_id="ann",
)  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_it_is_there_after_opening_again_and_says_where_it_began(url: str) -> None:
    with open_store(url, "shop") as store:
        store.exposures.append(SHOWN)
        store.events.append([Event("a", "view", user_id="ann", timestamp=1)], received_at=2)
        made = store.experiments.start("spring", 2, 0.3, who="ann")
        assert (made.after_exposure, made.after_event) == (1, 1)
    with open_store(url, "shop") as store, read_store(url, "shop") as reader:
        assert under_way(store.experiments.list()) == made
        assert list(reader.experiments()) == [made]
        stopped = store.experiments.stop("spring", who="bob")
        assert stopped.stopped_at is not None
        assert under_way(store.experiments.list()) is None
        with pytest.raises(NotFound):
            store.experiments.stop("spring")
        lines = [(line.action, line.who) for line in store.audit.lines()]
    assert lines == [("experiment.start", "ann"), ("experiment.stop", "bob")]


def test_there_is_one_at_a_time_and_a_name_is_used_once(url: str) -> None:
    with open_store(url, "shop") as store:
        store.experiments.start("spring", 2, 0.3)
        with pytest.raises(Conflict, match="under way"):
            store.experiments.start("summer", 3, 0.3)
        store.experiments.stop("spring")
        with pytest.raises(Conflict, match="There was"):
            store.experiments.start("spring", 2, 0.3)
        store.experiments.start("summer", 3, 0.3)
        assert [one.name for one in store.experiments.list()] == ["summer", "spring"]


def test_the_database_itself_refuses_a_second_one(url: str) -> None:
    """What holds where several processes write to one database."""
    with open_store(url, "shop") as store:
        store.experiments.start("spring", 2, 0.3)
    engine = sa.create_engine(url)
    row = {
        "collection": "shop", "name": "summer", "challenger": 3, "share": 0.1, "started_at": 1,
        "after_exposure": 0, "after_event": 0,
    }  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(experiments), row)
    with engine.begin() as connection:  # of another collection, or over
        connection.execute(sa.insert(experiments), row | {"collection": "other"})
        connection.execute(sa.insert(experiments), row | {"stopped_at": 2})
    engine.dispose()
