"""What each policy chooses, and what it does at the edges."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from prismrec.core import BadSettings, Candidates, ItemFeatures, QueryBatch, generator
from prismrec.exploration import (
    EpsilonGreedy,
    ExplorationSettings,
    Greedy,
    PlackettLuce,
    Price,
    Priced,
    policy_from,
)
from prismrec.exploration.settings import POLICIES
from prismrec.ranking import MaximalMarginalRelevance


def candidates(scores: list[list[float]], positions: list[list[int]] | None = None) -> Candidates:
    array = np.array(scores, np.float32)
    items = np.tile(np.arange(array.shape[1]), (len(array), 1)) if positions is None else positions
    return Candidates(np.where(np.isneginf(array), -1, items).astype(np.int32), array)


class Apart:
    """A diversity step that forbids neighbours of what was chosen."""

    def worth(self, positions: np.ndarray, scores: np.ndarray, chosen: list[int]) -> np.ndarray:
        worth = scores.copy()
        for column in chosen:
            worth[np.abs(positions - positions[column]) == 1] -= 100
        return worth


def chosen(policy: object, found: Candidates, n: int, seed: int = 0) -> list[list[int]]:
    queries = QueryBatch.of([[] for _ in range(len(found))])
    return policy.choose(queries, found, n, generator(seed, "test")).columns.tolist()  # type: ignore[attr-defined]


def test_greedy_takes_the_best_and_breaks_ties_by_position() -> None:
    found = candidates([[1, 3, 3, 2]], [[9, 8, 4, 5]])
    assert chosen(Greedy(), found, 4) == [[2, 1, 3, 0]]
    assert chosen(EpsilonGreedy(0.0), found, 4) == [[2, 1, 3, 0]]


def test_greedy_with_diversity_takes_the_largest_worth_and_breaks_ties_by_position() -> None:
    assert chosen(Greedy(Apart()), candidates([[9, 8, 7, 6]]), 4) == [[0, 2, 3, 1]]
    tied = candidates([[1, 1, 1, 1]], [[30, 10, 20, 40]])
    assert chosen(Greedy(Apart()), tied, 4) == [[1, 2, 0, 3]]


def test_a_row_that_runs_out_is_padded() -> None:
    found = candidates([[2, 1, -np.inf], [-np.inf] * 3])
    for policy in (
        Greedy(),
        Greedy(Apart()),
        EpsilonGreedy(1.0),
        EpsilonGreedy(0.3, 1, Apart()),
        PlackettLuce(),
        Priced(PlackettLuce(), Price(0.5, 2, 0.1)),
    ):
        choice = policy.choose(QueryBatch.of([[], []]), found, 5, generator(1))
        assert sorted(choice.columns[0]) == [-1, -1, -1, 0, 1]
        assert choice.columns[1].tolist() == [-1] * 5
        assert (choice.propensities[choice.columns < 0] == 1.0).all()
        assert choice.exact


def test_no_candidates_at_all() -> None:
    empty = Candidates(np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32))
    for policy in (Greedy(), Greedy(Apart()), EpsilonGreedy(0.5), PlackettLuce()):
        choice = policy.choose(QueryBatch.of([[], []]), empty, 3, generator(1))
        assert (choice.columns == -1).all()


def test_nothing_beyond_the_shortlist_is_chosen_unless_the_slate_is_longer() -> None:
    found = candidates([list(range(20, 0, -1))])
    policy = EpsilonGreedy(1.0, shortlist=4)
    seen = {c for seed in range(200) for c in chosen(policy, found, 3, seed)[0]}
    assert seen == {0, 1, 2, 3}
    assert sorted(chosen(policy, found, 6)[0]) == [0, 1, 2, 3, 4, 5]


def test_the_same_seed_gives_the_same_slate_and_a_longer_one_begins_with_it() -> None:
    found = candidates([list(range(40, 0, -1))])
    for plain in (EpsilonGreedy(0.5, diversity=Apart()), PlackettLuce(2.0)):
        for policy in (plain, Priced(plain, Price(0.8, 2, 0.5))):
            for seed in range(20):
                assert chosen(policy, found, 8, seed) == chosen(policy, found, 8, seed)
                assert chosen(policy, found, 8, seed)[0][:3] == chosen(policy, found, 3, seed)[0]
            assert len({tuple(chosen(policy, found, 8, seed)[0]) for seed in range(20)}) > 3
    many = candidates([list(range(40, 0, -1))] * 3)
    assert [row[:3] for row in chosen(plain, many, 8)] == chosen(plain, many, 3)


def test_what_was_explored_is_said() -> None:
    found = candidates([list(range(10, 0, -1))])
    greedy = Greedy().choose(QueryBatch.of([[]]), found, 3, generator(0))
    assert greedy.explored is not None
    assert not greedy.explored.any()
    choice = EpsilonGreedy(0.4).choose(QueryBatch.of([[]]), found, 10, generator(2))
    assert choice.explored is not None
    left = np.arange(10, 0, -1)
    np.testing.assert_array_equal(
        choice.propensities[0] < 0.4 / left + 1e-9, choice.explored[0] | (left == 0)
    )
    assert choice.explored.any()


CHANGES = {
    "epsilon": 0.2,
    "shortlist": 20,
    "temperature": 0.5,
    "share": 0.5,
    "first_place": 3,
    "max_expected_loss": 0.1,
    "new_chance": 0.2,
    "new_place": 4,
    "new_days": 7.0,
    "width": 2.0,
    "draws": 16,
    "members": 5,
    "gamma": 3.0,
    "gamma_exponent": 0.25,
    "ridge": 2.0,
    "own_ridge": 2.0,
    "keep": 0.9,
    "expected": 0.2,
    "position_bias": 1.0,
}
ELSEWHERE = {"features", "rewards", "window_days", "learn_seconds"}
"""What `feedback.Feedback` reads; the features are named in the version, rewards are in the log."""

BELIEF = {"ridge", "own_ridge", "keep", "expected", "position_bias"}
LEARN = {"width", "draws", "members", "gamma", "gamma_exponent", *BELIEF}
PLAIN = {"epsilon", "temperature"}


READ_BY_NONE = {
    "epsilon-greedy": {"temperature"} | LEARN,
    "plackett-luce": {"epsilon"} | LEARN,
    "greedy": {"epsilon", "temperature", "shortlist"} | LEARN,
    "linucb": PLAIN | LEARN - BELIEF - {"width"},
    "regcb": PLAIN | LEARN - BELIEF - {"width"},
    "thompson": PLAIN | LEARN - BELIEF - {"width", "draws"},
    "bootstrap": PLAIN | LEARN - BELIEF - {"width", "members"},
    "squarecb": PLAIN | LEARN - BELIEF - {"gamma", "gamma_exponent"},
}


@pytest.mark.parametrize("name", POLICIES)
def test_every_setting_that_changes_the_distribution_changes_the_version(name: str) -> None:
    """A setting that only another policy reads changes nothing."""
    created = np.zeros(3, np.int64)

    def version(settings: ExplorationSettings, diversity: Apart | None = None) -> str:
        return policy_from(settings, diversity, created).version

    plain = ExplorationSettings(name, new_chance=0.1, new_place=5)
    versions = {version(plain), version(plain, Apart()), version(replace(plain, new_chance=0.0))}
    assert len(versions) == 3
    for setting, value in CHANGES.items():
        changed = version(replace(plain, **{setting: value}))
        assert (changed in versions) == (setting in READ_BY_NONE[name])
        versions.add(changed)
    assert {f.name for f in fields(ExplorationSettings)} == {"policy", *CHANGES, *ELSEWHERE}


def test_greedy_without_new_items_has_no_price() -> None:
    assert isinstance(policy_from(ExplorationSettings(share=0.1)), Greedy)


def test_the_settings_of_the_diversity_step_change_the_version() -> None:
    features = ItemFeatures.bare(3)
    steps = [
        MaximalMarginalRelevance(features, 0.5, "text"),
        MaximalMarginalRelevance(features, 0.6, "text"),
        MaximalMarginalRelevance(features, 0.6, "both"),
    ]
    for make in (Greedy, lambda step: PlackettLuce(diversity=step)):
        assert len({make(step).version for step in steps}) == 3
    assert (
        Greedy(steps[0]).version == Greedy(MaximalMarginalRelevance(features, 0.5, "text")).version
    )


def test_settings_make_the_policy_they_name() -> None:
    assert isinstance(policy_from(ExplorationSettings()), Greedy)
    made = policy_from(ExplorationSettings("epsilon-greedy", 0.2, 30), Apart())
    assert isinstance(made, EpsilonGreedy)
    assert (made.epsilon, made.shortlist) == (0.2, 30)
    made.update([], [])
    drawn = policy_from(ExplorationSettings("plackett-luce", temperature=0.3))
    assert isinstance(drawn, PlackettLuce)
    assert drawn.temperature == 0.3
    priced = policy_from(ExplorationSettings("plackett-luce", share=0.1, shortlist=7), Apart())
    assert isinstance(priced, Priced)
    assert (priced.name, priced.shortlist, priced.price.share) == ("plackett-luce", 7, 0.1)
    assert priced.diversity is not None


def test_a_slate_that_a_policy_never_shows_has_no_propensity() -> None:
    found = candidates([[4, 3, 2, 1, -np.inf]] * 4)
    slates = np.array([[0, 1, -1], [3, 0, -1], [0, 0, -1], [4, 0, -1]], np.int32)
    policy = EpsilonGreedy(0.6, shortlist=3)
    claims = policy.propensities(QueryBatch.of([[]] * 4), found, slates)
    np.testing.assert_allclose(claims[0], [0.6, 0.7, 1.0])
    assert (claims[:, 2] == 1.0).all()
    np.testing.assert_array_equal(claims[1:, :2].prod(axis=1), 0.0)
    few = candidates([[2, 1, -np.inf]] * 2)
    beyond = np.array([[0, 1, 2], [0, 1, 0]], np.int32)
    claims = EpsilonGreedy(0.6).propensities(QueryBatch.of([[]] * 2), few, beyond)
    np.testing.assert_allclose(claims, [[0.7, 1.0, 0.0]] * 2)


@pytest.mark.parametrize(
    "bad",
    [
        {"policy": "random"},
        {"epsilon": 1.5},
        {"epsilon": float("nan")},
        {"shortlist": 0},
        {"temperature": 0.0},
        {"temperature": float("inf")},
        {"temperature": float("nan")},
        {"share": -0.1},
        {"first_place": 0},
        {"max_expected_loss": 1.1},
        {"new_chance": -0.1},
        {"new_place": 0},
        {"new_days": 0.0},
        {"new_chance": 0.1, "new_place": 2, "first_place": 3},
    ],
)
def test_bad_settings_say_what_to_change(bad: dict) -> None:
    with pytest.raises(BadSettings, match=r"exploration\.") as error:
        ExplorationSettings(**bad)
    assert error.value.hint
