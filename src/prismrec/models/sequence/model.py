"""The multi-view sequence transformer, reading top to bottom; b rows, l events, u items, d wide.

Each event is seen in several views: which item (`identity`), what the item says (`text`), its
`attributes`, its named vectors (`media:image`), the `behaviour` type, the `time` since the event
before. Every view is encoded on its own; a gate, a softmax over the views that are present, mixes
them into one vector; a causal transformer (Vaswani et al., 2017; Kang and McAuley, "Self-attentive
sequential recommendation", 2018) reads the sequence, which begins with the profile of the person,
where there are profiles, so that it says something before the first event. An item is scored by one
dot product a view, and the sum of these is the score: the parts are exact, and an item without a
view simply has no such part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    "Tokens",
    "gap_buckets",
]

ITEM_VIEWS = ("identity", "text", "attributes")
"""The views by which an item is scored, in order of the parts; named vectors follow."""
GAP_BUCKETS = 24
"""Time gaps are powers of two of seconds: 2^22 s are 49 days; bucket 0 is none."""
ANONYMOUS = 0.1
"""Share of the rows that are trained as if nothing were known of the person."""


@dataclass(frozen=True)
class Shape:
    """What the module's parameters depend on; 0 turns a view off.

    `layer` is `transformer`, or `hstu` for `HSTUBlock`. `media` are the widths of the named
    vectors, `profile` how many profile tokens are known, `view_dropout` the chance that a view is
    absent from a step of training.
    """

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
    media: Mapping[str, int] = field(default_factory=dict)
    profile: int = 0
    view_dropout: float = 0.0

    @property
    def states(self) -> int:
        """The longest sequence that is read: the events, and the profile before them."""
        return self.history + (self.profile > 0)


@dataclass(frozen=True)
class Tokens:
    """A bag of tokens for each of b rows as `embedding_bag` takes them; `there` (b,) is false where
    one is empty."""

    tokens: Tensor
    offsets: Tensor
    there: Tensor


@dataclass(frozen=True)
class Catalogue:
    """The u items a step speaks of, by their views.

    `items` (u,) are rows of the identity table; `known` (u,) is false where an item has no
    identity view. `text` (u, t) has rows of zeros where there is none. `tokens` and `offsets` (u,)
    are attribute bags as `embedding_bag` takes them; `bagged` (u,) is false where one is empty.
    `media` are named vectors (u, t), like texts.
    """

    items: Tensor
    known: Tensor
    text: Tensor | None
    tokens: Tensor | None
    offsets: Tensor | None
    bagged: Tensor | None
    media: Mapping[str, Tensor] = field(default_factory=dict)


class PrismModel(nn.Module):
    """Views, gate, causal transformer, and a head a view."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.dimension
        self.shape = shape
        self.identity = nn.Embedding(max(shape.items, 1), d)
        self.text = nn.Linear(shape.text, d) if shape.text else None
        self.attributes = nn.EmbeddingBag(shape.tokens, d, mode="mean") if shape.tokens else None
        self.behaviour = nn.Embedding(shape.kinds, d) if shape.kinds else None
        self.time = nn.Embedding(shape.gaps, d) if shape.gaps else None
        self.media = nn.ModuleDict({key_of(m): nn.Linear(shape.media[m], d) for m in self.named})
        self.profile = nn.EmbeddingBag(shape.profile, d, mode="mean") if shape.profile else None
        self.heads = nn.Parameter(torch.eye(d).repeat(len(self.item_views), 1, 1))  # (v, d, d)
        self.gate = nn.ModuleDict({key_of(v): nn.Linear(d, 1) for v in self.event_views})
        self.hide, self.anonymous = Hide(shape.view_dropout), Hide(ANONYMOUS)
        self.place = nn.Embedding(shape.history, d)
        self.enter = nn.Sequential(nn.LayerNorm(d), Dropout(shape.dropout))
        block = HSTUBlock if shape.layer == "hstu" else Block
        self.blocks = nn.ModuleList(block(shape) for _ in range(shape.layers))
        self.leave = nn.LayerNorm(d)

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the named vectors, in order."""
        return tuple(sorted(self.shape.media))

    @property
    def item_views(self) -> tuple[str, ...]:
        present = (True, self.text is not None, self.attributes is not None)
        plain = tuple(v for v, here in zip(ITEM_VIEWS, present, strict=True) if here)
        return plain + tuple(f"media:{name}" for name in self.named)

    @property
    def event_views(self) -> tuple[str, ...]:
        extra = (("behaviour", self.behaviour), ("time", self.time))
        return self.item_views + tuple(name for name, module in extra if module is not None)

    def encode_items(self, catalogue: Catalogue) -> tuple[Tensor, Tensor]:
        """Each item in each view: (u, v, d), zero where absent, and present (u, v)."""
        identity = self.identity(catalogue.items)
        views = [(identity, catalogue.known)]  # each (u, d), present (u,)
        if self.text is not None:
            views.append(projected(self.text, catalogue.text, identity))
        if self.attributes is not None and catalogue.bagged is not None:
            views.append((self.attributes(catalogue.tokens, catalogue.offsets), catalogue.bagged))
        for name in self.named:
            vectors = catalogue.media.get(name)
            views.append(projected(self.media[key_of(name)], vectors, identity))
        mask = torch.stack([present for _, present in views], 1)  # (u, v)
        mask = torch.cat([mask[:, :1], self.hide(mask[:, 1:])], 1)
        return torch.stack([rows for rows, _ in views], 1) * mask[..., None], mask

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
        self,
        encoded: Tensor,
        mask: Tensor,
        events: Tensor,
        kinds: Tensor,
        gaps: Tensor,
        profiles: Tokens | None = None,
    ) -> Tensor:
        """The states that `read` gives of events (b, l), rows of `encoded`."""
        views, present = self.event_views_of(encoded, mask, events, kinds, gaps)
        return self.read(self.gated(views, present)[0], profiles)

    def read(self, events: Tensor, profiles: Tokens | None = None) -> Tensor:
        """The state after each of the gated `events` (b, l, d); rows are left-aligned, so no mask
        is needed. With `profiles` (b,) one more, the last, (b, l + 1, d): that before any event."""
        x = events + self.place.weight[: events.shape[1]]
        if profiles is not None:
            x = torch.cat([self.person(profiles)[:, None], x], 1)
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.leave(x)
        return out if profiles is None else out.roll(-1, 1)

    def person(self, profiles: Tokens) -> Tensor:
        """What is known of each person: (b, d), zero where that is nothing."""
        assert self.profile is not None
        there = self.anonymous(profiles.there)
        out: Tensor = self.profile(profiles.tokens, profiles.offsets) * there[:, None]
        return out


class Hide(Dropout):
    """In training, each entry of the last axis of `present` (..., v) is absent everywhere with
    probability `rate`."""

    def forward(self, present: Tensor) -> Tensor:
        if not self.training or self.kept == 256:
            return present
        assert self.noise is not None, "sow(model, rng) comes before training"
        return present & torch.from_numpy(
            self.noise.integers(256, size=present.shape[-1]) < self.kept
        )


def projected(layer: nn.Module, vectors: Tensor | None, like: Tensor) -> tuple[Tensor, Tensor]:
    """`layer` of `vectors` (u, t), shaped as `like` (u, d), and which are not zero, (u,); `None` is
    no vector for any."""
    if vectors is None:
        return torch.zeros_like(like), torch.zeros(len(like), dtype=torch.bool)
    return layer(vectors), vectors.abs().sum(1) > 0


def key_of(name: str) -> str:
    """The name of a view as that of a module, which must not hold a dot."""
    return name.replace("%", "%25").replace(".", "%2E")


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
