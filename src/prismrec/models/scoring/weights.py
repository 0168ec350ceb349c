"""The weights of a module as the arrays of a `State`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

__all__ = ["weights_of", "with_weights"]

M = TypeVar("M", bound=nn.Module)


def weights_of(module: nn.Module, prefix: str = "") -> dict[str, np.ndarray]:
    """Every weight by its name in the module, after `prefix`."""
    return {f"{prefix}{name}": tensor.numpy() for name, tensor in module.state_dict().items()}


def with_weights(module: M, arrays: Mapping[str, Any], prefix: str = "") -> M:
    """`module`, in evaluation mode, with copies of those of `arrays` whose names begin with
    `prefix`."""
    module.load_state_dict(
        {
            name.removeprefix(prefix): torch.from_numpy(np.array(array))
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
    )
    return module.eval()
