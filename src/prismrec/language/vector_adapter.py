"""A linear adapter on frozen vectors: what text alone says, turned towards what people do.

The texts are encoded once; only a (d, d) matrix is learned, in seconds, and vectors of items that
come later go through the same matrix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from prismrec.core import BadInput, BadSettings
from prismrec.core.arrays import Longs, Vectors
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.adaptation import info_nce
from prismrec.language.trainable import warm_up_then_linear

__all__ = ["VectorAdaptation", "adapt_vectors"]


@dataclass(frozen=True)
class VectorAdaptation:
    """How a matrix is learned: `passes` over the pairs in batches of `batch`, cosines divided by
    `temperature`, a share `dropout` of the numbers of a vector zeroed at each reading."""

    passes: int = 3
    batch: int = 512
    temperature: float = 0.1
    dropout: float = 0.2
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("passes", "temperature", "learning_rate"):
            if getattr(self, name) <= 0:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Set it above zero.")
        if self.batch < 2 or not 0 <= self.dropout < 1:
            raise BadSettings(
                f"A batch of {self.batch} pairs with dropout {self.dropout} teaches nothing.",
                hint="Take at least 2 pairs a batch, and dropout in [0, 1).",
            )


def adapt_vectors(
    vectors: Vectors,
    pairs: Longs,
    rng: np.random.Generator,
    settings: VectorAdaptation | None = None,
) -> Vectors:
    """The matrix (d, d) float32 by which rows of `vectors` that belong together come closer.

    `vectors` (n, d) are best whitened; `pairs` (p, 2) are rows that belong together. It starts from
    the identity and minimises `info_nce` of `unit(v @ matrix)`, texts of other pairs of the batch
    as negatives. Raises `BadInput` for fewer than two pairs, `TrainingDiverged` where the loss is
    no number.
    """
    chosen = settings or VectorAdaptation()
    if len(pairs) < 2:
        raise BadInput(
            f"{len(pairs)} pairs are too few to adapt vectors.",
            hint="Give it pairs of texts that belong together; a thousand is a beginning.",
        )
    matrix = torch.eye(vectors.shape[1], requires_grad=True)
    optimiser = torch.optim.AdamW([matrix], lr=chosen.learning_rate, weight_decay=0.0)
    rows = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
    size = min(chosen.batch, len(pairs))
    a_pass = len(pairs) // size
    with seeded(rng), torch.enable_grad():
        for done in range(chosen.passes):
            order = rng.permutation(len(pairs))
            for step in range(a_pass):
                taken = pairs[order[step * size : (step + 1) * size]]
                share = warm_up_then_linear(done * a_pass + step, chosen.passes * a_pass, 0.0)
                optimiser.param_groups[0]["lr"] = chosen.learning_rate * share
                _step(matrix, rows, torch.from_numpy(taken), optimiser, chosen)
    return matrix.detach().numpy()


def _step(
    matrix: Tensor,
    rows: Tensor,
    taken: Tensor,
    optimiser: torch.optim.Optimizer,
    settings: VectorAdaptation,
) -> None:
    left, right = taken[:, 0], taken[:, 1]

    def read(places: Tensor) -> Tensor:
        """(n, d) of length one."""
        return functional.normalize(
            functional.dropout(rows[places], settings.dropout) @ matrix, dim=1
        )

    same_left, same_right = left[:, None] == left[None, :], right[:, None] == right[None, :]
    together = same_left | same_right | (left[:, None] == right[None, :])
    loss = info_nce(read(left), read(right), settings.temperature, together)
    backward(loss, "the vector adapter")
    gradient_step(optimiser, most_norm=math.inf)
