"""Popular, recent and repeated items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences
from prismrec.retrieval import Everything, Popular, Recent, Repeat
from prismrec.retrieval.sources import DAY

NOBODY = QueryBatch.of([[]], at=100 * DAY)


def timed(rows: list[list[tuple[int, int]]], at: int) -> QueryBatch:
    """Queries from (item, day) pairs, asked on day `at`."""
    histories = Sequences.of([[item for item, _ in row] for row in rows])
    times = np.array([day * DAY for row in rows for _, day in row], np.int64)
    n = len(rows)
    return QueryBatch(
        histories=replace(histories, times=times),
        at=np.full(n, at * DAY, np.int64),
        users=np.full(n, -1, np.int32),
    )


def kept(row: np.ndarray) -> list[int]:
    return [p for p in row.tolist() if p >= 0]


def popularity(events: list[tuple[int, int]], half_life: float | None = 10.0) -> Popular:
    source = Popular(5, half_life)
    observe(source, events)
    return source


def observe(source: Popular, events: list[tuple[int, int]]) -> None:
    source.observe(
        np.array([item for item, _ in events], np.int32),
        np.array([day * DAY for _, day in events], np.int64),
        np.ones(len(events), np.float32),
    )


def test_a_half_life_ago_counts_half() -> None:
    """Three events two half-lives ago weigh 0.75: less than one today, more than one then."""
    source = popularity([(0, 0), (0, 0), (0, 0), (1, 20), (2, 0)])
    found = source.search(NOBODY, 5)
    assert kept(found.positions[0]) == [1, 0, 2]
    assert np.allclose(found.scores[0, :3], [1.0, 0.75, 0.25])


def test_without_a_clock_popularity_is_counting() -> None:
    found = popularity([(0, 0), (0, 0), (1, 20)], half_life=None).search(NOBODY, 5)
    assert kept(found.positions[0]) == [0, 1]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 60)), min_size=1, max_size=20),
    st.integers(0, 20),
)
def test_events_may_come_in_any_number_of_pieces(events: list[tuple[int, int]], cut: int) -> None:
    whole = popularity(events)
    pieces = popularity(events[:cut])
    observe(pieces, events[cut:])
    one, other = whole.search(NOBODY, 9), pieces.search(NOBODY, 9)
    assert set(kept(one.positions[0])) == set(kept(other.positions[0]))
    assert np.allclose(one.scores, other.scores, rtol=1e-5)


def test_popularity_of_interactions_knows_whether_there_is_a_clock() -> None:
    histories = Sequences.of([[0, 0], [1]])
    histories = replace(histories, times=np.array([0, 0, 300 * DAY]))
    train = Interactions(histories, ItemFeatures.bare(3), has_clock=True)
    assert kept(Popular.of(train, 30.0).search(NOBODY, 3).positions[0]) == [1, 0]
    train = replace(train, has_clock=False)
    assert kept(Popular.of(train, 30.0).search(NOBODY, 3).positions[0]) == [0, 1]


def test_what_is_disliked_on_balance_is_not_popular() -> None:
    source = Popular(2, None)
    items = np.array([0, 1, 1], np.int32)
    source.observe(items, np.zeros(3, np.int64), np.array([1, 1, -2], np.float32))
    assert kept(source.search(NOBODY, 2).positions[0]) == [0]


def test_the_newest_come_first_and_the_future_not_at_all() -> None:
    created = np.array([5, -1, 40, 20, 20, 7]) * DAY
    created[1] = -1
    source = Recent(created, 10.0)
    queries = replace(QueryBatch.of([[], [], []]), at=np.array([30, 100, 4]) * DAY)
    found = source.search(queries, 10)
    assert [kept(row) for row in found.positions] == [[3, 4, 5, 0], [2, 3, 4, 5, 0], []]
    assert np.isclose(found.scores[0, 0], -1.0), "ten days old: one half-life"


def test_the_mask_makes_room_for_older_arrivals() -> None:
    source = Recent(np.arange(6) * DAY, 10.0)
    allowed = np.array([True, True, False, True, False, False])
    assert kept(source.search(NOBODY, 2, allowed=allowed).positions[0]) == [3, 1]


def test_repeats_go_by_how_often_and_how_lately() -> None:
    queries = timed([[(4, 0), (4, 1), (4, 2), (2, 30), (3, 29)], [], [(1, 0)]], at=30)
    found = Repeat(10.0).search(queries, 5)
    assert [kept(row) for row in found.positions] == [[2, 3, 4], [], [1]]
    found = Repeat(1000.0).search(queries, 5)
    assert kept(found.positions[0]) == [4, 2, 3]


def test_repeats_without_a_clock_go_by_place() -> None:
    found = Repeat(None).search(QueryBatch.of([[1, 2, 2, 3]]), 3)
    assert kept(found.positions[0]) == [2, 3, 1]
    assert np.isclose(found.scores[0, 1], 1.0), "the last event has age 0"


def test_a_refused_item_is_not_repeated() -> None:
    queries = QueryBatch.of([[1, 2]])
    weights = np.array([1, -1], np.float32)
    queries = replace(queries, histories=replace(queries.histories, weights=weights))
    assert kept(Repeat(None).search(queries, 3).positions[0]) == [1]


def test_everything_is_all_that_is_alive_in_order() -> None:
    source = Everything(np.array([True, False, True, True]))
    found = source.search(QueryBatch.of([[], []]), 4)
    assert found.positions.tolist() == [[0, 2, 3]] * 2
    assert found.scores.tolist() == [[0, 0, 0]] * 2
    each = np.array([[True, True, True, False], [False, True, False, True]])
    found = source.search(QueryBatch.of([[], []]), 4, allowed=each)
    assert found.positions.tolist() == [[0, 2], [3, -1]]
