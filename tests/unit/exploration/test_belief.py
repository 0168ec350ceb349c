"""What is believed, against ridge regression written out with one column for every item's own."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.exploration.belief import NOISE_WEIGHT, Belief, BeliefSettings

D, ITEMS, N = 4, 5, 60
MEAN = np.array([0.1, 0.4, -0.2, 0.0])


def world(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, D))
    positions = rng.integers(0, ITEMS, N).astype(np.int32) * 3
    return x, positions, rng.normal(size=N)


def wide(x: np.ndarray, positions: np.ndarray, own: int) -> np.ndarray:
    """(n, D + ITEMS * own): what is shared, then each item's own."""
    out = np.zeros((len(x), D + ITEMS * own))
    out[:, :D] = x
    for row, position in enumerate(positions // 3):
        out[row, D + position * own : D + (position + 1) * own] = x[row, :own]
    return out


@pytest.mark.parametrize("own", [0, 1, 2])
@pytest.mark.parametrize("keep", [1.0, 0.97])
def test_it_is_the_regression_with_a_column_for_every_items_own(own: int, keep: float) -> None:
    settings = BeliefSettings(own=own, ridge=0.7, own_ridge=1.3, keep=keep)
    x, positions, rewards = world(own)
    belief = Belief(settings, MEAN)
    for row in range(N):
        one = slice(row, row + 1)
        belief.add(x[one], positions[one], rewards[one], np.ones(1))
        if row % 7 == 0:
            assert belief.posterior.count == row + 1
    weights = keep ** np.arange(N - 1, -1, -1.0)
    full = wide(x, positions, own)
    prior = np.diag([0.7] * D + [1.3] * (full.shape[1] - D))
    mean = np.concatenate([MEAN, np.zeros(full.shape[1] - D)])
    covariance = np.linalg.inv(prior + (full * weights[:, None]).T @ full)
    best = covariance @ (prior @ mean + full.T @ (weights * rewards))
    left = weights @ (rewards - full @ best) ** 2 + (best - mean) @ prior @ (best - mean)
    noise = np.sqrt((left + NOISE_WEIGHT * 0.25) / (weights.sum() + NOISE_WEIGHT))
    found, asked = belief.posterior, np.random.default_rng(9).normal(size=(2, 3, D))
    where = np.array([[0, 3, 12], [6, 6, 9]], np.int32)
    rows = wide(asked.reshape(-1, D), where.ravel(), own)
    np.testing.assert_allclose(found.means(asked, where).ravel(), rows @ best, atol=1e-9)
    widths = noise * np.sqrt(np.einsum("nd,de,ne->n", rows, covariance, rows))
    np.testing.assert_allclose(found.widths(asked, where).ravel(), widths, atol=1e-9)


def test_an_item_never_shown_has_only_what_all_share_and_is_less_certain() -> None:
    x, positions, rewards = world(1)
    belief = Belief(BeliefSettings(), MEAN)
    belief.add(x, positions, rewards, np.ones(N), N)
    one = np.ones((1, 3, D))
    where = np.array([[3, 4, 999]], np.int32)
    means, widths = belief.posterior.means(one, where)[0], belief.posterior.widths(one, where)[0]
    assert means[1] == means[2] == pytest.approx(float(belief.posterior.theta.sum()))
    assert widths[0] < widths[1] == widths[2]


def test_a_reward_that_comes_late_is_as_one_that_came_at_once() -> None:
    x, positions, rewards = world(2)
    at_once, late = Belief(BeliefSettings(), MEAN), Belief(BeliefSettings(), MEAN)
    at_once.add(x, positions, rewards, np.ones(N), N)
    late.add(x, positions, np.zeros(N), np.ones(N), N)
    assert late.posterior.theta @ x[0] != pytest.approx(at_once.posterior.theta @ x[0])
    order = np.random.default_rng(0).permutation(N)
    for one in np.array_split(order, 9):
        late.correct(x[one], positions[one], np.zeros(len(one)), rewards[one], np.ones(len(one)))
    np.testing.assert_allclose(late.posterior.theta, at_once.posterior.theta, atol=1e-10)
    np.testing.assert_allclose(late.posterior.own, at_once.posterior.own, atol=1e-10)
    assert late.posterior.noise == pytest.approx(at_once.posterior.noise)


def test_a_posterior_that_was_handed_out_never_changes() -> None:
    x, positions, rewards = world(3)
    belief = Belief(BeliefSettings(), MEAN)
    belief.add(x[:30], positions[:30], rewards[:30], np.ones(30), 30)
    before = belief.posterior
    said = before.means(x[None], positions[None]), before.widths(x[None], positions[None])
    belief.add(x[30:], positions[30:] + 7, rewards[30:], np.ones(30), 30)
    assert belief.posterior is not before
    np.testing.assert_array_equal(before.means(x[None], positions[None]), said[0])
    np.testing.assert_array_equal(before.widths(x[None], positions[None]), said[1])


def test_draws_have_the_moments_of_the_posterior() -> None:
    x, positions, rewards = world(4)
    belief = Belief(BeliefSettings(own=2), MEAN)
    belief.add(x, positions, rewards, np.ones(N), N)
    asked, where = x[None, :4], positions[None, :4]
    rng, s = np.random.default_rng(0), 40_000
    drawn = belief.posterior.drawn(
        asked, where, rng.standard_normal((s, D)), rng.standard_normal((s, 64))
    )
    widths = belief.posterior.widths(asked, where)[0]
    means = belief.posterior.means(asked, where)[0]
    np.testing.assert_allclose(drawn[0].mean(axis=1), means, atol=5 * widths.max() / s**0.5)
    np.testing.assert_allclose(drawn[0].std(axis=1), widths, rtol=0.03)
