"""The half-life of a history: chosen on validation, set by hand, or taken over from before."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.neighbours.transitions import Transitions
from prismrec.models.repeats import Repeats
from prismrec.models.scoring.half_lives import HALF_LIVES, USUAL
from prismrec.models.scoring.histories import decayed_weights, recency_weights


def cases(histories: list[list[int]], targets: list[int]) -> Cases:
    n = len(targets)
    no = np.zeros(n, bool)
    people = np.arange(n, dtype=np.int32)
    return Cases(QueryBatch.of(histories), np.array(targets, np.int32), people, no, no)


def chain() -> Interactions:
    """After item i of the first ten comes item i + 10, and nothing else."""
    rows = [[i, i + 10] for i in range(10)] * 3
    return Interactions(Sequences.of(rows), ItemFeatures.bare(20))


@pytest.mark.parametrize(("place", "short"), [(-1, True), (0, False)])
def test_validation_chooses_between_the_latest_event_and_the_bulk(place: int, short: bool):
    """Histories of one item thrice, then another: what follows is either's successor."""
    histories = [[i, i, i, (i + 1) % 10] for i in range(10)] * 3
    validation = cases(histories, [history[place] + 10 for history in histories])
    scorer = Transitions().fit(chain(), generator(0, "test"), validation=validation)
    assert scorer.half_life in HALF_LIVES
    scores = scorer.score(validation.queries)
    assert (scores.argmax(1) == validation.targets).all()
    assert (scorer.half_life <= 1.0) == short


def test_a_set_half_life_stays():
    validation = cases([[i] for i in range(10)] * 3, [i + 10 for i in range(10)] * 3)
    scorer = Transitions(half_life=7.0).fit(chain(), generator(0, "t"), validation=validation)
    assert scorer.half_life == 7.0


def test_without_validation_the_earlier_scorer_lends_its_half_life():
    earlier = Repeats(half_life=9.0).fit(chain(), generator(0, "test"))
    assert Repeats().fit(chain(), generator(0, "test"), start=earlier).half_life == 9.0
    assert Repeats().fit(chain(), generator(0, "test")).half_life == USUAL


def test_weights_halve_with_every_half_life_and_sum_to_one():
    histories = Sequences.of([[0, 1, 2], [], [5]])
    np.testing.assert_allclose(decayed_weights(histories, 1.0), [0.25, 0.5, 1.0, 1.0])
    np.testing.assert_allclose(recency_weights(histories, 1.0), [1 / 7, 2 / 7, 4 / 7, 1.0])


def test_repeats_are_the_decayed_shares_of_the_history():
    scorer = Repeats(half_life=1.0).fit(chain(), generator(0, "test"))
    scores = scorer.score(QueryBatch.of([[3, 5, 3], []]))
    np.testing.assert_allclose(scores[0, [3, 5, 0]], [5 / 7, 2 / 7, 0], rtol=1e-6)
    assert not scores[1].any()
