"""Losses against values worked out by hand or by another route."""

from __future__ import annotations

import numpy as np
import torch

from prismrec.models.losses import (
    binary_cross_entropy,
    corrected_softmax,
    full_cross_entropy,
    info_nce,
    same_items,
    sampled_softmax,
    squared_error,
)


def test_squared_error_is_half_the_mean_square() -> None:
    loss = squared_error(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0]))
    assert float(loss) == 1.0


def test_binary_cross_entropy_of_even_odds() -> None:
    loss = binary_cross_entropy(torch.zeros(3), torch.zeros(3, 5))
    assert np.isclose(float(loss), 2 * np.log(2))


def test_binary_cross_entropy_falls_when_the_right_item_rises() -> None:
    low = binary_cross_entropy(torch.tensor([0.0]), torch.tensor([[0.0]]))
    high = binary_cross_entropy(torch.tensor([3.0]), torch.tensor([[-3.0]]))
    assert high < low


def test_sampled_softmax_with_every_item_is_cross_entropy() -> None:
    logits = torch.randn(7, 11, generator=torch.Generator().manual_seed(3))
    targets = torch.arange(7)
    positive = logits[torch.arange(7), targets]
    sampled = sampled_softmax(positive, logits.clone(), 0.0, (torch.arange(7), targets))
    assert torch.isclose(sampled, full_cross_entropy(logits, targets))


def test_sampling_correction_estimates_the_sum_over_the_catalogue() -> None:
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(size=(1, 400)))
    target = torch.tensor([0])
    exact = float(full_cross_entropy(logits, target))
    drawn = [rng.choice(np.arange(1, 400), 100, replace=False) for _ in range(300)]
    expected = float(np.log(100 / 399))
    estimates = [float(sampled_softmax(logits[:, 0], logits[:, list(d)], expected)) for d in drawn]
    assert abs(np.mean(estimates) - exact) < 0.01
    plain = [float(sampled_softmax(logits[:, 0], logits[:, list(d)], 0.0)) for d in drawn]
    assert abs(np.mean(plain) - exact) > 0.5


def test_losses_have_gradients() -> None:
    positive, negative = torch.zeros(2, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    sampled_softmax(positive, negative, 0.0).backward()
    assert positive.grad is not None
    assert (positive.grad < 0).all()
    assert negative.grad is not None
    assert (negative.grad > 0).all()


def test_correction_by_item_estimates_the_sum_over_the_catalogue() -> None:
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.normal(size=(1, 400)))
    shares = rng.random(400) + 0.1
    shares[0] = 0  # the right item is never drawn
    shares /= shares.sum()
    exact = float(full_cross_entropy(logits, torch.tensor([0])))
    estimates = []
    for _ in range(300):
        drawn = rng.choice(400, 100, p=shares)
        expected = torch.from_numpy(np.log(100 * shares[drawn]))
        none = same_items(torch.tensor([0]), torch.from_numpy(drawn))
        negative = logits[:, list(drawn)]
        estimates.append(float(corrected_softmax(logits[:, 0], negative, expected, none)))
    assert abs(np.mean(estimates) - exact) < 0.02


def test_same_items_are_found_however_often_they_were_drawn() -> None:
    rng = np.random.default_rng(2)
    for draws in (0, 1, 40):
        right, wrong = (torch.from_numpy(rng.integers(0, 12, n)) for n in (25, draws))
        found = torch.zeros(25, draws, dtype=torch.bool)
        found[same_items(right, wrong)] = True
        assert torch.equal(found, right[:, None] == wrong)


def test_info_nce_of_rows_that_have_nothing_in_common() -> None:
    rows = torch.eye(5)
    right, wrong = info_nce(3 * rows, rows, 0.5), info_nce(rows, rows.roll(1, 0), 0.5)
    assert np.isclose(float(right), np.log(1 + 4 * np.exp(-2)))
    assert np.isclose(float(wrong), np.log(4 + np.exp(2)))
