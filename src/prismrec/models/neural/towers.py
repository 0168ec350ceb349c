"""Two towers, reading top to bottom; b queries, u items, d wide.

The item tower adds up what each view of an item says: which it is, its text, its attributes. The
user tower reads the history as a bag of encoded items and passes it through a small network; the
text of a query joins by the projection of the item texts. The score is a dot product, and so the
sum of one part a view.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.descent.randomness import Dropout
from prismrec.models.neural.modules import Pooling
from prismrec.models.sequence.model import ITEM_VIEWS, Catalogue

__all__ = ["TowerShape", "TwoTowers"]


@dataclass(frozen=True)
class TowerShape:
    """What the parameters depend on; 0 turns a view off. `history` is in events."""

    items: int
    text: int
    tokens: int
    dimension: int
    history: int
    dropout: float


class TwoTowers(nn.Module):
    """See the module."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        d = shape.dimension
        self.shape = shape
        self.identity = nn.Embedding(max(shape.items, 1), d)
        self.text = nn.Linear(shape.text, d) if shape.text else None
        self.attributes = nn.Embedding(shape.tokens, d) if shape.tokens else None
        self.pooling = Pooling(shape.history)
        self.anybody = nn.Parameter(torch.zeros(d))
        self.wide, self.narrow = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        self.drop = Dropout(shape.dropout)

    @property
    def item_views(self) -> tuple[str, ...]:
        present = (True, self.text is not None, self.attributes is not None)
        return tuple(v for v, here in zip(ITEM_VIEWS, present, strict=True) if here)

    def encode_items(self, items: Catalogue) -> Tensor:
        """Each item in each view, (u, v, d), zero where absent."""
        rows = [self.identity(items.items) * items.known[:, None]]  # (u, d)
        if self.text is not None:
            there = items.text is not None
            rows.append(self.encode_text(items.text) if there else torch.zeros_like(rows[0]))
        if self.attributes is not None and items.tokens is not None:
            bags = functional.embedding_bag(
                items.tokens, self.attributes.weight, items.offsets, mode="mean"
            )
            rows.append(bags)
        return torch.stack(rows, 1)

    def encode_text(self, text: Tensor | None) -> Tensor:
        """(u, d) of text vectors (u, t); zeros for a text of zeros."""
        assert self.text is not None
        assert text is not None
        out: Tensor = self.text(text) * (text.abs().sum(1, keepdim=True) > 0)
        return out

    def read(self, vectors: Tensor, places: Tensor, real: Tensor) -> Tensor:
        """The user vectors (b, d) of histories: rows `places` (b, l) of `vectors` (u, d)."""
        taste = self.drop(self.pooling(vectors, places, real)) + self.anybody  # (b, d)
        hidden = self.drop(functional.gelu(self.wide(taste)))  # (b, 2d)
        out: Tensor = taste + self.narrow(hidden)
        return out
