"""What other settings would have earned, in a world whose values are sums over all slates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from prismrec.core import BadInput, Candidates, Exposure, QueryBatch, generator
from prismrec.exploration import EpsilonGreedy, Greedy, PlackettLuce, Price, Priced
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.previewed import Previewed, previewed
from prismrec.exploration.sequential import SequentialPolicy

ITEMS = ("a", "b", "c", "d")
SCORES = np.array([0.0, -0.5, -1.0, -1.5])
CLICK = np.array([0.1, 0.2, 0.4, 0.6])  # the model has it the wrong way round


def candidates(n: int) -> Candidates:
    scores = np.tile(SCORES.astype(np.float32), (n, 1))
    return Candidates(np.tile(np.arange(4, dtype=np.int32), (n, 1)), scores)


def logged(policy: SequentialPolicy, n: int, seed: int = 0) -> tuple[list[Exposure], np.ndarray]:
    """n slates of two, each of another person, and their clicks."""
    rng = generator(seed, "world")
    choice = policy.choose(QueryBatch.of([[]] * n), candidates(n), 2, rng)
    shown = [
        Exposure(
            exposure_id=str(row), at=row, release=1, policy="p", policy_version="1", seed=0,
            shortlist=ITEMS, scores=tuple(SCORES), chosen=tuple(ITEMS[i] for i in picks),
            propensities=tuple(choice.propensities[row]), user_id=str(row),
        )
        for row, picks in enumerate(choice.columns)
    ]  # fmt: skip
    return shown, (rng.random((n, 2)) < CLICK[choice.columns]).astype(float)


def worth(policy: SequentialPolicy) -> float:
    """Clicks of its slates, summed over every slate there is."""
    slates = np.array(list(itertools.permutations(range(4), 2)), np.int32)
    queries = QueryBatch.of([[]] * len(slates))
    chance = policy.propensities(queries, candidates(len(slates)), slates).prod(axis=1)
    assert chance.sum() == pytest.approx(1.0)
    return float(chance @ CLICK[slates].sum(axis=1))


def asked(log: tuple[list[Exposure], np.ndarray], policy: SequentialPolicy) -> Previewed:
    return previewed(*log, policy, lambda item: ITEMS.index(item) if item in ITEMS else -1)


@pytest.mark.parametrize(
    "policy",
    [
        Greedy(),
        EpsilonGreedy(0.2),
        PlackettLuce(0.7),
        Priced(EpsilonGreedy(0.8), Price(share=0.5, first_place=2, max_expected_loss=0.2)),
    ],
)
def test_the_value_of_settings_that_did_not_log_is_found(policy: SequentialPolicy) -> None:
    log = logged(EpsilonGreedy(0.6), 3000)
    found = asked(log, policy)
    assert found.interval[0] < worth(policy) < found.interval[1]
    gap = worth(policy) - worth(EpsilonGreedy(0.6))
    assert found.difference_interval[0] < gap < found.difference_interval[1]
    assert np.diff(found.interval) < 0.25
    assert (found.slates, found.people) == (3000, 3000)
    assert found.served == pytest.approx(log[1].sum(axis=1).mean())


def test_its_intervals_cover() -> None:
    truth = worth(PlackettLuce(1.5))
    inside, refused = 0, 0
    for seed in range(60):
        try:
            found = asked(logged(EpsilonGreedy(0.7), 400, seed), PlackettLuce(1.5))
            inside += found.interval[0] <= truth <= found.interval[1]
        except NoSupport:  # mean weights are taken for wrong in one log of a hundred
            refused += 1
    assert refused <= 4
    assert inside >= 51 - refused  # 57 expected; three standard errors below


def test_the_settings_that_logged_are_worth_what_was_earned() -> None:
    found = asked(logged(PlackettLuce(1.0), 500), PlackettLuce(1.0))
    assert found.value == pytest.approx(found.served)
    assert found.difference == pytest.approx(0.0, abs=1e-12)


def test_a_log_that_never_shows_it_is_refused() -> None:
    with pytest.raises(NoSupport):
        asked(logged(Greedy(), 500), EpsilonGreedy(0.5))
    barely = Priced(EpsilonGreedy(0.5), Price(first_place=2))
    with pytest.raises(NoSupport, match="in the mean"):  # its first place is never explored
        asked(logged(barely, 2000), EpsilonGreedy(0.2))
    with pytest.raises(BadInput, match="No recommendation"):
        asked(([], np.zeros((0, 2))), Greedy())
    gone = logged(EpsilonGreedy(0.6), 20)  # of whose shortlists an item was removed since
    with pytest.raises(BadInput, match="No recommendation"):
        previewed(*gone, Greedy(), lambda item: -1 if item == "d" else ITEMS.index(item))
