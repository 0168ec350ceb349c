"""What the networks of this room are built from."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Pooling"]


class Pooling(nn.Module):
    """The mean of a history's vectors, weighted by a softmax over the ages of its events.

    The weight of an age is learned, and starts at half for every four events.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self.ages = nn.Parameter(torch.arange(1.0 - length, 1.0) * 0.17)

    def forward(self, vectors: Tensor, places: Tensor, real: Tensor) -> Tensor:
        """(b, d) from `vectors` (u, d), of which row `places[i, j]` (b, l) belongs to an event
        where `real` (b, l); zeros for an empty history."""
        logits = self.ages.expand(real.shape).masked_fill(~real, -1e9)
        weights = logits.softmax(-1)  # (b, l)
        lengths = real.sum(1)
        offsets = lengths.cumsum(0) - lengths
        pooled: Tensor = functional.embedding_bag(
            places[real], vectors, offsets, mode="sum", per_sample_weights=weights[real]
        )
        return pooled
