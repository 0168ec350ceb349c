"""Variants of the multi-view transformer that `benchmarks.views ablation` compares with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import Bags, Interactions
from prismrec.models.sequence.model import Catalogue, PrismModel, Shape, Tokens, key_of
from prismrec.models.sequence.prism import Prism

__all__ = ["NETWORKS", "ByBehaviour", "Varied", "views_of", "without_view"]


class WithinView(PrismModel):
    """A gate within each view of an item, element by element: `v * d softmax(A v)`, at the start
    `v` itself."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        d = shape.dimension
        self.within = nn.ModuleDict({key_of(v): nn.Linear(d, d) for v in self.item_views})

    def encode_items(self, catalogue: Catalogue) -> tuple[Tensor, Tensor]:
        encoded, mask = super().encode_items(catalogue)  # (u, v, d), (u, v)
        logits = [layer(encoded[:, i]) for i, layer in enumerate(self.within.values())]
        gates = torch.stack(logits, 1).softmax(-1) * self.shape.dimension  # (u, v, d)
        return encoded * gates, mask


class Cosine(PrismModel):
    """The score is the cosine of state and item, all views of it together, times a number that is
    learned."""

    START = 12.0

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.scale = nn.Parameter(torch.tensor(self.START))

    def item_vectors(self, encoded: Tensor) -> Tensor:
        parts = super().item_vectors(encoded)  # (u, v, d)
        return parts / parts.sum(1, keepdim=True).norm(dim=-1, keepdim=True).clamp(min=1e-6)

    def read(self, events: Tensor, profiles: Tokens | None = None) -> Tensor:
        states = super().read(events, profiles)
        return self.scale * states / states.norm(dim=-1, keepdim=True).clamp(min=1e-6)


class ByBehaviour(PrismModel):
    """A sequence of its own for each behaviour: an event reads those of its type alone, and what
    the sequences came to so far is mixed by a gate."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.weigh = nn.Linear(shape.dimension, 1)

    def forward(
        self,
        encoded: Tensor,
        mask: Tensor,
        events: Tensor,
        kinds: Tensor,
        gaps: Tensor,
        profiles: Tokens | None = None,
    ) -> Tensor:
        views, present = self.event_views_of(encoded, mask, events, kinds, gaps)
        mixed = self.gated(views, present)[0]  # (b, l, d)
        latest, there = [], []
        for kind in range(self.shape.kinds):
            own = kinds == kind  # (b, l)
            order = torch.argsort(~own, dim=1, stable=True)  # those of the kind first
            states = self.read(gathered(mixed, order))  # (b, l, d)
            count = own.cumsum(1)  # (b, l)
            latest.append(gathered(states, (count - 1).clamp(min=0)))
            there.append(count > 0)
        some, seen = torch.stack(latest, 2), torch.stack(there, 2)  # (b, l, k, d), (b, l, k)
        logits = self.weigh(some)[..., 0].masked_fill(~seen, -1e9)
        return torch.einsum("blk,blkd->bld", logits.softmax(-1), some)


def gathered(rows: Tensor, at: Tensor) -> Tensor:
    """Entries `at` (b, l) of the second axis of `rows` (b, l, d)."""
    return rows.gather(1, at[..., None].expand(-1, -1, rows.shape[-1]))


NETWORKS: Mapping[str, type[PrismModel]] = {
    "a gate within each view": WithinView,
    "cosine instead of dot product": Cosine,
    "a sequence for each behaviour": ByBehaviour,
}


@dataclass(frozen=True)
class Varied(Prism):
    """The learner of another network."""

    made: type[PrismModel] = PrismModel

    def network(self, shape: Shape) -> PrismModel:
        return self.made(shape)


def views_of(data: Interactions) -> tuple[str, ...]:
    """The views besides identity that the transformer reads in `data`."""
    features = data.features
    there = {
        "text": features.text_vectors is not None,
        "attributes": len(features.attributes.names) > 0,
        "behaviour": len(data.event_types) > 1,
        "time": data.has_clock,
        "profile": data.profiles is not None,
    }
    media = tuple(f"media:{name}" for name in sorted(features.vectors))
    return tuple(view for view, here in there.items() if here) + media


def without_view(data: Interactions, view: str) -> Interactions:
    """`data` as if it had no such view."""
    features, kind = data.features, view.partition(":")[0]
    if kind == "profile":
        return replace(data, profiles=None)
    if kind == "time":
        return replace(data, has_clock=False)
    if kind == "behaviour":
        kinds = np.zeros_like(data.sequences.kinds)
        one = replace(data.sequences, kinds=kinds)
        return replace(data, sequences=one, event_types=data.event_types[:1])
    if kind == "text":
        return replace(data, features=replace(features, text_vectors=None))
    if kind == "attributes":
        return replace(data, features=replace(features, attributes=Bags.empty(len(features))))
    left = {name: rows for name, rows in features.vectors.items() if f"media:{name}" != view}
    return replace(data, features=replace(features, vectors=left))
