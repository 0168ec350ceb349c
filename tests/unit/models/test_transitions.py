"""What follows what: weights by hand, and a world with one right next item."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.transitions import Transitions, TransitionsScorer

PLAIN = Transitions(
    window=2, decay=0.5, backward=0.25, source_power=0.0, target_power=0.0, shrinkage=1.0
)


def fit(settings: Transitions, rows: list[list[int]], n_items: int) -> TransitionsScorer:
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(n_items))
    return settings.fit(train, generator(0, "test"))


def test_distance_direction_and_the_window_weigh_as_documented():
    evidence = fit(PLAIN, [[0, 1, 2, 3]], 4).neighbours.toarray()
    want = [
        [0, 1, 0.5, 0],
        [0.25, 0, 1, 0.5],
        [0.125, 0.25, 0, 1],
        [0, 0.125, 0.25, 0],
    ]
    np.testing.assert_allclose(evidence, want)


def test_powers_divide_by_the_sums_of_rows_and_columns():
    settings = Transitions(
        window=1, decay=1.0, backward=0.0, source_power=1.0, target_power=0.5, shrinkage=1.0
    )
    evidence = fit(settings, [[0, 1], [0, 1], [0, 2]], 3).neighbours.toarray()
    np.testing.assert_allclose(evidence[0, 1], 2 / (3 + 1) / np.sqrt(2 + 1), rtol=1e-6)
    np.testing.assert_allclose(evidence[0, 2], 1 / (3 + 1) / np.sqrt(1 + 1), rtol=1e-6)


def test_pairs_never_cross_users_and_an_item_is_no_neighbour_of_itself():
    evidence = fit(PLAIN, [[0, 0], [1], [2, 0, 2]], 3).neighbours.toarray()
    assert np.diag(evidence).tolist() == [0, 0, 0]
    assert evidence[0, 1] == evidence[1, 0] == evidence[1, 2] == 0


def test_the_next_item_of_a_cycle_is_the_right_answer():
    cycle = [(start + step) % 6 for start in range(6) for step in range(5)]
    rows = [cycle[5 * u : 5 * u + 5] for u in range(6)]
    scorer = fit(Transitions(), rows, 6)
    scores = scorer.score(QueryBatch.of([[i] for i in range(6)]))
    assert scores.argmax(1).tolist() == [1, 2, 3, 4, 5, 0]


def test_the_last_event_counts_most():
    scorer = fit(Transitions(half_life=1.0), [[0, 1], [2, 3]], 4)
    first, second = scorer.score(QueryBatch.of([[0, 2], [2, 0]]))
    assert first[3] == pytest.approx(2 * first[1])
    assert second[1] == pytest.approx(2 * second[3])


def test_only_the_strongest_neighbours_are_kept_and_ties_go_to_the_smaller_position():
    settings = Transitions(neighbours=1, backward=0.0, source_power=0.0, target_power=0.0)
    evidence = fit(settings, [[0, 2], [0, 1], [0, 2], [3, 2], [3, 1]], 4).neighbours.toarray()
    assert np.flatnonzero(evidence[0]).tolist() == [2]
    assert np.flatnonzero(evidence[3]).tolist() == [1]


def test_a_disliked_event_takes_evidence_away():
    scorer = fit(Transitions(), [[0, 2], [1, 2], [1, 3]], 4)
    queries = QueryBatch.of([[0, 1]])
    liked = scorer.score(queries)[0]
    queries.histories.weights[1] = -1.0
    disliked = scorer.score(queries)[0]
    assert disliked[3] == 0 < liked[3]
    assert disliked[2] < liked[2]
