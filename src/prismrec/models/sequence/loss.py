"""The loss of the multi-view transformer: a sampled softmax over negatives shared by a batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from prismrec.core.arrays import Floats, Longs
from prismrec.models.losses import same_items, sampled_softmax
from prismrec.models.sequence.inputs import Task, Views
from prismrec.models.sequence.model import PrismModel

__all__ = ["Sampler", "loss_of"]


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
    states = model(encoded, mask, events, batch.kinds, batch.gaps, batch.profiles)  # (b, l, d)
    asked = states[torch.from_numpy(task.rows), torch.from_numpy(task.columns)]  # (p, d)
    vectors = model.item_vectors(encoded).sum(1)  # (u, d)
    positive = (asked * vectors[right]).sum(-1)  # (p,)
    negative = asked @ vectors[wrong].T  # (p, k)
    return sampled_softmax(positive, negative, sampler.log_expected, same_items(right, wrong))


class Sampler:
    """Draws negatives from the items seen, uniformly."""

    def __init__(self, frequency: Floats, negatives: int) -> None:
        self.seen = np.flatnonzero(frequency > 0)
        self.negatives = min(negatives, len(self.seen))
        self.log_expected = float(np.log(self.negatives / max(len(self.seen), 1)))

    def draw(self, rng: np.random.Generator) -> Longs:
        """(k,) different items, all equally likely."""
        return rng.choice(self.seen, self.negatives, replace=False, shuffle=False)
