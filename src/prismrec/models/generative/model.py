"""The generative sequence model, reading top to bottom; b rows, l events, p predictions, d wide.

An event is seen by its name, the sum of one vector for each prefix of its item's semantic ID (a
token in the context of those before it), by what its item is made of (`content`), by its
behaviour and its time. A gate mixes these views and a causal transformer reads the sequence, as in
the multi-view transformer. From a state the name of the next item is spoken token by token: each
level has a head of its own, and each next token competes with its siblings in the prefix tree
alone, a hierarchical softmax whose tree is the catalogue (Morin and Bengio, "Hierarchical
probabilistic neural network language model", 2005). Prefix vectors instead of token vectors:
Singh et al., "Better generalization with semantic IDs", 2024.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.descent.randomness import Dropout
from prismrec.models.sequence.model import Block
from prismrec.models.sequence.model import Shape as BlockShape

__all__ = ["GenerativeModel", "Shape"]


@dataclass(frozen=True)
class Shape:
    """What the module's parameters depend on; 0 turns a view off.

    `prefixes` of the trained tree, in `levels`; `content` is the width of the content vectors.
    """

    prefixes: int
    levels: int
    content: int
    kinds: int
    gaps: int
    dimension: int
    layers: int
    heads: int
    history: int
    dropout: float

    @property
    def block(self) -> BlockShape:
        """What a block of the transformer depends on; the views are none of its business."""
        return BlockShape(
            items=0,
            text=0,
            tokens=0,
            kinds=0,
            gaps=0,
            dimension=self.dimension,
            layers=self.layers,
            heads=self.heads,
            history=self.history,
            dropout=self.dropout,
        )


class GenerativeModel(nn.Module):
    """Views, gate, causal transformer, and a head a level.

    `means` (prefixes, content) is the mean content of the trained items below each prefix.
    """

    means: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.dimension
        self.shape = shape
        self.prefixes = nn.Embedding(shape.prefixes + 1, d, padding_idx=shape.prefixes)
        self.register_buffer("means", torch.zeros(shape.prefixes, shape.content))
        self.content = nn.Linear(shape.content, d, bias=False) if shape.content else None
        self.behaviour = nn.Embedding(shape.kinds, d) if shape.kinds else None
        self.time = nn.Embedding(shape.gaps, d) if shape.gaps else None
        self.gate = nn.ModuleDict({view: nn.Linear(d, 1) for view in self.event_views})
        self.place = nn.Embedding(shape.history, d)
        self.enter = nn.Sequential(nn.LayerNorm(d), Dropout(shape.dropout))
        self.blocks = nn.ModuleList(Block(shape.block) for _ in range(shape.layers))
        self.leave = nn.LayerNorm(d)
        self.heads = nn.Parameter(torch.eye(d).repeat(shape.levels, 1, 1))  # (levels, d, d)
        self.taste = nn.Parameter(torch.zeros(shape.levels, d, shape.content))

    @property
    def event_views(self) -> tuple[str, ...]:
        extra = ("content", self.content), ("behaviour", self.behaviour), ("time", self.time)
        return ("name", *(view for view, module in extra if module is not None))

    def names(self, paths: Tensor) -> Tensor:
        """The sum of the prefix vectors on `paths` (..., levels), rows of the table: (..., d)."""
        flat = paths.reshape(-1, paths.shape[-1])
        summed = functional.embedding_bag(
            flat, self.prefixes.weight, mode="sum", padding_idx=self.shape.prefixes
        )
        return summed.view(*paths.shape[:-1], -1)

    def events(self, paths: Tensor, content: Tensor, kinds: Tensor, gaps: Tensor) -> Tensor:
        """Events (b, l) by their views, mixed: (b, l, d).

        `paths` (b, l, levels) and `content` (b, l, q) are those of the events' items.
        """
        views, present = [self.names(paths)], [paths[..., 0] < self.shape.prefixes]
        if self.content is not None:
            views.append(self.content(content))
            present.append(content.abs().sum(-1) > 0)
        if self.behaviour is not None:
            views.append(self.behaviour(kinds.clamp(min=0)))
            present.append(kinds >= 0)
        if self.time is not None:
            views.append(self.time(gaps))
            present.append(gaps > 0)
        mask = torch.stack(present, -1)  # (b, l, v)
        logits = torch.cat(
            [gate(view) for gate, view in zip(self.gate.values(), views, strict=True)], -1
        )
        # A finite floor keeps the gradient finite for an event that has no view at all.
        weights = logits.masked_fill(~mask, -1e9).softmax(-1) * mask
        mixed: Tensor = torch.einsum("blv,blvd->bld", weights, torch.stack(views, 2))
        return mixed

    def read(self, events: Tensor) -> Tensor:
        """The state after each of the mixed `events` (b, l, d); rows are left-aligned."""
        x = self.enter(events + self.place.weight[: events.shape[1]])
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.leave(x)
        return out

    def asked(self, states: Tensor, level: int) -> Tensor:
        """What `states` (p, d) ask of a token at `level`: (p, d + q), to be multiplied with
        `answers`."""
        return torch.cat([states @ self.heads[level], states @ self.taste[level]], -1)

    def answers(self, prefixes: Tensor) -> Tensor:
        """Of trained `prefixes` (...): their own vectors beside their content, (..., d + q)."""
        return torch.cat([self.prefixes(prefixes), self.means[prefixes]], -1)
