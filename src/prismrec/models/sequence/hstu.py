"""The layer of the hierarchical sequential transduction unit: attention without a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.descent.randomness import Dropout

if TYPE_CHECKING:
    from prismrec.models.sequence.model import Shape

__all__ = ["HSTUBlock"]


class HSTUBlock(nn.Module):
    """`x + f(norm(A V) * U)` with `U, V, Q, K = SiLU(g(norm(x)))` and
    `A = SiLU(Q K^T + bias) / (events so far)`, the bias learned for each distance.

    Each event weighs what it weighs whatever the others do, so that how often something happened is
    not normalised away, as a softmax would. There is no feed-forward layer.
    Source: Zhai et al. 2024, "Actions speak louder than words: trillion-parameter sequential
    transducers for generative recommendations".
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.dimension
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.uvqk, self.out = nn.Linear(d, 4 * d), nn.Linear(d, d)
        self.distances = nn.Parameter(torch.zeros(shape.heads, shape.states))
        self.drop = Dropout(shape.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(b, l, d) to (b, l, d), each event from itself and those before it."""
        rows, length, d = x.shape
        mixed = functional.silu(self.uvqk(self.before(x)))
        u, v, q, k = mixed.view(rows, length, 4, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        place = torch.arange(length)
        distance = place[:, None] - place  # (l, l), negative for what comes later
        logits = q @ k.transpose(2, 3) + self.distances[:, distance.clamp(min=0)]  # (b, h, l, l)
        seen = (distance >= 0) / (place + 1.0)[:, None]
        read = (functional.silu(logits) * seen) @ v  # (b, h, l, d / h)
        joined, gate = (t.transpose(1, 2).reshape(rows, length, d) for t in (read, u))
        out: Tensor = x + self.out(self.drop(self.between(joined) * gate))
        return out
