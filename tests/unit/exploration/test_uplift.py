"""The uplift of showing an item, in a world of known effect where the naive difference is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Candidates, QueryBatch, generator
from prismrec.exploration import EpsilonGreedy, Greedy, PlackettLuce
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.uplift import Showings, showings, uplift

EFFECT, ITEM = 0.3, 2


def world(policy: SequentialPolicy, n: int, seed: int) -> tuple[Showings, np.ndarray, np.ndarray]:
    """Slates of two of six; the keener a person, the better item 2 scores, and the more they
    earn anyway."""
    rng = np.random.default_rng(seed)
    keen = rng.normal(size=n)
    scores = rng.normal(0, 0.3, (n, 6))
    scores[:, ITEM] = keen
    order = np.argsort(-scores, axis=1)
    found = Candidates(
        order.astype(np.int32), np.take_along_axis(scores, order, axis=1).astype(np.float32)
    )
    queries = QueryBatch.of([[]] * n)
    columns = policy.choose(queries, found, 2, generator(seed, "slates")).columns
    item = (found.positions == ITEM).argmax(axis=1)
    shown = showings(policy, queries, found, columns, item)
    rewards = keen + EFFECT * (shown.place >= 0) + rng.normal(0, 0.5, n)
    return shown, rewards, keen[:, None]


def test_the_effect_is_found_where_the_naive_difference_is_wrong() -> None:
    shown, rewards, _ = world(PlackettLuce(1.0), 6000, 0)
    found = uplift(rewards, shown, np.zeros((6000, 1)), np.arange(6000), seed=0)
    assert found.naive > 0.8
    assert found.interval[0] < EFFECT < found.interval[1]
    assert found.value == pytest.approx(found.shown - found.hidden)
    assert found.requests == 6000
    assert found.times == (shown.place >= 0).sum()


def test_features_narrow_the_interval() -> None:
    shown, rewards, keen = world(EpsilonGreedy(0.5), 3000, 1)
    without, with_ = (
        uplift(rewards, shown, f, np.arange(3000), seed=0) for f in (keen * 0.0, keen)
    )
    assert with_.interval[0] < EFFECT < with_.interval[1]
    assert np.diff(with_.interval) < 0.6 * np.diff(without.interval)


def test_the_interval_covers() -> None:
    inside = 0
    for seed in range(60):
        shown, rewards, keen = world(PlackettLuce(1.0), 400, seed)
        low, high = uplift(rewards, shown, keen, np.arange(400), seed=seed).interval
        inside += low <= EFFECT <= high
    assert inside >= 51  # 57 expected; three standard errors below


def test_the_weights_of_both_sides_are_one_in_the_mean() -> None:
    shown, *_ = world(EpsilonGreedy(0.6), 20_000, 3)
    for weights in shown.weights():
        error = weights.std() / np.sqrt(len(weights))
        assert abs(weights.mean() - 1.0) < 4 * error


def test_an_item_that_is_always_or_never_shown_is_refused() -> None:
    shown, rewards, keen = world(Greedy(), 500, 0)
    with pytest.raises(NoSupport, match=r"left the item out|shown the item"):
        uplift(rewards, shown, keen, np.arange(500), seed=0)
    nowhere = Showings(np.full(9, -1), np.zeros((9, 2)))
    with pytest.raises(NoSupport):
        uplift(np.ones(9), nowhere, np.ones((9, 1)), np.arange(9), seed=0)
