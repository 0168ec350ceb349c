"""Pretraining of the multi-view transformer by objectives that need no answer from people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core import BadSettings, Interactions
from prismrec.core.arrays import Longs, Vectors
from prismrec.descent.loop import Plan, descend
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.sequence.inputs import Views
from prismrec.models.sequence.loss import Sampler
from prismrec.models.sequence.model import PrismModel
from prismrec.models.sequence.objectives import OBJECTIVES, Material

__all__ = ["Pretraining", "alike_by_text", "pretrain"]

ROWS = 256
"""Sequences in a step."""
STEPS = 50
"""Steps in a round."""
ALIKE = 10
RIDGE = 0.003
SHARED = ("text.", "gate.text.", "place.", "enter.", "blocks.", "leave.")
"""Layers that mean the same for every catalogue."""


@dataclass(frozen=True)
class Pretraining:
    """What comes before the training on what people did next; with nothing here, nothing.

    `source` is a model of another catalogue, read by the same text encoder and of the same sizes:
    its text and sequence layers are taken over. Then come `rounds` of 50 steps, each down the sum
    of the `objectives` (see `OBJECTIVES`).
    """

    objectives: tuple[str, ...] = ()
    rounds: int = 4
    learning_rate: float = 0.001
    source: PrismModel | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.objectives) - set(OBJECTIVES))
        if unknown:
            raise BadSettings(
                f"There is no objective {', '.join(unknown)}.",
                hint="Choose from " + ", ".join(OBJECTIVES) + ".",
            )

    def __bool__(self) -> bool:
        return bool(self.objectives) or self.source is not None


def pretrain(
    model: PrismModel,
    views: Views,
    train: Interactions,
    how: Pretraining,
    negatives: int,
    rng: np.random.Generator,
) -> None:
    """Train `model` in place on the rows of `train` that hold two positive events or more, and on
    the catalogue. Raises `TrainingDiverged`, and `BadSettings` where the source does not fit."""
    if how.source is not None:
        take_over(model, how.source)
    rows = train.positives.last(model.shape.history)
    rows = rows.take(np.flatnonzero(rows.lengths > 1))
    if not how.objectives or not len(rows):
        return
    alike = None if views.text is None else alike_by_text(views.text.numpy(), ALIKE)
    sampler = Sampler(np.ones(len(views)), negatives)
    material = Material(model, views, sampler, train.has_clock, alike)

    def loss(chosen: Longs) -> Tensor:
        batch = rows.take(chosen)
        return torch.stack(
            [OBJECTIVES[name](material, batch, rng) for name in how.objectives]
        ).sum()

    plan = Plan(how.rounds, ROWS * STEPS, how.rounds, how.learning_rate)
    descend(model, drawn(len(rows), rng), loss, plan, rng)


def take_over(model: PrismModel, source: PrismModel) -> None:
    """Copy what does not depend on the catalogue: how texts and sequences are read and matched."""
    if "text" not in model.item_views or "text" not in source.item_views:
        raise BadSettings(
            "Only a model that reads texts can be taken over, by one that does.",
            hint="Give both catalogues texts, or leave Pretraining.source out.",
        )
    weights = model.state_dict()
    for name, theirs in source.state_dict().items():
        if name.startswith(SHARED):
            if weights.get(name, theirs[:0]).shape != theirs.shape:
                raise BadSettings(
                    f"The layer {name} of the source has another size.",
                    hint="Train both with the same settings and the same text encoder.",
                )
            weights[name].copy_(theirs)
    mine, other = model.item_views.index("text"), source.item_views.index("text")
    weights["heads"][mine] = source.heads[other].detach()


def drawn(rows: int, rng: np.random.Generator) -> Iterator[Longs]:
    """`ROWS` of so many rows, again and again; where there are fewer, all."""
    while True:
        yield rng.integers(rows, size=ROWS)


def alike_by_text(texts: Vectors, k: int) -> Longs:
    """(n, k): the items of the most alike text to each, by the cosine of their whitened vectors,
    without itself; itself where it has no text, or there is no other."""
    vectors = Whitening.of(texts, RIDGE).apply(texts)
    n = len(vectors)
    k = min(k, max(n - 1, 1))
    out = np.tile(np.arange(n)[:, None], (1, k))
    if n < 2:
        return out
    for start in range(0, n, 1024):
        cosines = vectors[start : start + 1024] @ vectors.T
        np.fill_diagonal(cosines[:, start:], -np.inf)
        best = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        there = np.any(vectors[start : start + 1024] != 0, axis=1)
        out[start : start + 1024][there] = best[there]
    return out
