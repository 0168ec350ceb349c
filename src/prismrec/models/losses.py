"""Losses as free functions of torch tensors; each returns a scalar, a mean over its examples."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "binary_cross_entropy",
    "corrected_softmax",
    "full_cross_entropy",
    "info_nce",
    "same_items",
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
    log_expected: float,
    collisions: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """The softmax over the whole catalogue, estimated from k negatives shared by all examples.

    `positive` (N,) are the logits of the right items, `negative` (N, k) of the sampled ones, and
    `log_expected` the log of how often each item was expected in the sample, the same for all,
    which is taken off the negatives so that their sum estimates the sum over the catalogue.
    `collisions` are the rows and columns where a negative is the right item itself; they are left
    out, in place.
    Jean et al., "On using very large target vocabulary for neural machine translation", 2015;
    Yi et al., "Sampling-bias-corrected neural modeling", 2019.
    """
    if collisions is not None:
        negative = negative.index_put_(collisions, negative.new_tensor(float("-inf")))
    raised = positive + log_expected  # instead of taking it off every negative
    return (torch.logaddexp(raised, torch.logsumexp(negative, dim=1)) - raised).mean()


def corrected_softmax(
    positive: Tensor, negative: Tensor, log_expected: Tensor, collisions: tuple[Tensor, Tensor]
) -> Tensor:
    """`sampled_softmax` of negatives (N, k) that are drawn unevenly: each is taken down by the log
    of how often it was expected in the sample, `log_expected` (k,)."""
    return sampled_softmax(positive, negative - log_expected, 0.0, collisions)


def full_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """`-log softmax(logits)[target]` over the whole catalogue: (N, items) logits, (N,) targets."""
    return functional.cross_entropy(logits, targets)


def info_nce(one: Tensor, other: Tensor, temperature: float = 0.1) -> Tensor:
    """Which row of `other` (N, d) belongs to each of `one` (N, d), and the other way round, among
    all N: cross-entropy of the cosines divided by `temperature`, the mean of both.

    van den Oord et al. 2018, "Representation learning with contrastive predictive coding"; both
    ways Radford et al. 2021, "Learning transferable visual models from natural language
    supervision".
    """
    one, other = functional.normalize(one, dim=-1), functional.normalize(other, dim=-1)
    logits, right = one @ other.T / temperature, torch.arange(len(one))
    return (full_cross_entropy(logits, right) + full_cross_entropy(logits.T, right)) / 2


def same_items(right: Tensor, wrong: Tensor) -> tuple[Tensor, Tensor]:
    """The collisions of the right items (N,) with the sampled ones (k,): the rows and the columns
    where both are the same item."""
    ordered, order = wrong.sort(stable=True)
    first = torch.searchsorted(ordered, right)
    counts = torch.searchsorted(ordered, right, right=True) - first
    rows = torch.arange(len(right)).repeat_interleave(counts)
    nth = torch.arange(len(rows)) - (counts.cumsum(0) - counts)[rows]
    return rows, order[first[rows] + nth]
