"""Examples: nothing from the future, negatives as often as they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences
from prismrec.models.neural.examples import Examples, Negatives, Recent
from prismrec.models.neural.modules import Pooling


def test_an_event_is_predicted_from_those_before_it_and_no_others():
    train = Interactions(Sequences.of([[3, 1, 4], [5, 2]]), ItemFeatures.bare(6))
    read, right = Examples.of(train, 2).take(np.arange(5))
    assert right.tolist() == [3, 1, 4, 5, 2]
    seen = [items[real].tolist() for items, real in zip(read.items, read.real.numpy(), strict=True)]
    assert seen == [[], [3], [3, 1], [], [5]]


def test_events_of_one_time_do_not_give_each_other_away():
    rows = replace(Sequences.of([[3, 1, 4, 2]]), times=np.array([5, 5, 9, 9]))
    train = Interactions(rows, ItemFeatures.bare(6), has_clock=True)
    read, _ = Examples.of(train, 4).take(np.arange(4))
    seen = [items[real].tolist() for items, real in zip(read.items, read.real.numpy(), strict=True)]
    assert seen == [[], [], [3, 1], [3, 1]]


def test_recent_leaves_out_refusals_and_later_items():
    batch = QueryBatch.of([[1, 2, 9, 3]])
    weights = np.array([1, -1, 1, 1], np.float32)
    batch = replace(batch, histories=replace(batch.histories, weights=weights))
    recent = Recent.of(batch, 5, known=9)
    assert recent.items[0][recent.real[0].numpy()].tolist() == [1, 3]


def test_negatives_come_as_often_as_expected_and_never_unseen():
    counts = np.array([0.0, 9.0, 0.0, 1.0, 90.0])
    negatives = Negatives(counts, 12)
    rng = np.random.default_rng(0)
    drawn = np.concatenate([negatives.draw(rng)[0] for _ in range(4000)])
    _, log_expected = negatives.draw(rng)
    often = np.bincount(drawn, minlength=5) / 4000
    assert often[0] == often[2] == 0
    want = 12 * (counts / 100 + (counts > 0) / 3) / 2
    np.testing.assert_allclose(often, want, atol=0.1)
    assert log_expected.exp().max() <= want.max() + 1e-4


def test_pooling_is_a_weighted_mean_in_which_the_latest_counts_most():
    pooling = Pooling(3)
    vectors = torch.eye(4)
    places = torch.tensor([[0, 1, 2], [0, 0, 3], [0, 0, 0]])
    real = torch.tensor([[True, True, True], [False, False, True], [False, False, False]])
    out = pooling(vectors, places, real).detach().numpy()
    assert out[0, 2] > out[0, 1] > out[0, 0] > 0
    np.testing.assert_allclose(out.sum(1), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(out[1], [0, 0, 0, 1], atol=1e-6)
