"""One step down a gradient, and the refusal of a loss that is not a number."""

from __future__ import annotations

import torch
from torch import Tensor

from prismrec.core import TrainingDiverged

__all__ = ["backward", "gradient_step"]


def backward(loss: Tensor, of: str) -> None:
    """Add the gradients of `loss`, a scalar, to those of the parameters; `of` says what learns.

    Raises `TrainingDiverged` where the loss is not finite.
    """
    if not torch.isfinite(loss):
        raise TrainingDiverged(
            f"The loss of {of} is not a finite number.",
            hint="Lower its learning rate; that of the transformers is models.learning_rate.",
        )
    torch.autograd.backward(loss)


def gradient_step(optimiser: torch.optim.Optimizer, most_norm: float = 1.0) -> None:
    """One step of `optimiser` along the gradients, all together of norm `most_norm` at most, which
    are then forgotten."""
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, most_norm)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
