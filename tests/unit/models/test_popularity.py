"""Popularity: counts by hand, decay by hand, and the half-life that validation asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.popularity import DAY, Popularity

RNG = generator(0, "test")


def timed(rows: list[list[int]], days: list[list[float]], n_items: int) -> Interactions:
    times = np.array([int(d * DAY) for row in days for d in row], np.int64)
    sequences = replace(Sequences.of(rows), times=times)
    return Interactions(sequences, ItemFeatures.bare(n_items), has_clock=True)


def cases(targets: list[int]) -> Cases:
    n = len(targets)
    no = np.zeros(n, bool)
    queries = QueryBatch.of([[] for _ in targets])
    return Cases(queries, np.array(targets, np.int32), np.arange(n, dtype=np.int32), no, no)


def test_the_score_is_the_log_of_the_count_and_the_floor():
    train = Interactions(Sequences.of([[0, 1], [1, 1], [2]]), ItemFeatures.bare(4))
    scores = Popularity(floor=0.5).fit(train, RNG).score(QueryBatch.of([[], [3]]))
    want = np.log([1.5, 3.5, 1.5, 0.5])
    np.testing.assert_allclose(scores, [want, want], rtol=1e-6)


def test_an_event_one_half_life_old_counts_half():
    train = timed([[0, 1]], [[0.0, 10.0]], 2)
    scorer = Popularity(half_life_days=10.0).fit(train, RNG)
    np.testing.assert_allclose(scorer.counts, [0.5, 1.0])


def test_without_a_clock_nothing_decays():
    train = replace(timed([[0, 1]], [[0.0, 10.0]], 2), has_clock=False)
    scorer = Popularity(half_life_days=10.0).fit(train, RNG)
    np.testing.assert_allclose(scorer.counts, [1.0, 1.0])


def test_feedback_weights_count_and_negative_events_do_not():
    sequences = replace(Sequences.of([[0, 1, 0]]), weights=np.array([2.0, -1.0, 0.5], np.float32))
    scorer = Popularity().fit(Interactions(sequences, ItemFeatures.bare(2)), RNG)
    np.testing.assert_allclose(scorer.counts, [2.5, 0.0])


@pytest.mark.parametrize(("target", "decays"), [(1, True), (0, False)])
def test_validation_chooses_the_half_life(target: int, decays: bool):
    """Item 0 was taken often long ago, item 1 a few times now."""
    train = timed([[0] * 20 + [1] * 3], [[0.0] * 20 + [400.0] * 3], 2)
    scorer = Popularity().fit(train, RNG, validation=cases([target] * 5))
    assert (scorer.half_life_days is not None) == decays
    assert int(scorer.score(QueryBatch.of([[]]))[0].argmax()) == target


def test_a_set_half_life_is_not_chosen_again():
    train = timed([[0] * 20 + [1] * 3], [[0.0] * 20 + [400.0] * 3], 2)
    scorer = Popularity(half_life_days=50.0).fit(train, RNG, validation=cases([0] * 5))
    assert scorer.half_life_days == 50.0
