"""Losses as free functions of torch tensors; each returns a scalar, a mean over its examples."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "binary_cross_entropy",
    "full_cross_entropy",
    "sampled_softmax",
    "squared_error",
]


def squared_error(predicted: Tensor, observed: Tensor) -> Tensor:
    """`1/2N ||predicted - observed||^2` over N observed ratings, both (N,).

    Koren, Bell and Volinsky, "Matrix factorization techniques for recommender systems", 2009.
    """
    return 0.5 * (predicted - observed).square().mean()


def binary_cross_entropy(positive: Tensor, negative: Tensor) -> Tensor:
    """`-log s(positive) - mean_k log(1 - s(negative_k))` with the logistic function s.

    `positive` (N,) and `negative` (N, k) are logits. Kang and McAuley, "Self-attentive sequential
    recommendation", 2018, with one negative; the mean over k keeps the two terms in balance.
    """
    return functional.softplus(-positive).mean() + functional.softplus(negative).mean(dim=-1).mean()


def sampled_softmax(
    positive: Tensor,
    negative: Tensor,
    log_expected: Tensor,
    collisions: Tensor | None = None,
) -> Tensor:
    """The softmax over the whole catalogue, estimated from k negatives shared by all examples.

    `positive` (N,) are the logits of the right items, `negative` (N, k) of the sampled ones, and
    `log_expected` (k,) the log of how often each was expected in the sample, which is taken off
    its logit so that the sum over the sample estimates the sum over the catalogue. `collisions`
    (N, k) is true where a negative is the right item itself; it is left out.
    Jean et al., "On using very large target vocabulary for neural machine translation", 2015;
    Yi et al., "Sampling-bias-corrected neural modeling", 2019.
    """
    corrected = negative - log_expected
    if collisions is not None:
        corrected = corrected.masked_fill(collisions, float("-inf"))
    total = torch.logsumexp(torch.cat([positive[:, None], corrected], dim=1), dim=1)
    return (total - positive).mean()


def full_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """`-log softmax(logits)[target]` over the whole catalogue: (N, items) logits, (N,) targets."""
    return functional.cross_entropy(logits, targets)
