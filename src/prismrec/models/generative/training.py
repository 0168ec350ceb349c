"""The trainer of the generative model: it changes a model's weights and knows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core import TrainingDiverged
from prismrec.core.arrays import Longs, Vectors
from prismrec.models.generative.model import GenerativeModel
from prismrec.models.generative.siblings import name_loss
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.sequence.inputs import Batch, Task, Windows
from prismrec.models.sequence.noise import sow
from prismrec.models.sequence.training import (
    DECAY,
    Plan,
    Round,
    endless,
    without_denormals,
)

__all__ = ["Lesson", "Lookup", "train"]


class Lookup:
    """What the model reads of each item: `paths` (n, levels), rows of its table of prefixes, and
    `content` (n, q)."""

    def __init__(self, paths: Longs, content: Vectors) -> None:
        self.paths = torch.from_numpy(np.ascontiguousarray(paths))
        self.content = torch.from_numpy(np.ascontiguousarray(content))

    def states(self, model: GenerativeModel, batch: Batch) -> Tensor:
        """The state after each event, (b, l, d)."""
        items = torch.from_numpy(batch.items)
        events = model.events(self.paths[items], self.content[items], batch.kinds, batch.gaps)
        return model.read(events)


@dataclass(frozen=True)
class Lesson:
    """What is taught to whom: `model` reads items by `lookup`, and learns to name them in `tree`,
    that of the trained items, in which item i has the row `rows[i]`."""

    model: GenerativeModel
    lookup: Lookup
    tree: PrefixTree
    rows: Longs

    def loss(self, task: Task) -> Tensor:
        """Mean of `-log P(ID)` over what `task` asks to predict."""
        states = self.lookup.states(self.model, task.batch)
        asked = states[torch.from_numpy(task.rows), torch.from_numpy(task.columns)]  # (p, d)
        return name_loss(self.model, self.tree, asked, self.rows[task.targets])


def train(
    lesson: Lesson,
    windows: Windows,
    plan: Plan,
    rng: np.random.Generator,
    validate: Callable[[], float] | None = None,
    report: Callable[[Round], None] = lambda _: None,
) -> list[Round]:
    """Train the model in place, leave it with its best weights; returns one `Round` a round."""
    model = lesson.model
    optimiser = torch.optim.AdamW(
        model.parameters(), weight_decay=plan.weight_decay, betas=(0.9, 0.98), fused=True
    )
    stream = endless(windows, rng, plan.batch)
    rounds: list[Round] = []
    best, best_figure, since = None, -np.inf, 0
    sow(model, rng)
    with without_denormals():
        for done in range(plan.rounds):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * (1 - DECAY * done / plan.rounds)
            loss = one_round(lesson, stream, optimiser, plan.predictions)
            figure = validate() if validate else float("nan")
            rounds.append(Round(loss, figure))
            report(rounds[-1])
            since += 1
            if figure > best_figure:  # never, where there is no figure
                best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
                best_figure, since = figure, 0
            if validate and since >= plan.patience:
                break
    if best is not None:
        model.load_state_dict(best)
    return rounds


def one_round(
    lesson: Lesson, stream: Iterator[Task], optimiser: torch.optim.Optimizer, predictions: int
) -> float:
    """Train on so many predictions; returns the mean loss."""
    lesson.model.train()
    done, total = 0, 0.0
    while done < predictions:
        task = next(stream)
        loss = lesson.loss(task)
        if not torch.isfinite(loss):
            raise TrainingDiverged(
                "The loss of the generative model is not a finite number.",
                hint="Lower its learning_rate.",
            )
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(lesson.model.parameters(), 1.0)
        optimiser.step()
        done += len(task.targets)
        total += float(loss.detach()) * len(task.targets)
    lesson.model.eval()
    return total / done
