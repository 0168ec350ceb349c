"""From a dataset to sequences, and the views of an event."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadInput, Event, Item, Sequences, User
from prismrec.data import Catalogue, Dataset, Feedback, attribute_view, interactions, time_gaps

ITEMS = [Item("a", brand="x"), Item("b"), Item("c", brand="x", attributes={"k": "v"})]
EVENTS = [
    Event("c", "view", "v", 50),
    Event("a", "purchase", "u", 40, 9.5),
    Event("b", "dislike", "u", 30),
    Event("a", "view", "v", 50),
]


def test_sequences_keep_every_event_in_order() -> None:
    data = interactions(Dataset.of(ITEMS, EVENTS, [User("w", {"age": 3.0})]))
    rows = data.sequences
    assert data.event_types == ("dislike", "purchase", "view")
    assert rows.indptr.tolist() == [0, 2, 4, 4]
    assert rows.items.tolist() == [2, 0, 1, 0]
    assert rows.kinds.tolist() == [2, 2, 0, 1]
    assert rows.times.tolist() == [50, 50, 30, 40]
    assert rows.weights.tolist() == [1, 1, -1, 1]
    np.testing.assert_array_equal(rows.values, np.array([np.nan, np.nan, np.nan, 9.5], np.float32))
    kinds = [a.dtype for a in (rows.items, rows.kinds, rows.times, rows.weights, rows.values)]
    assert kinds == [np.int32, np.int16, np.int64, np.float32, np.float32]
    assert (data.n_users, data.n_items, data.has_clock) == (3, 3, True)


def test_profiles_are_bags_by_user() -> None:
    people = [User("u", {"gender": "F"}, ("tea",)), User("w", {"gender": "M"})]
    profiles = interactions(Dataset.of(ITEMS, EVENTS, people)).profiles
    assert profiles is not None
    named = [{profiles.names[t] for t in profiles.row(i)} for i in range(3)]
    assert named == [set(), {"gender=F", "tag=tea"}, {"gender=M"}]
    assert interactions(Dataset.of(ITEMS, EVENTS)).profiles is None


def test_feedback_decides_the_weights() -> None:
    data = interactions(Dataset.of(ITEMS, EVENTS), feedback=Feedback(weights={"view": 0.5}))
    assert data.sequences.weights.tolist() == [0.5, 0.5, -1, 1]


def test_features_must_cover_the_catalogue() -> None:
    dataset = Dataset.of(ITEMS, EVENTS)
    features = Catalogue.of(ITEMS).features()
    assert interactions(dataset, features).features is features
    with pytest.raises(BadInput, match="features of 2 items"):
        interactions(dataset, features.first(2))


def test_no_events_and_no_items_make_empty_sequences() -> None:
    for items, people in (([], []), (ITEMS, []), (ITEMS, [User("u")])):
        data = interactions(Dataset.of(items, [], people))
        assert (data.n_users, data.n_items) == (len(people), len(items))
        assert len(data.queries()) == len(people)


def test_time_gaps_are_logarithmic_and_never_cross_users() -> None:
    rows = Sequences.of([[0, 1, 2], [], [1]])
    times = np.array([0, 0, 3000, 10], np.int64)
    rows = Sequences(rows.indptr, rows.items, rows.kinds, times, rows.weights, rows.values)
    assert time_gaps(rows).tolist() == [1, 3, 0, 0]
    ends = np.array([4000, 5, 10 + 2**50], np.int64)
    gaps = time_gaps(rows, ends)
    assert gaps.tolist() == [1, 3, 2, 31]
    assert gaps.dtype == np.int16
    assert time_gaps(Sequences.of([])).tolist() == []


def test_the_attribute_view_is_the_bag_of_each_event() -> None:
    catalogue = Catalogue.of(ITEMS)
    data = interactions(Dataset.of(ITEMS, EVENTS), catalogue.features())
    view = attribute_view(data.sequences, data.features)
    assert [view.row(i).tolist() for i in range(4)] == [
        catalogue.columns.attributes.row(p).tolist() for p in (2, 0, 1, 0)
    ]
