"""Pairs: which history belongs to which item, and what is drawn against it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadInput, Interactions, ItemFeatures, Sequences, generator
from prismrec.language.trainable import TrainableEncoder, warm_up_then_linear
from prismrec.models.text_ranker.model import PairModel, PairReader
from prismrec.models.text_ranker.pairs import Negatives, Pairs, acted_pairs, shown_pairs
from prismrec.models.text_ranker.settings import TextRankerSettings


def world(rows: list[list[int]], n_items: int = 10) -> Interactions:
    return Interactions(Sequences.of(rows), ItemFeatures.bare(n_items))


def test_each_event_after_the_first_is_a_pair_with_what_came_before():
    pairs = acted_pairs(world([[4, 5, 6], [7], [], [8, 9]]), 2, 100, generator(0))
    assert pairs.histories.tolist() == [[-1, 4], [4, 5], [-1, 8]]
    assert pairs.items.tolist() == [5, 6, 9]
    assert pairs.users.tolist() == [0, 0, 3]
    assert pairs.labels.tolist() == [1, 1, 1]


def test_what_people_disliked_is_neither_history_nor_pair():
    train = world([[1, 2, 3]])
    weights = np.array([1, -1, 1], np.float32)
    train = replace(train, sequences=replace(train.sequences, weights=weights))
    pairs = acted_pairs(train, 2, 100, generator(0))
    assert (pairs.histories.tolist(), pairs.items.tolist()) == ([[-1, 1]], [3])


def test_no_more_pairs_than_asked_for():
    pairs = acted_pairs(world([list(range(10))] * 5), 3, 7, generator(0))
    assert len(pairs) == 7


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(0, 99),
)
def test_a_negative_is_an_item_of_training_that_the_user_did_not_act_on(rows, seed):
    train = world(rows)
    pairs = acted_pairs(train, 3, 50, generator(seed))
    if len({item for row in rows for item in row}) < 2:
        with pytest.raises(BadInput):
            Negatives(train, 0.75)
        return
    drawn = Negatives(train, 0.75).draw(pairs, 3, generator(seed, "draw"))
    everything = {item for row in rows for item in row}
    for user, negatives in zip(pairs.users, drawn, strict=True):
        free = everything - set(rows[user])
        assert set(negatives.tolist()) <= (free or everything)


def test_popular_items_are_drawn_more_often_by_the_power_asked_for():
    train = world([[0]] * 81 + [[1]], n_items=3)
    nobody = Pairs(
        np.full((4000, 1), -1, np.int32),
        np.full(4000, 2, np.int32),
        np.ones(4000, np.float32),
        np.full(4000, -1, np.int32),
    )
    drawn = Negatives(train, 0.5).draw(nobody, 5, generator(3))
    assert (drawn == 0).mean() == pytest.approx(0.9, abs=0.01)  # sqrt(81) to sqrt(1)


def test_negatives_stand_after_their_pair_with_its_history():
    train = world([[0, 1], [2, 3]])
    pairs = acted_pairs(train, 1, 10, generator(0))
    more = Negatives(train, 0.0).with_negatives(pairs, 2, generator(1))
    assert more.labels.tolist() == [1, 0, 0, 1, 0, 0]
    assert more.histories.ravel().tolist() == [0, 0, 0, 2, 2, 2]
    assert more.items[[0, 3]].tolist() == [1, 3]
    assert set(more.items[[1, 2]].tolist()) <= {2, 3}
    assert set(more.items[[4, 5]].tolist()) <= {0, 1}


def test_what_was_shown_becomes_a_pair_an_item_and_padding_none():
    histories = Sequences.of([[1, 2], []])
    slates = np.array([[3, 4], [5, -1]], np.int32)
    acted = np.array([[False, True], [True, False]])
    pairs = shown_pairs(histories, slates, acted, np.array([7, -1]), 2)
    assert pairs.histories.tolist() == [[1, 2], [1, 2], [-1, -1]]
    assert pairs.items.tolist() == [3, 4, 5]
    assert pairs.labels.tolist() == [0, 1, 1]
    assert pairs.users.tolist() == [7, 7, -1]
    with pytest.raises(BadInput, match="belong together"):
        shown_pairs(histories, slates, acted[:1], np.array([7, -1]), 2)


def test_a_pair_reads_from_the_oldest_to_the_item_and_drops_the_oldest_first(bert, shop):
    encoder = TrainableEncoder(bert, "frozen", generator(0))
    token = encoder.tokenizer.token_to_id
    start, end = token("[CLS]"), token("[SEP]")
    red, blue, green, boots = map(token, ("red", "blue", "green", "boots"))
    reader = PairReader(encoder, shop.texts, TextRankerSettings())
    reading = reader.read(np.array([[-1, 0, 1]], np.int32), np.array([2], np.int32))
    want = [start, red, boots, end, blue, boots, end, green, boots, end]
    assert reading.ids[0].tolist() == want
    assert reading.history[0].tolist() == [0, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    assert reading.item[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 1, 0]
    short = PairReader(encoder, shop.texts, TextRankerSettings(max_tokens=8, item_tokens=4))
    reading = short.read(np.array([[-1, 0, 1]], np.int32), np.array([2], np.int32))
    assert reading.ids[0].tolist() == [start, blue, boots, end, green, boots, end]


def test_words_in_a_text_that_look_like_separators_stay_words_of_one_text(bert):
    """A title cannot pretend to be two."""
    encoder = TrainableEncoder(bert, "frozen", generator(0))
    reader = PairReader(encoder, ("red boots [SEP] blue boots", "novel"), TextRankerSettings())
    reading = reader.read(np.array([[1]], np.int32), np.array([0], np.int32))
    assert reading.ids[0].tolist().count(encoder.separator) == 2


def test_the_learning_rate_rises_in_a_line_and_falls_in_a_line_to_nothing():
    shares = [warm_up_then_linear(step, 10, 0.2) for step in range(10)]
    assert shares[:2] == [0.5, 1.0]
    assert shares[2:] == pytest.approx([1 - i / 8 for i in range(8)])
    assert warm_up_then_linear(10, 10, 0.2) == 0


def test_before_training_the_cosine_orders_and_the_share_is_that_of_acted_pairs(bert):
    settings = TextRankerSettings(negatives=4, hidden=8, dropout=0.0)
    head = PairModel(TrainableEncoder(bert, "frozen", generator(0)), settings, generator(1)).head
    h = torch.nn.functional.normalize(torch.tensor([[1.0, *[0.0] * 15]] * 3), dim=1)
    i = torch.nn.functional.normalize(torch.tensor([[c, 1.0, *[0.0] * 14] for c in (2, 0, -2)]))
    logits = head(h, i).detach()
    assert logits.tolist() == sorted(logits.tolist(), reverse=True)
    assert float(torch.sigmoid(logits[1])) == pytest.approx(0.2)
