"""The random numbers of networks, from generators that are passed: nothing else in the process
changes what is drawn, and torch's own generator is left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["Dropout", "fresh", "seeded", "sow"]

M = TypeVar("M", bound=nn.Module)


def fresh(make: Callable[[], M], rng: np.random.Generator) -> M:
    """The module of `make`, with small normal weights and zero biases in place of torch's.

    They come from a generator of their own, so that another model made in another thread changes
    nothing.
    """
    with torch.random.fork_rng(devices=[]):
        model = make()
    own = torch.Generator().manual_seed(int(rng.integers(2**62)))
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding | nn.EmbeddingBag):
            nn.init.normal_(module.weight, std=0.02, generator=own)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return model


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Inside, torch draws (dropout, new weights) from a seed of `rng`; afterwards its own generator
    stands where it stood. For modules that draw in no other way, such as those of transformers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        yield


class Dropout(nn.Module):
    """Zeroes each number with probability `rate`, rounded to a 256th, and scales up the others.

    The bits come from a generator of its own, four times as fast as a float for every number.
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    Outside of training it does nothing; for training, `sow` gives it its generator.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.kept = 256 - round(256 * rate)
        self.noise: np.random.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.kept == 256:
            return x
        assert self.noise is not None, "sow(model, rng) comes before training"
        words = self.noise.integers(0, 2**64, size=-(-x.numel() // 8), dtype=np.uint64)
        bits = torch.from_numpy(words.view(np.uint8)[: x.numel()]).view(x.shape)
        return x * (bits < self.kept).to(x.dtype).mul_(256 / max(self.kept, 1))


def sow(model: nn.Module, rng: np.random.Generator) -> None:
    """Give every `Dropout` in `model` one generator, seeded from `rng`."""
    noise = np.random.Generator(np.random.SFC64(int(rng.integers(2**63))))
    for module in model.modules():
        if isinstance(module, Dropout):
            module.noise = noise
