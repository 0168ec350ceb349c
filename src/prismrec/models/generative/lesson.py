"""What the generative model reads and learns: each item's name, from the events before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core.arrays import Longs, Vectors
from prismrec.models.generative.model import GenerativeModel
from prismrec.models.generative.siblings import name_loss
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.sequence.inputs import Batch, Task

__all__ = ["Lesson", "Lookup"]


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
