"""Losses against values worked out by hand or by another route."""

from __future__ import annotations

import numpy as np
import torch

from prismrec.models.losses import (
    binary_cross_entropy,
    full_cross_entropy,
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


def test_sampled_softmax_with_every_item_is_full_cross_entropy() -> None:
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
