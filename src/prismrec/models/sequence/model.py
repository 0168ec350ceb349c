"""The multi-view sequence transformer, reading top to bottom; b rows, l events, u items, d wide.

Each event is seen in several views: which item (`identity`), what the item says (`text`), its
`attributes`, the `behaviour` type, the `time` since the event before. Every view is encoded on its
own; a gate, a softmax over the views that are present, mixes them into one vector; a causal
transformer (Vaswani et al., 2017; Kang and McAuley, "Self-attentive sequential recommendation",
2018) reads the sequence. An item is scored by one dot product a view, and the sum of these is the
score: the parts are exact, and an item without a view simply has no such part.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.descent.randomness import Dropout
from prismrec.models.sequence.hstu import HSTUBlock

__all__ = [
    "GAP_BUCKETS",
    "ITEM_VIEWS",
    "Catalogue",
    "PrismModel",
    "Shape",
    "gap_buckets",
]

ITEM_VIEWS = ("identity", "text", "attributes")
"""The views by which an item is scored, in order of the parts."""
GAP_BUCKETS = 24
"""Time gaps are powers of two of seconds: 2^22 s are 49 days; bucket 0 is none."""


@dataclass(frozen=True)
class Shape:
    """What the module's parameters depend on; 0 turns a view off. `layer` is `transformer`, or
    `hstu` for `HSTUBlock`."""

    items: int
    text: int
    tokens: int
    kinds: int
    gaps: int
    dimension: int
    layers: int
    heads: int
    history: int
    dropout: float
    layer: str = "transformer"


@dataclass(frozen=True)
class Catalogue:
    """The u items a step speaks of, by their views.

    `items` (u,) are rows of the identity table; `known` (u,) is false where an item has no
    identity view. `text` (u, t) has rows of zeros where there is none. `tokens` and `offsets` (u,)
    are attribute bags as `embedding_bag` takes them; `bagged` (u,) is false where one is empty.
    """

    items: Tensor
    known: Tensor
    text: Tensor | None
    tokens: Tensor | None
    offsets: Tensor | None
    bagged: Tensor | None


class PrismModel(nn.Module):
    """Views, gate, causal transformer, and a head a view."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.dimension
        self.shape = shape
        self.identity = nn.Embedding(shape.items, d)
        self.text = nn.Linear(shape.text, d) if shape.text else None
        self.attributes = nn.EmbeddingBag(shape.tokens, d, mode="mean") if shape.tokens else None
        self.behaviour = nn.Embedding(shape.kinds, d) if shape.kinds else None
        self.time = nn.Embedding(shape.gaps, d) if shape.gaps else None
        self.heads = nn.Parameter(torch.eye(d).repeat(len(self.item_views), 1, 1))  # (v, d, d)
        self.gate = nn.ModuleDict({v: nn.Linear(d, 1) for v in self.event_views})
        self.place = nn.Embedding(shape.history, d)
        self.enter = nn.Sequential(nn.LayerNorm(d), Dropout(shape.dropout))
        block = HSTUBlock if shape.layer == "hstu" else Block
        self.blocks = nn.ModuleList(block(shape) for _ in range(shape.layers))
        self.leave = nn.LayerNorm(d)

    @property
    def item_views(self) -> tuple[str, ...]:
        present = (True, self.text is not None, self.attributes is not None)
        return tuple(v for v, here in zip(ITEM_VIEWS, present, strict=True) if here)

    @property
    def event_views(self) -> tuple[str, ...]:
        extra = (("behaviour", self.behaviour), ("time", self.time))
        return self.item_views + tuple(name for name, module in extra if module is not None)

    def encode_items(self, catalogue: Catalogue) -> tuple[Tensor, Tensor]:
        """Each item in each view: (u, v, d), zero where absent, and present (u, v)."""
        rows = [self.identity(catalogue.items)]  # (u, d)
        present = [catalogue.known]
        if self.text is not None and catalogue.text is not None:
            rows.append(self.text(catalogue.text))
            present.append(catalogue.text.abs().sum(1) > 0)
        if self.attributes is not None and catalogue.bagged is not None:
            rows.append(self.attributes(catalogue.tokens, catalogue.offsets))
            present.append(catalogue.bagged)
        mask = torch.stack(present, 1)  # (u, v)
        return torch.stack(rows, 1) * mask[..., None], mask

    def item_vectors(self, encoded: Tensor) -> Tensor:
        """What each view adds to the score, as vectors to multiply with a query: (u, v, d)."""
        return torch.einsum("uvd,vde->uve", encoded, self.heads)

    def gated(self, views: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """The views (b, l, v, d) mixed into (b, l, d), and the weight of each view (b, l, v)."""
        logits = torch.stack(
            [gate(views[..., i, :])[..., 0] for i, gate in enumerate(self.gate.values())], -1
        )  # (b, l, v)
        # A finite floor keeps the gradient finite for an event that has no view at all.
        weights = logits.masked_fill(~present, -1e9).softmax(-1) * present
        return torch.einsum("blv,blvd->bld", weights, views), weights

    def event_views_of(
        self, encoded: Tensor, mask: Tensor, events: Tensor, kinds: Tensor, gaps: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Events (b, l), rows of `encoded`, in all their views: (b, l, v, d), present (b, l, v)."""
        views, present = [encoded[events]], [mask[events]]  # (b, l, item views, d)
        if self.behaviour is not None:
            views.append(self.behaviour(kinds.clamp(min=0))[:, :, None])
            present.append((kinds >= 0)[:, :, None])
        if self.time is not None:
            views.append(self.time(gaps)[:, :, None])
            present.append((gaps > 0)[:, :, None])
        return torch.cat(views, 2), torch.cat(present, 2)

    def forward(
        self, encoded: Tensor, mask: Tensor, events: Tensor, kinds: Tensor, gaps: Tensor
    ) -> Tensor:
        """The state after each event, (b, l, d); rows are left-aligned, so no mask is needed."""
        views, present = self.event_views_of(encoded, mask, events, kinds, gaps)
        return self.read(self.gated(views, present)[0])

    def read(self, events: Tensor) -> Tensor:
        """The state after each of the gated `events` (b, l, d)."""
        x = self.enter(events + self.place.weight[: events.shape[1]])
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.leave(x)
        return out


class Block(nn.Module):
    """Causal self-attention and a feed-forward layer, each after a layer norm and added on."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.dimension
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.wide, self.narrow = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        self.drop = Dropout(shape.dropout)

    def forward(self, x: Tensor) -> Tensor:
        rows, length, d = x.shape
        qkv = self.qkv(self.before(x)).view(rows, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (b, h, l, d / h)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        logits = (q @ k.transpose(2, 3) / k.shape[-1] ** 0.5).masked_fill(later, float("-inf"))
        mixed = self.drop(logits.softmax(-1)) @ v  # (b, h, l, d / h)
        x = x + self.drop(self.out(mixed.transpose(1, 2).reshape(rows, length, d)))
        hidden = self.drop(functional.gelu(self.wide(self.between(x))))  # (b, l, 2d)
        out: Tensor = x + self.drop(self.narrow(hidden))
        return out


def gap_buckets(gaps: Tensor) -> Tensor:
    """Milliseconds since the event before -> bucket in 1 .. GAP_BUCKETS - 1; negative means none
    and becomes 0."""
    seconds = gaps.clamp(min=0).double() / 1000
    bucket = torch.log2(seconds + 1).floor().long() + 1
    return torch.where(gaps < 0, 0, bucket.clamp(max=GAP_BUCKETS - 1))
