"""The trainer of the multi-view transformer: it changes a model's weights and knows nothing else.

Sampled softmax over negatives shared by a batch; early stopping on a validation figure, with the
best weights kept; a loss that is not finite is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core import TrainingDiverged
from prismrec.core.arrays import Floats, Longs
from prismrec.models.losses import sampled_softmax
from prismrec.models.sequence.inputs import Task, Views, Windows
from prismrec.models.sequence.model import PrismModel
from prismrec.models.sequence.noise import sow

__all__ = ["Plan", "Round", "train"]

DECAY = 0.9
"""Share of the learning rate that is gone at the end of the plan; it falls in a line."""


@dataclass(frozen=True)
class Plan:
    """How much to train: `rounds` of `predictions` each, a validation after each one, stopping
    after `patience` rounds without a better figure. Counted work, never the clock."""

    rounds: int
    predictions: int
    patience: int
    batch: int
    negatives: int
    learning_rate: float
    weight_decay: float


@dataclass(frozen=True)
class Round:
    """What one round came to: mean loss, validation figure (NaN where there is none)."""

    loss: float
    figure: float


def train(
    model: PrismModel,
    views: Views,
    windows: Windows,
    plan: Plan,
    rng: np.random.Generator,
    validate: Callable[[], float] | None = None,
    report: Callable[[Round], None] = lambda _: None,
) -> list[Round]:
    """Train `model` in place and leave it with its best weights; returns one `Round` a round."""
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=plan.learning_rate,
        weight_decay=plan.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    frequency = np.bincount(windows.sequences.items, minlength=len(views)).astype(np.float64)
    sampler = Sampler(frequency, plan.negatives)
    stream = endless(windows, rng, plan.batch)
    rounds: list[Round] = []
    best, best_figure, since = None, -np.inf, 0
    sow(model, rng)
    with without_denormals():
        for done in range(plan.rounds):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * (1 - DECAY * done / plan.rounds)
            loss = one_round(model, views, stream, sampler, optimiser, plan, rng)
            figure = validate() if validate else float("nan")
            rounds.append(Round(loss, figure))
            report(rounds[-1])
            if validate is None:
                continue
            since += 1
            if figure > best_figure:
                best, best_figure, since = copy_of(model), figure, 0
            if since >= plan.patience:
                break
    if best is not None:
        model.load_state_dict(best)
    return rounds


@contextmanager
def without_denormals() -> Iterator[None]:
    """Rounds numbers below 1e-38 to 0. Adam's moments of rows without a gradient decay into that
    range within a few hundred steps, where arithmetic is twenty times slower."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def one_round(
    model: PrismModel,
    views: Views,
    stream: Iterator[Task],
    sampler: Sampler,
    optimiser: torch.optim.Optimizer,
    plan: Plan,
    rng: np.random.Generator,
) -> float:
    """Train on `plan.predictions` predictions; returns the mean loss."""
    model.train()
    done, total = 0, 0.0
    while done < plan.predictions:
        task = next(stream)
        loss = loss_of(model, views, task, sampler, rng)
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                "The loss of the sequence model is not a finite number.",
                hint="Lower models.learning_rate.",
            )
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        done += len(task.targets)
        total += float(loss.detach()) * len(task.targets)
    return total / done


def loss_of(
    model: PrismModel, views: Views, task: Task, sampler: Sampler, rng: np.random.Generator
) -> Tensor:
    """Sampled softmax over the task's predictions and negatives drawn for all of them."""
    batch, drawn = task.batch, sampler.draw(rng)  # (k,)
    union, inverse = np.unique(
        np.concatenate([batch.items.ravel(), task.targets, drawn]), return_inverse=True
    )
    place = torch.from_numpy(inverse)
    events, rest = place[: batch.items.size].view(batch.items.shape), place[batch.items.size :]
    right, wrong = rest[: len(task.targets)], rest[len(task.targets) :]
    encoded, mask = model.encode_items(views.of(union))  # (u, v, d), (u, v)
    states = model(encoded, mask, events, batch.kinds, batch.gaps)  # (b, l, d)
    asked = states[torch.from_numpy(task.rows), torch.from_numpy(task.columns)]  # (p, d)
    vectors = model.item_vectors(encoded).sum(1)  # (u, d)
    positive = (asked * vectors[right]).sum(-1)  # (p,)
    negative = asked @ vectors[wrong].T  # (p, k)
    return sampled_softmax(positive, negative, sampler.log_expected, collisions(right, wrong))


def collisions(right: Tensor, wrong: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of `right` (p,) and the columns of `wrong` (k,), all different, that are equal."""
    order = torch.argsort(wrong)
    place = torch.searchsorted(wrong[order], right).clamp(max=len(wrong) - 1)
    columns = order[place]
    rows = torch.nonzero(wrong[columns] == right)[:, 0]
    return rows, columns[rows]


class Sampler:
    """Draws negatives from the items seen, uniformly."""

    def __init__(self, frequency: Floats, negatives: int) -> None:
        self.seen = np.flatnonzero(frequency > 0)
        self.negatives = min(negatives, len(self.seen))
        self.log_expected = float(np.log(self.negatives / max(len(self.seen), 1)))

    def draw(self, rng: np.random.Generator) -> Longs:
        """(k,) different items, all equally likely."""
        return rng.choice(self.seen, self.negatives, replace=False, shuffle=False)


def endless(windows: Windows, rng: np.random.Generator, batch: int) -> Iterator[Task]:
    while True:
        yield from windows.epoch(rng, batch)


def copy_of(model: PrismModel) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
