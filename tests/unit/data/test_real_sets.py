"""The public sets read whole: nothing is quarantined, and every count is the published one."""

from __future__ import annotations

from pathlib import Path

import pytest

from prismrec.data import Catalogue, interactions, leave_one_out, read, temporal, wants_repeats

pytestmark = pytest.mark.data

SETS = [
    # set, users, items, events, clock, repeats wanted
    ("beauty", 22_363, 12_101, 198_502, False, False),
    ("movielens-100k", 943, 1_682, 100_000, True, False),
    ("movietweetings", 21_081, 12_611, 141_695, True, False),
    ("online-retail", 4_339, 3_866, 397_924, True, True),
]


@pytest.mark.parametrize(("name", "users", "items", "events", "clock", "repeats"), SETS)
def test_a_set_reads_whole(
    shared_data: Path, name: str, users: int, items: int, events: int, clock: bool, repeats: bool
) -> None:
    dataset = read(shared_data / name)
    assert dataset.report.quarantined == 0
    data = interactions(dataset)
    assert (data.n_users, data.n_items, len(data.sequences.items)) == (users, items, events)
    assert data.has_clock is clock
    assert wants_repeats(data) is repeats


def test_beauty_leaves_out_the_published_events(shared_data: Path) -> None:
    split = leave_one_out(interactions(read(shared_data / "beauty")))
    assert len(split.test) == len(split.validation) == 22_363
    assert len(split.train.sequences.items) == 198_502 - 2 * 22_363


def test_movies_split_by_time(shared_data: Path) -> None:
    split = temporal(interactions(read(shared_data / "movielens-100k")))
    assert split.report["trimmed"] is False
    assert (len(split.validation), len(split.test)) == (9_504, 8_838)


def test_an_icecat_catalogue_has_attribute_tokens(shared_data: Path) -> None:
    catalogue = Catalogue.of(read(shared_data / "electronics-search").iter_items())
    assert len(catalogue) == 19_406
    assert catalogue.columns.having(["brand=HP"]).sum() > 100
    assert catalogue.columns.having(["product colour=Silver"]).any()
