"""The loop by which networks are trained: counted work, early stopping, the best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.descent.clock import out_of_time
from prismrec.descent.randomness import sow
from prismrec.descent.step import backward, gradient_step

__all__ = ["Plan", "Round", "descend"]

ROUND = 400_000
"""Examples between two validations, at most."""
DECAY = 0.9
"""Share of the learning rate that is gone at the end of the plan; it falls in a line."""

B = TypeVar("B", bound=Sized)


@dataclass(frozen=True)
class Plan:
    """How much to train: `rounds` of `size` examples, a validation after each one, stopping after
    `patience` rounds without a better figure. Counted work, never the clock."""

    rounds: int
    size: int
    patience: int
    learning_rate: float
    weight_decay: float = 0.0

    @classmethod
    def of(
        cls,
        work: float,
        examples: int,
        patience: int,
        learning_rate: float,
        *,
        weight_decay: float = 0.0,
        most_rounds: int = 200,
    ) -> Self:
        """Rounds of one pass over the `examples`, or of `ROUND` of them, until `work` million are
        seen, and at most `most_rounds`; none where there are no examples."""
        size = min(examples, ROUND)
        rounds = min(most_rounds, max(1, round(work * 1e6 / size))) if size else 0
        return cls(rounds, size, patience, learning_rate, weight_decay)


@dataclass(frozen=True)
class Round:
    """What one round came to: mean loss, validation figure (NaN where there is none)."""

    loss: float
    figure: float


def descend(
    model: nn.Module,
    batches: Iterator[B],
    loss_of: Callable[[B], Tensor],
    plan: Plan,
    rng: np.random.Generator,
    validate: Callable[[], float] | None = None,
    report: Callable[[Round], None] = lambda _: None,
    *,
    from_start: bool = False,
) -> list[Round]:
    """Train `model` in place with AdamW and leave it, in evaluation mode, with its best weights,
    with `from_start` those it came with where no round made it better.

    `batches` have no end; `loss_of` gives the mean loss of one, and its length says of how many
    examples. `rng` seeds the dropout. Higher figures of `validate` are better. A deadline (`until`)
    is looked at after each round. Returns one `Round` a round, each told to `report`. Raises
    `TrainingDiverged` where a loss is not finite.
    Source: Loshchilov and Hutter 2019, "Decoupled weight decay regularization".
    """
    optimiser = torch.optim.AdamW(
        model.parameters(), weight_decay=plan.weight_decay, betas=(0.9, 0.98), fused=True
    )
    rounds: list[Round] = []
    best, best_figure, best_at = None, -np.inf, 0
    sow(model, rng)
    if from_start and validate:
        model.eval()
        best, best_figure = copy_of(model), validate()
    with without_denormals():
        for done in range(plan.rounds):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * (1 - DECAY * done / plan.rounds)
            loss = one_round(model, batches, loss_of, optimiser, plan.size)
            figure = validate() if validate else float("nan")
            rounds.append(Round(loss, figure))
            report(rounds[-1])
            if figure > best_figure:  # never, where there is no figure
                best, best_figure, best_at = copy_of(model), figure, done
            patient = not validate or done - best_at < plan.patience
            if not patient or (done + 1 < plan.rounds and out_of_time()):
                break
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    return rounds


def one_round(
    model: nn.Module,
    batches: Iterator[B],
    loss_of: Callable[[B], Tensor],
    optimiser: torch.optim.Optimizer,
    size: int,
) -> float:
    """Train on batches of at least `size` examples together; returns the mean loss."""
    model.train()
    done, total = 0, 0.0
    while done < size:
        batch = next(batches)
        loss = loss_of(batch)
        backward(loss, type(model).__name__)
        gradient_step(optimiser)
        done += len(batch)
        total += float(loss.detach()) * len(batch)
    model.eval()
    return total / done


@contextmanager
def without_denormals() -> Iterator[None]:
    """Rounds numbers below 1e-38 to 0. Adam's moments of rows without a gradient decay into that
    range within a few hundred steps, where arithmetic is twenty times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def copy_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
