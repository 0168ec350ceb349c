"""The sampled softmax, as free functions of torch tensors; a scalar, the mean over the examples."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["corrected_softmax", "same_items", "sampled_softmax"]


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


def same_items(right: Tensor, wrong: Tensor) -> tuple[Tensor, Tensor]:
    """The collisions of the right items (N,) with the sampled ones (k,): the rows and the columns
    where both are the same item."""
    ordered, order = wrong.sort(stable=True)
    first = torch.searchsorted(ordered, right)
    counts = torch.searchsorted(ordered, right, right=True) - first
    rows = torch.arange(len(right)).repeat_interleave(counts)
    nth = torch.arange(len(rows)) - (counts.cumsum(0) - counts)[rows]
    return rows, order[first[rows] + nth]
