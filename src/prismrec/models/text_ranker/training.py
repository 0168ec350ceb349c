"""The trainer of the text ranker: epochs that can be taken up where they were left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from prismrec.core.arrays import Scores
from prismrec.descent.checkpoint import Progress, put_weights, taken_up, write_checkpoint
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.trainable import warm_up_then_linear
from prismrec.models.text_ranker.model import PairModel, PairReader
from prismrec.models.text_ranker.pairs import Negatives, Pairs
from prismrec.models.text_ranker.settings import TextRankerSettings

__all__ = ["Lesson", "logits_of", "train"]

_BLOCK = 32  # pairs of like length read at once


@dataclass(frozen=True)
class Lesson:
    """What is learned from: acted pairs, which get fresh negatives every epoch, `shown` pairs with
    labels of their own, and the validation pairs, labelled."""

    acted: Pairs
    shown: Pairs | None
    negatives: Negatives
    validation: Pairs | None


def train(
    model: PairModel,
    reader: PairReader,
    lesson: Lesson,
    settings: TextRankerSettings,
    seed: int,
    *,
    checkpoint: Path | None = None,
    identity: str = "",
    report: Callable[[int, float, float], None] = lambda epoch, loss, figure: None,
) -> Progress:
    """Train `model` in place and leave it with its best weights.

    Every epoch draws from a generator of its own, so that a training that goes on from
    `checkpoint` comes to what one without a stop comes to. `report` is told epoch, mean loss and
    validation log loss (NaN without validation). Raises `TrainingDiverged` where the loss is no
    number.
    """
    optimiser = _optimiser(model, settings)
    progress = taken_up(checkpoint, identity, model, optimiser)
    while progress.epochs < settings.epochs and not progress.is_over(settings.patience):
        loss = _epoch(model, reader, lesson, settings, optimiser, progress.epochs, seed)
        figure = _log_loss(model, reader, lesson.validation)
        progress.note(model, loss, figure)
        if checkpoint:
            write_checkpoint(checkpoint, progress, optimiser)
        report(progress.epochs - 1, loss, figure)
    put_weights(model, progress.best)
    model.eval()
    return progress


def logits_of(model: PairModel, reader: PairReader, pairs: Pairs) -> Scores:
    """(n,) float32, without training anything."""
    model.eval()
    out = np.zeros(len(pairs), np.float32)
    with torch.inference_mode():
        for rows in _blocks(reader, pairs):
            reading = reader.read(pairs.histories[rows], pairs.items[rows])
            out[rows] = model(reading).numpy()
    return out


def _blocks(reader: PairReader, pairs: Pairs) -> Iterator[np.ndarray]:
    """Pairs of like length together, so that little is computed for padding."""
    lengths = np.array([len(line) for line in reader.lines] + [0])  # the last is of -1
    total = lengths[pairs.histories].sum(axis=1) + lengths[pairs.items]
    order = np.argsort(total, kind="stable")
    for at in range(0, len(order), _BLOCK):
        yield order[at : at + _BLOCK]


def _optimiser(model: PairModel, settings: TextRankerSettings) -> torch.optim.AdamW:
    read = [p for p in model.encoder.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": list(model.head.parameters()), "rate": settings.head_learning_rate}
    ]
    if read:
        groups.append({"params": read, "rate": settings.encoder_rate})
    return torch.optim.AdamW(groups, lr=settings.head_learning_rate, weight_decay=0.01)


def _epoch(
    model: PairModel,
    reader: PairReader,
    lesson: Lesson,
    settings: TextRankerSettings,
    optimiser: torch.optim.Optimizer,
    epoch: int,
    seed: int,
) -> float:
    """One pass over all pairs; the mean loss."""
    rng = np.random.default_rng([seed, epoch])
    pairs = lesson.negatives.with_negatives(lesson.acted, settings.negatives, rng)
    if lesson.shown is not None:
        pairs = pairs.joined(lesson.shown)
    size = settings.batch * (1 + settings.negatives)
    order = rng.permutation(len(pairs))
    a_pass = -(-len(pairs) // size)
    total = 0.0
    model.train()
    if model.encoder.mode == "frozen":
        model.encoder.eval()  # nothing in it learns, so that dropout there is only noise
    with seeded(rng):
        for step in range(a_pass):
            share = warm_up_then_linear(
                epoch * a_pass + step, settings.epochs * a_pass, settings.warm_up
            )
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * share
            rows = order[step * size : (step + 1) * size]
            total += _step(model, reader, pairs.take(rows), optimiser, settings.clip) * len(rows)
    return total / len(pairs)


def _step(
    model: PairModel,
    reader: PairReader,
    pairs: Pairs,
    optimiser: torch.optim.Optimizer,
    clip: float,
) -> float:
    """Gradients of blocks add up to those of the whole batch; one step of the optimiser."""
    total = 0.0
    for rows in _blocks(reader, pairs):
        logits = model(reader.read(pairs.histories[rows], pairs.items[rows]))
        labels = torch.from_numpy(pairs.labels[rows])
        loss: Tensor = functional.binary_cross_entropy_with_logits(logits, labels, reduction="sum")
        loss = loss / len(pairs)
        backward(loss, "the text ranker")
        total += float(loss.detach())
    gradient_step(optimiser, clip)
    return total


def _log_loss(model: PairModel, reader: PairReader, pairs: Pairs | None) -> float:
    if pairs is None:
        return float("nan")
    logits = logits_of(model, reader, pairs).astype(np.float64)
    return float(np.mean(np.logaddexp(0, logits) - pairs.labels * logits))
