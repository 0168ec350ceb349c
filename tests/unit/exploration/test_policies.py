"""What each policy chooses, and what it does at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import BadSettings, Candidates, QueryBatch, generator
from prismrec.exploration import EpsilonGreedy, ExplorationSettings, Greedy, policy_from


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
    for policy in (Greedy(), Greedy(Apart()), EpsilonGreedy(1.0), EpsilonGreedy(0.3, 1, Apart())):
        choice = policy.choose(QueryBatch.of([[], []]), found, 5, generator(1))
        assert sorted(choice.columns[0]) == [-1, -1, -1, 0, 1]
        assert choice.columns[1].tolist() == [-1] * 5
        assert (choice.propensities[choice.columns < 0] == 1.0).all()
        assert choice.exact


def test_no_candidates_at_all() -> None:
    empty = Candidates(np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32))
    for policy in (Greedy(), Greedy(Apart()), EpsilonGreedy(0.5)):
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
    policy = EpsilonGreedy(0.5, diversity=Apart())
    for seed in range(20):
        assert chosen(policy, found, 8, seed) == chosen(policy, found, 8, seed)
        assert chosen(policy, found, 8, seed)[0][:3] == chosen(policy, found, 3, seed)[0]
    assert chosen(policy, found, 8, 1) != chosen(policy, found, 8, 2)


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


def test_versions_tell_distributions_apart() -> None:
    policies = [
        Greedy(),
        Greedy(Apart()),
        EpsilonGreedy(0.1),
        EpsilonGreedy(0.2),
        EpsilonGreedy(0.1, 20),
        EpsilonGreedy(0.1, diversity=Apart()),
    ]
    assert len({(policy.name, policy.version) for policy in policies}) == len(policies)


def test_settings_make_the_policy_they_name() -> None:
    assert isinstance(policy_from(ExplorationSettings()), Greedy)
    made = policy_from(ExplorationSettings("epsilon-greedy", 0.2, 30), Apart())
    assert isinstance(made, EpsilonGreedy)
    assert (made.epsilon, made.shortlist) == (0.2, 30)
    made.update([], [])


@pytest.mark.parametrize(
    "bad", [("random",), ("greedy", 1.5), ("greedy", float("nan")), ("greedy", 0.1, 0)]
)
def test_bad_settings_say_what_to_change(bad: tuple) -> None:
    with pytest.raises(BadSettings, match=r"exploration\.") as error:
        ExplorationSettings(*bad)
    assert error.value.hint
