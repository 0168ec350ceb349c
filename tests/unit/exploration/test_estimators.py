"""Estimators on worlds small enough to enumerate every log, where the right answer is exact."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from prismrec.exploration.estimators import (
    Terms,
    direct_method,
    doubly_robust,
    importance_weights,
    ips,
    optimistic_shrinkage,
    self_normalised_doubly_robust,
    self_normalised_ips,
    switch_doubly_robust,
    under_model,
)
from prismrec.exploration.reward_models import (
    cell_means,
    cross_fit,
    folds_of,
    log_ratio,
    robust_weights,
)
from prismrec.exploration.slate_estimators import (
    cascade_doubly_robust,
    independent_ips,
    pseudo_inverse,
    reward_interaction_ips,
    self_normalised_reward_interaction_ips,
    slate_ips,
)
from prismrec.exploration.tuning import clipping_grid, least_squared_error, slope

CHANCE = np.array([0.3, 0.7])  # of two contexts
LOGGED = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
TARGET = np.array([[0.1, 0.1, 0.8], [0.7, 0.2, 0.1]])
CLICK = np.array([[0.9, 0.2, 0.4], [0.3, 0.8, 0.5]])
WRONG = np.array([[0.1, 0.9, 0.6], [0.5, 0.0, 2.0]])  # a reward model that is far off
VALUE = float(CHANCE @ (TARGET * CLICK).sum(axis=1))


def rounds() -> Iterator[tuple[float, int, int, float]]:
    """Every outcome of one logged round with its probability: context, action, reward."""
    for x, a, r in itertools.product(range(2), range(3), (0, 1)):
        yield CHANCE[x] * LOGGED[x, a] * (CLICK[x, a] if r else 1 - CLICK[x, a]), x, a, float(r)


def expectation(made: Callable[..., Terms], model: np.ndarray = WRONG) -> float:
    """The exact mean of an estimator over all logs of two rounds."""
    total = 0.0
    for log in itertools.product(rounds(), repeat=2):
        x, a = np.array([row[1] for row in log]), np.array([row[2] for row in log])
        r, w = np.array([row[3] for row in log]), importance_weights(TARGET[x, a], LOGGED[x, a])
        expected, predicted = under_model(model[x], TARGET[x], a)
        total += np.prod([row[0] for row in log]) * made(r, w, expected, predicted).value
    return total


def test_ips_is_unbiased() -> None:
    assert expectation(lambda r, w, *_: ips(r, w)) == pytest.approx(VALUE, abs=1e-12)


def test_doubly_robust_is_unbiased_under_a_wrong_model() -> None:
    assert expectation(doubly_robust) == pytest.approx(VALUE, abs=1e-12)


def test_doubly_robust_with_the_right_model_forgives_wrong_propensities() -> None:
    def with_wrong_weights(r, w, expected, predicted):
        return doubly_robust(r, w**1.7 + 0.4, expected, predicted)

    assert expectation(with_wrong_weights, CLICK) == pytest.approx(VALUE, abs=1e-12)
    assert abs(expectation(with_wrong_weights, WRONG) - VALUE) > 0.05


def test_the_direct_method_is_its_model() -> None:
    def dm(r, w, expected, predicted):
        return direct_method(expected)

    assert expectation(dm, CLICK) == pytest.approx(VALUE, abs=1e-12)
    wrong = float(CHANCE @ (TARGET * WRONG).sum(axis=1))
    assert expectation(dm, WRONG) == pytest.approx(wrong, abs=1e-12)


def test_switch_and_shrinkage_have_the_bias_that_their_formulas_say() -> None:
    weights, error = TARGET / LOGGED, CLICK - WRONG
    kept = np.where(weights <= 2.0, 1.0, 0.0)
    by_hand = CHANCE @ (TARGET * (WRONG + kept * error)).sum(axis=1)
    assert expectation(lambda *given: switch_doubly_robust(*given, threshold=2.0)) == pytest.approx(
        by_hand, abs=1e-12
    )
    shrunk = 3.0 / (weights**2 + 3.0)
    by_hand = CHANCE @ (TARGET * (WRONG + shrunk * error)).sum(axis=1)
    assert expectation(lambda *given: optimistic_shrinkage(*given, strength=3.0)) == pytest.approx(
        by_hand, abs=1e-12
    )


@pytest.fixture
def log() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    x = rng.choice(2, 4000, p=CHANCE)
    a = np.array([rng.choice(3, p=LOGGED[i]) for i in x])
    r = (rng.random(4000) < CLICK[x, a]).astype(float)
    expected, predicted = under_model(WRONG[x], TARGET[x], a)
    return r, importance_weights(TARGET[x, a], LOGGED[x, a]), expected, predicted


def test_special_cases_agree(log: tuple[np.ndarray, ...]) -> None:
    r, w, expected, predicted = log
    zero = np.zeros_like(r)
    assert doubly_robust(r, w, zero, zero).value == pytest.approx(ips(r, w).value)
    assert self_normalised_doubly_robust(r, w, zero, zero).value == pytest.approx(
        self_normalised_ips(r, w).value
    )
    dr, dm = doubly_robust(*log).value, direct_method(expected).value
    assert abs(dr - dm) > 0.01
    assert switch_doubly_robust(*log, threshold=np.inf).value == pytest.approx(dr)
    assert switch_doubly_robust(*log, threshold=0.0).value == pytest.approx(dm)
    assert optimistic_shrinkage(*log, strength=np.inf).value == pytest.approx(dr)
    assert optimistic_shrinkage(*log, strength=1e12).value == pytest.approx(dr, abs=1e-6)
    assert optimistic_shrinkage(*log, strength=0.0).value == pytest.approx(dm)
    column = [part[:, None] for part in log]
    assert cascade_doubly_robust(*column).value == pytest.approx(dr)
    assert predicted is log[3]


def test_on_policy_every_estimator_is_the_mean_or_unmoved_by_shifts(
    log: tuple[np.ndarray, ...],
) -> None:
    r, w, *_ = log
    one = np.ones_like(r)
    assert ips(r, one).value == pytest.approx(r.mean())
    assert self_normalised_ips(r, one).value == pytest.approx(r.mean())
    moved = self_normalised_ips(r + 100.0, w).value - 100.0
    assert moved == pytest.approx(self_normalised_ips(r, w).value)


def test_consistent_estimates_are_close_to_the_truth(log: tuple[np.ndarray, ...]) -> None:
    r, w, *_ = log
    for each in (ips(r, w), self_normalised_ips(r, w), self_normalised_doubly_robust(*log)):
        assert abs(each.value - VALUE) < 4 * each.standard_error
        assert 0.0 < each.standard_error < 0.1


def test_values_of_counts_are_those_of_the_repeated_rounds(log: tuple[np.ndarray, ...]) -> None:
    counts = np.random.default_rng(0).integers(0, 3, 4000)
    repeated = [np.repeat(part, counts) for part in log]
    assert self_normalised_doubly_robust(*log).values(counts[None].astype(float))[
        0
    ] == pytest.approx(self_normalised_doubly_robust(*repeated).value)


def test_standard_errors_of_counts_are_those_of_the_repeated_rounds(
    log: tuple[np.ndarray, ...],
) -> None:
    counts = np.random.default_rng(0).integers(0, 3, (2, 4000))
    for made in (doubly_robust, self_normalised_doubly_robust):
        found = made(*log).standard_errors(counts.astype(float))
        for row, error in zip(counts, found, strict=True):
            repeated = made(*(np.repeat(part, row) for part in log))
            assert error == pytest.approx(repeated.standard_error, rel=1e-3)


# -- slates: two places, three items, without replacement -----------------------------------------

SLATES = list(itertools.permutations(range(3), 2))
FIRST = np.array([0.5, 0.3, 0.2])
WANTED = np.array([0.1, 0.2, 0.7])


def given_before(chance: np.ndarray, slate: tuple[int, int]) -> np.ndarray:
    """P(first), P(second | first) of drawing without replacement."""
    return np.array([chance[slate[0]], chance[slate[1]] / (1.0 - chance[slate[0]])])


def slate_expectation(
    made: Callable[[np.ndarray, np.ndarray], Terms],
    reward: Callable[[tuple[int, int]], np.ndarray],
    weight: Callable[[tuple[int, int]], np.ndarray],
) -> float:
    """Exact mean over logs of one slate; terms are linear in rewards, so their means will do."""
    return sum(
        float(np.prod(given_before(FIRST, s))) * made(reward(s)[None], weight(s)[None]).value
        for s in SLATES
    )


def worth(reward: Callable[[tuple[int, int]], np.ndarray]) -> float:
    return sum(float(np.prod(given_before(WANTED, s)) * reward(s).sum()) for s in SLATES)


def conditional(s: tuple[int, int]) -> np.ndarray:
    return given_before(WANTED, s) / given_before(FIRST, s)


def marginal(s: tuple[int, int]) -> np.ndarray:
    def second(chance: np.ndarray) -> float:
        others = [i for i in range(3) if i != s[1]]
        return sum(chance[i] * chance[s[1]] / (1.0 - chance[i]) for i in others)

    return np.array([WANTED[s[0]] / FIRST[s[0]], second(WANTED) / second(FIRST)])


def alone(s: tuple[int, int]) -> np.ndarray:
    return np.array([0.1 + 0.3 * s[0], 0.5 - 0.2 * s[1]])


def cascade(s: tuple[int, int]) -> np.ndarray:
    return np.array([0.1 + 0.3 * s[0], 0.5 - 0.2 * s[1] + 0.3 * s[0] * s[1]])


def tangled(s: tuple[int, int]) -> np.ndarray:
    return np.array([0.1 + 0.3 * s[0] + 0.4 * s[1] * s[0], 0.5 - 0.2 * s[1] + 0.1 * s[0]])


def test_each_slate_estimator_is_unbiased_where_it_says_so_and_only_there() -> None:
    for reward in (alone, cascade, tangled):
        exact = slate_expectation(slate_ips, reward, conditional)
        assert exact == pytest.approx(worth(reward), abs=1e-12)
    for reward in (alone, cascade):
        exact = slate_expectation(reward_interaction_ips, reward, conditional)
        assert exact == pytest.approx(worth(reward), abs=1e-12)
    exact = slate_expectation(independent_ips, alone, marginal)
    assert exact == pytest.approx(worth(alone), abs=1e-12)
    assert abs(slate_expectation(independent_ips, cascade, marginal) - worth(cascade)) > 1e-3
    off = slate_expectation(reward_interaction_ips, tangled, conditional)
    assert abs(off - worth(tangled)) > 1e-3


def test_cascade_doubly_robust_is_unbiased_whatever_its_model() -> None:
    def model(s: tuple[int, int]) -> np.ndarray:
        return np.array([1.0 - s[0], 2.0 * s[1] - s[0]])

    def mean_model(s: tuple[int, int]) -> np.ndarray:
        rest = [i for i in range(3) if i != s[0]]
        second = [WANTED[i] / (1 - WANTED[s[0]]) * (2.0 * i - s[0]) for i in rest]
        return np.array([sum(WANTED[i] * (1.0 - i) for i in range(3)), sum(second)])

    total = sum(
        float(np.prod(given_before(FIRST, s)))
        * cascade_doubly_robust(
            cascade(s)[None], conditional(s)[None], mean_model(s)[None], model(s)[None]
        ).value
        for s in SLATES
    )
    assert total == pytest.approx(worth(cascade), abs=1e-12)


def test_pseudo_inverse_is_unbiased_for_sums_over_independent_places() -> None:
    logged, target = np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([[0.9, 0.1], [0.6, 0.4]])
    part = np.array([[0.2, 0.7], [0.1, 0.9]])
    total = value = 0.0
    for a, b in itertools.product(range(2), repeat=2):
        rewards = np.array([[part[0, a] + part[1, b], 0.0]])  # credit is not known place by place
        weights = np.array([[target[0, a] / logged[0, a], target[1, b] / logged[1, b]]])
        total += logged[0, a] * logged[1, b] * pseudo_inverse(rewards, weights).value
        value += target[0, a] * target[1, b] * rewards.sum()
    assert total == pytest.approx(value, abs=1e-12)


def test_self_normalised_rips_takes_out_a_constant_place_by_place() -> None:
    weights = np.array([[2.0, 0.5], [0.5, 3.0], [0.1, 1.0]])
    same = np.array([[0.7, 0.2]] * 3)
    assert self_normalised_reward_interaction_ips(same, weights).value == pytest.approx(0.9)


# -- the reward model and tuning ---------------------------------------------------------------


def test_cross_fitting_never_sees_the_round_it_predicts() -> None:
    rng = np.random.default_rng(1)
    strata, actions = rng.integers(0, 2, 60), rng.integers(0, 3, 60)
    rewards, folds = rng.random(60), folds_of(60, 5, rng)
    before = cross_fit(rewards, (strata, actions), (2, 3), folds)
    changed = np.where(folds == 2, 1000.0, rewards)
    after = cross_fit(changed, (strata, actions), (2, 3), folds)
    np.testing.assert_array_equal(before.means[2], after.means[2])
    assert not np.allclose(before.means[0], after.means[0])
    assert set(np.bincount(folds)) == {12}


def test_the_model_finds_cells_that_differ_and_shrinks_cells_that_do_not() -> None:
    rng = np.random.default_rng(2)
    strata, actions = rng.integers(0, 2, 20_000), rng.integers(0, 3, 20_000)
    folds = folds_of(20_000, 5, rng)
    clicks = (rng.random(20_000) < CLICK[strata, actions]).astype(float)
    found = cross_fit(clicks, (strata, actions), (2, 3), folds).means
    assert np.abs(found - CLICK).max() < 0.05
    noise = (rng.random(20_000) < 0.3).astype(float)
    flat = cross_fit(noise, (strata, actions), (2, 3), folds).means
    raw = [noise[(strata == s) & (actions == a)].mean() for s in range(2) for a in range(3)]
    assert np.ptp(flat[0]) < np.ptp(raw) / 2


def test_a_covariate_speaks_for_cells_that_were_hardly_seen() -> None:
    rng, rounds = np.random.default_rng(4), 30_000
    logged = np.r_[np.full(5, 0.19), np.full(10, 0.005)]
    click = np.r_[np.full(5, 0.1), np.full(10, 0.02)]
    actions = rng.choice(15, rounds, p=logged)
    clicks = (rng.random(rounds) < click[actions]).astype(float)
    counts = np.bincount(actions, minlength=15).astype(float)[None]
    sums = np.bincount(actions, clicks, 15)[None]
    lean = log_ratio(np.full((1, 15), 1 / 15), counts, counts * np.log(logged))
    np.testing.assert_allclose(lean[0], np.log(1 / 15) - np.log(logged))
    plain, leaning = (cell_means(counts, sums, sums, with_) for with_ in (None, lean))
    worth = click.mean()
    assert abs(leaning.mean() - worth) < abs(plain.mean() - worth) / 2
    silent = cell_means(counts, sums, sums, rng.normal(size=(1, 15)) * 0.0)
    np.testing.assert_allclose(silent, plain)


def test_mrdr_weights_are_its_formula() -> None:
    found = robust_weights(np.array([0.5]), np.array([0.2]))
    assert found[0] == pytest.approx(0.5 * 0.8 / 0.04)


def test_slope_stops_where_bias_shows() -> None:
    def around(mean: float, spread: float) -> Terms:
        return ips(mean + spread * np.array([-1.0, 1.0] * 50), np.ones(100))

    assert slope([around(0, 3.0), around(0.1, 1.0), around(0.1, 0.1)]) == 2
    assert slope([around(0, 3.0), around(0.1, 1.0), around(9.0, 0.1)]) == 1
    assert slope([around(0, 3.0)]) == 0


def test_tuned_shrinkage_trusts_a_right_model_and_leaves_a_wrong_one() -> None:
    rng = np.random.default_rng(5)
    weights = rng.choice([0.1, 9.1], 4000, p=[0.9, 0.1])
    rewards = (rng.random(4000) < 0.5).astype(float)
    right, wrong = np.full(4000, 0.5), np.full(4000, 3.0)
    grid = [point**2 for point in clipping_grid(weights)]

    def picked(model: np.ndarray) -> float:
        given = (rewards, weights, model, model)
        return least_squared_error(
            doubly_robust(*given), grid, lambda s: optimistic_shrinkage(*given, strength=s)
        )

    assert picked(right) == min(grid)
    assert picked(wrong) == np.inf
