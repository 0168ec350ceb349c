"""The graph of users, items, what they are to each other and what items share; and one step of
messages over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from prismrec.core import Interactions
from prismrec.core.arrays import Floats
from prismrec.models.scoring.sparse_matrices import links_both_ways, user_item_matrix

__all__ = ["Graph", "propagated", "summed"]


class Graph:
    """Nodes are the users, then the items, then the attribute tokens (brand, category) that two or
    more items share. Edges of weight 1 are events; of weight `knowledge` what an item has, and what
    links two items (also bought) or two users (friends), by the strength of the link (the mean is
    1). `degrees` (nodes,) are the sums of their weights; `taken` (users, items) are the events.

    `matrix` is `D^(-1/2) A D^(-1/2)`, symmetric, of which a node without edges has an empty row.
    """

    def __init__(self, train: Interactions, knowledge: float) -> None:
        taken = user_item_matrix(train.positives, train.n_items)
        taken.data[:] = 1
        self.taken: sparse.csr_array = taken
        has = _tokens_of_items(train) if knowledge > 0 else sparse.csr_array((train.n_items, 0))
        self.users, self.items, self.tokens = train.n_users, train.n_items, has.shape[1]
        friends = knowledge * links_both_ways(train.user_links if knowledge else None, self.users)
        alike = knowledge * links_both_ways(train.item_links if knowledge else None, self.items)
        blocks: Any = [[friends, taken], [taken.T, alike]]
        if self.tokens:
            blocks = [[*blocks[0], None], [*blocks[1], knowledge * has]]
            blocks.append([None, knowledge * has.T, None])
        edges: Any = sparse.block_array(blocks, format="csr")
        self.degrees: Floats = np.asarray(edges.sum(axis=1)).ravel()
        inverse = 1 / np.sqrt(np.maximum(self.degrees, 1e-9))
        scaled = edges.multiply(inverse[:, None]).multiply(inverse[None, :])
        self.matrix: sparse.csr_array = scaled.tocsr().astype(np.float32)

    def __len__(self) -> int:
        return self.users + self.items + self.tokens


def _tokens_of_items(train: Interactions) -> sparse.csr_array:
    """(items, shared tokens) of ones."""
    bags = train.features.attributes
    ones = np.ones(len(bags.indices), np.float32)
    shape = (len(bags), len(bags.names))
    has: Any = sparse.csr_array((ones, bags.indices, bags.indptr), shape=shape)
    has.sum_duplicates()
    has.data[:] = 1
    shared = np.flatnonzero(np.asarray(has.sum(axis=0)).ravel() > 1)
    out: sparse.csr_array = has[:, shared]
    return out


class _Product(torch.autograd.Function):
    """`matrix @ x`, with a gradient for `x` alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: sparse.csr_array) -> Tensor:
        ctx.matrix = matrix
        return torch.from_numpy(matrix @ x.detach().numpy())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return torch.from_numpy(ctx.matrix.T @ gradients[0].numpy()), None


def summed(graph: Graph, sent: Tensor) -> Tensor:
    """(users, d): what the items of each user send, `sent` (items, d), together."""
    total: Tensor = _Product.apply(sent, graph.taken)
    return total


def propagated(graph: Graph, start: Tensor, layers: int) -> list[Tensor]:
    """The nodes' vectors (nodes, d) after 0, 1, ... `layers` steps of messages."""
    out = [start]
    for _ in range(layers):
        out.append(_Product.apply(out[-1], graph.matrix))
    return out
