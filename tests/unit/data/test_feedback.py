"""What events weigh, what they mean an item is had, and whether repeats are wanted."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadSettings, Event, Item
from prismrec.data import (
    Dataset,
    Feedback,
    consumed_types,
    interactions,
    repeat_share,
    wants_repeats,
)


def test_every_event_is_positive_but_refusals() -> None:
    kinds = ["view", "rating", "dislike", "return", "refuse", "anything"]
    weights = Feedback().weights_of(kinds, [np.nan, 1.0, np.nan, 30.0, np.nan, np.nan])
    assert weights.dtype == np.float32
    assert weights.tolist() == [1, 1, -1, -1, -1, 1]


def test_weights_can_be_set_by_type() -> None:
    feedback = Feedback(weights={"view": 0.25, "dislike": -3.0, "ad": 0.0}, default=2.0)
    assert feedback.weights_of(["view", "dislike", "ad", "cart"]).tolist() == [0.25, -3, 0, 2]
    assert feedback.weights_of([]).tolist() == []


def test_relevance_by_grade_subtracts_for_low_grades_of_ratings_only() -> None:
    feedback = Feedback(relevance_by_grade=True, lowest_grade=1, highest_grade=5)
    kinds = ["rating"] * 5 + ["purchase", "rating"]
    values = [1, 2, 3, 5, 9, 1, np.nan]
    assert feedback.weights_of(kinds, values).tolist() == [-1, -0.5, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("types", "setting", "kinds"),
    [
        (("cart", "purchase", "view"), (), {1}),
        (("rating", "view"), (), {0}),
        (("click", "view"), (), {0, 1}),
        (("click", "dislike"), (), {0}),
        (("purchase", "view"), ("view",), {1}),
        (("purchase", "view"), ("gone",), set()),
        ((), (), set()),
    ],
)
def test_consumed_types(types: tuple[str, ...], setting: tuple[str, ...], kinds: set[int]) -> None:
    assert consumed_types(types, setting) == kinds


def log(*rows: tuple[str, str, int]) -> Dataset:
    events = [Event(item, "purchase", user, at) for user, item, at in rows]
    return Dataset.of([Item("a"), Item("b")], events)


def test_an_item_again_at_a_later_time_is_a_repeat() -> None:
    data = interactions(
        log(("u", "a", 1), ("u", "a", 1), ("u", "a", 2), ("v", "a", 3), ("u", "b", 9))
    )
    assert repeat_share(data) == pytest.approx(1 / 5)
    assert wants_repeats(data)
    assert not wants_repeats(data, "no")


def test_one_invoice_with_an_item_twice_is_no_repeat() -> None:
    data = interactions(log(("u", "a", 1), ("u", "a", 1)))
    assert repeat_share(data) == 0
    assert not wants_repeats(data)
    assert wants_repeats(data, "yes")
    with pytest.raises(BadSettings, match="auto, yes or no"):
        wants_repeats(data, "perhaps")


def test_no_events_have_no_repeats() -> None:
    assert repeat_share(interactions(log())) == 0
