"""The trainer of the language model: passes over all histories, taken up where they were left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from prismrec.descent.checkpoint import put_weights, taken_up, write_checkpoint
from prismrec.descent.clock import out_of_time
from prismrec.descent.loop import without_denormals
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.trainable import warm_up_then_linear
from prismrec.models.language_model.lesson import Windows, choice_loss
from prismrec.models.language_model.network import CausalModel

__all__ = ["Course", "Epoch", "train"]


@dataclass(frozen=True)
class Course:
    """How much is trained: `epochs` passes in batches of about `batch` tokens, `learning_rate`
    rising over the first `warm_up` share of the steps and falling to nothing; over after `patience`
    epochs without a better validation. `seed` decides what is drawn."""

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int
    seed: int
    warm_up: float = 0.05


@dataclass(frozen=True)
class Epoch:
    """What one pass came to: its number, the mean loss of a name, and the nDCG@10 of validation
    (NaN where there is none)."""

    number: int
    loss: float
    figure: float


def train(
    model: CausalModel,
    windows: Windows,
    course: Course,
    validate: Callable[[], float] | None = None,
    *,
    checkpoint: Path | None = None,
    identity: str = "",
    report: Callable[[Epoch], None] = lambda _: None,
) -> None:
    """Train `model` in place and leave it, in evaluation mode, with its best weights.

    Every epoch draws from a generator of its own, so that a training that goes on from `checkpoint`
    comes to what one without a stop comes to. A deadline is looked at after each epoch. Raises
    `TrainingDiverged` where a loss is not finite.
    """
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=course.learning_rate,
        weight_decay=course.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    progress = taken_up(checkpoint, identity, model, optimiser)
    while progress.epochs < course.epochs and not progress.is_over(course.patience):
        with without_denormals():
            loss = _epoch(model, windows, course, optimiser, progress.epochs)
        figure = validate() if validate else float("nan")
        progress.note(model, loss, -figure)  # lower is better there
        if checkpoint:
            write_checkpoint(checkpoint, progress, optimiser)
        report(Epoch(progress.epochs - 1, loss, figure))
        if progress.epochs < course.epochs and out_of_time():
            break
    put_weights(model, progress.best)
    model.eval()


def _epoch(
    model: CausalModel,
    windows: Windows,
    course: Course,
    optimiser: torch.optim.Optimizer,
    epoch: int,
) -> float:
    """One pass over all windows; the mean loss of a name."""
    rng = np.random.default_rng([course.seed, epoch])
    tasks = list(windows.epoch(rng, course.batch))
    total, names = 0.0, 0
    model.train()
    with seeded(rng), torch.enable_grad():
        for step, task in enumerate(tasks):
            done, steps = epoch * len(tasks) + step, course.epochs * len(tasks)
            share = warm_up_then_linear(done, steps, course.warm_up)
            for group in optimiser.param_groups:
                group["lr"] = course.learning_rate * share
            states = model.states(task.lines.tokens)
            loss = choice_loss(states, model.head, windows.spelling.tree, task)
            backward(loss, "the language model")
            gradient_step(optimiser)
            total += float(loss.detach()) * len(task)
            names += len(task)
    model.eval()
    return total / max(names, 1)
