"""The loop that trains a module on examples: counted work, early stopping, best weights kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import Cases, Interactions, Scorer, TrainingDiverged
from prismrec.core.arrays import Longs
from prismrec.data import wants_repeats
from prismrec.models.losses import sampled_softmax
from prismrec.models.sequence.noise import sow
from prismrec.models.sequence.training import without_denormals
from prismrec.models.validation import ndcg_of, sampled

__all__ = ["Plan", "corrected_softmax", "seeded", "train", "validator"]

ROUND = 400_000
"""Examples between two validations, at most."""
MOST_ROUNDS = 60
VALIDATION_CASES = 3000
DECAY = 0.9
"""Share of the learning rate that is gone at the end of the plan; it falls in a line."""


@dataclass(frozen=True)
class Plan:
    """How much to train, never by the clock: rounds of one pass or `ROUND` examples, until `work`
    million examples are seen, or `patience` rounds bring no better validation."""

    work: float
    patience: int
    batch: int
    learning_rate: float

    def rounds(self, examples: int) -> tuple[int, int]:
        """How many rounds, and of how many examples each."""
        size = min(examples, ROUND)
        return max(1, min(MOST_ROUNDS, round(self.work * 1e6 / max(size, 1)))), size


def train(
    model: nn.Module,
    examples: int,
    loss_of: Callable[[Longs], Tensor],
    plan: Plan,
    rng: np.random.Generator,
    validate: Callable[[], float] | None = None,
) -> None:
    """Train `model` in place by `loss_of(indices of examples)`; leave it with its best weights.

    Raises `TrainingDiverged` where a loss is not finite.
    """
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=plan.learning_rate, weight_decay=0.0, betas=(0.9, 0.98), fused=True
    )
    rounds, size = plan.rounds(examples)
    best: dict[str, Tensor] | None = None
    best_figure, since = -np.inf, 0
    sow(model, rng)
    with without_denormals():
        for done in range(rounds if examples else 0):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * (1 - DECAY * done / rounds)
            model.train()
            chosen = rng.permutation(examples)[:size]
            for start in range(0, size, plan.batch):
                _step(model, loss_of(chosen[start : start + plan.batch]), optimiser)
            model.eval()
            if validate is None:
                continue
            figure, since = validate(), since + 1
            if figure > best_figure:
                best_figure, since = figure, 0
                best = {k: v.detach().clone() for k, v in model.state_dict().items()}
            if since >= plan.patience:
                break
    if best is not None:
        model.load_state_dict(best)
    model.eval()


def _step(model: nn.Module, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    if not torch.isfinite(loss):
        raise TrainingDiverged(
            f"The loss of {type(model).__name__} is not a finite number.",
            hint="Lower its learning_rate.",
        )
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()


def corrected_softmax(
    right: Tensor, wrong: Tensor, log_expected: Tensor, same: tuple[Tensor, Tensor]
) -> Tensor:
    """The softmax over the catalogue from logits of the right items (b,) and of k sampled ones
    (b, k), each less the log of how often it was expected in the sample (k,).

    `same` are the rows and columns where a sampled item is the right one. See `sampled_softmax`.
    """
    return sampled_softmax(right, wrong - log_expected, 0.0, same)


def validator(
    made: Callable[[], Scorer],
    train: Interactions,
    cases: Cases | None,
    rng: np.random.Generator,
) -> Callable[[], float] | None:
    """The mean nDCG@10 of the scorer that `made` gives at the time, on some of `cases`."""
    if cases is None or not len(cases):
        return None
    some, repeats = sampled(cases, VALIDATION_CASES, rng), wants_repeats(train)
    return lambda: float(ndcg_of(made(), some, repeats).mean())


def seeded(make: Callable[[], nn.Module], rng: np.random.Generator) -> nn.Module:
    """The module of `make` with small normal weights, drawn from a generator of its own."""
    from prismrec.models.sequence.model import initialise

    with torch.random.fork_rng(devices=[]):
        model = make()
    own = torch.Generator().manual_seed(int(rng.integers(2**62)))
    model.apply(lambda module: initialise(module, own))
    return model
