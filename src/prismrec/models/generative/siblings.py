"""The loss of a hierarchical softmax: each right prefix among its siblings, in few products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from prismrec.core.arrays import Longs
from prismrec.models.generative.model import GenerativeModel
from prismrec.models.generative.tree import PrefixTree

__all__ = ["name_loss"]

TOGETHER = 16
"""Predictions of one parent in a block at most: less padding where parents differ in weight."""


@dataclass(frozen=True)
class Block:
    """g parents with at most e predictions and c children each.

    `rows` (g, e) are predictions, -1 at padding; `children` (g, c) prefixes, -1 at padding;
    `right` (g, e) the columns of the right children.
    """

    rows: Longs
    children: Longs
    right: Longs


def name_loss(model: GenerativeModel, tree: PrefixTree, states: Tensor, targets: Longs) -> Tensor:
    """Mean over p predictions of `-log P(ID)`: `states` (p, d), `targets` (p,) rows of
    `tree.paths`."""
    paths = tree.paths[targets]  # (p, levels)
    by_level = [
        blocks(tree, paths[:, level - 1], paths[:, level]) for level in range(1, tree.levels)
    ]
    roots, *answers = looked_up(model, tree, [block for level in by_level for block in level])
    right = torch.from_numpy(paths[:, 0])
    total = functional.cross_entropy(model.asked(states, 0) @ roots.T, right, reduction="sum")
    each = iter(answers)
    for level, found in enumerate(by_level, 1):
        asked = model.asked(states, level)
        for block in found:
            total = total + block_loss(asked, next(each), block)
    return total / len(targets)


def looked_up(model: GenerativeModel, tree: PrefixTree, found: list[Block]) -> list[Tensor]:
    """The answers of the first level (roots, w), then those of each block's children (g, c, w).

    Looked up at once: the gradient of each look-up is as large as the table.
    """
    places = [np.arange(tree.roots), *(np.maximum(b.children, 0).ravel() for b in found)]
    together = model.answers(torch.from_numpy(np.concatenate(places)))
    roots, *rest = together.split([len(place) for place in places])
    shaped = zip(rest, found, strict=True)
    return [roots, *(rows.view(*b.children.shape, -1) for rows, b in shaped)]


def block_loss(asked: Tensor, answers: Tensor, block: Block) -> Tensor:
    """Sum of `-log P(right child)` over the predictions of a block, of `asked` (p, w)."""
    rows, real = torch.from_numpy(np.maximum(block.rows, 0)), torch.from_numpy(block.rows >= 0)
    logits = torch.bmm(asked[rows], answers.transpose(1, 2))  # (g, e, c)
    logits = logits.masked_fill(torch.from_numpy(block.children < 0)[:, None], float("-inf"))
    right = logits.gather(2, torch.from_numpy(block.right)[..., None])[..., 0]
    return ((logits.logsumexp(2) - right) * real).sum()


def blocks(tree: PrefixTree, parents: Longs, right: Longs) -> list[Block]:
    """The predictions whose parent has several children, grouped by parent, in blocks of parents
    with a similar number of children (within a factor of two)."""
    chosen = np.flatnonzero(tree.count[parents] > 1)
    chosen = chosen[np.argsort(parents[chosen], kind="stable")]
    if not len(chosen):
        return []
    owners = parents[chosen]
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    within = np.arange(len(chosen)) - np.repeat(starts, np.diff(np.append(starts, len(chosen))))
    fresh = within % TOGETHER == 0
    group, slot = np.cumsum(fresh) - 1, within % TOGETHER
    owner = owners[fresh]
    sizes = np.ceil(np.log2(tree.count[owner])).astype(np.int64)
    out = []
    for size in np.unique(sizes):
        mine = np.flatnonzero(sizes == size)
        place = np.full(len(owner), -1)
        place[mine] = np.arange(len(mine))
        inside = np.flatnonzero(place[group] >= 0)
        rows = np.full((len(mine), int(slot[inside].max()) + 1), -1, np.int64)
        rows[place[group[inside]], slot[inside]] = chosen[inside]
        counts, first = tree.count[owner[mine]], tree.first[owner[mine]]
        column = np.arange(counts.max())
        children = np.where(column < counts[:, None], first[:, None] + column, -1)
        answer = np.where(rows >= 0, right[rows] - first[:, None], 0)
        out.append(Block(rows, children, answer))
    return out
