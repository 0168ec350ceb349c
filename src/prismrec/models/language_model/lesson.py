"""What the language model learns from: histories as lines of tokens, and the right token at every
place where the catalogue leaves a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from prismrec.core import Sequences
from prismrec.core.arrays import Longs
from prismrec.models.generative.siblings import block_loss, blocks
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.language_model.spelling import Spelling

__all__ = ["Lines", "Task", "Windows", "children_of", "choice_loss", "windows_back"]

MANY = 256
"""A prefix with more than this many children is answered in one product of its own."""


@dataclass(frozen=True)
class Lines:
    """b histories as tokens, `end` first, then the names one after the other.

    `tokens` (b, t), `lengths` (b,) of them; `rows` and `starts` (events,): of each event its row
    and the column where its name begins. Lines are left-aligned, padded with `end`.
    """

    tokens: Longs
    lengths: Longs
    rows: Longs
    starts: Longs

    @classmethod
    def of(cls, spelling: Spelling, items: Longs, counts: Longs) -> Self:
        """`items` (events,) row after row, `counts` (b,) of them in each."""
        rows = np.repeat(np.arange(len(counts)), counts)
        sizes = spelling.lengths[items]
        ends = np.cumsum(sizes)
        before = np.concatenate([[0], ends])[np.cumsum(counts) - counts]  # tokens of earlier rows
        starts = 1 + ends - sizes - before[rows]
        lengths = 1 + np.bincount(rows, sizes, minlength=len(counts)).astype(np.int64)
        out = np.full((len(counts), int(lengths.max(initial=1))), spelling.end, np.int64)
        within = np.arange(sizes.sum()) - np.repeat(ends - sizes, sizes)
        places = np.repeat(spelling.indptr[items], sizes) + within
        out[np.repeat(rows, sizes), np.repeat(starts, sizes) + within] = spelling.tokens[places]
        return cls(out, lengths, rows, starts)


@dataclass(frozen=True)
class Task:
    """Lines and what to say in them: `items` (events,), each from what stands before its name."""

    lines: Lines
    items: Longs

    def __len__(self) -> int:
        return len(self.items)


class Windows:
    """Sequences cut, from their ends, into windows of names with about `longest` tokens."""

    def __init__(self, sequences: Sequences, longest: int, spelling: Spelling) -> None:
        self.spelling, self.items = spelling, sequences.items.astype(np.int64)
        window = windows_back(sequences, longest, spelling)
        fresh = np.ones(len(self.items), bool)
        fresh[1:] = (np.diff(window) != 0) | (np.diff(sequences.rows) != 0)
        self.starts = np.flatnonzero(fresh)
        self.ends = np.append(self.starts[1:], len(self.items))[: len(self.starts)]
        sizes = np.concatenate([[0], np.cumsum(spelling.lengths[self.items])])
        self.sizes = sizes[self.ends] - sizes[self.starts]

    def epoch(self, rng: np.random.Generator, tokens: int) -> Iterator[Task]:
        """One pass in random order, in batches of about `tokens`; windows of like length share
        one."""
        order = rng.permutation(len(self.ends))
        order = order[np.argsort(self.sizes[order], kind="stable")]
        cuts = np.unique(np.cumsum(self.sizes[order]) // tokens, return_index=True)[1][1:]
        batches = np.split(order, cuts)
        for i in rng.permutation(len(batches)):
            yield self.task(batches[i])

    def task(self, windows: Longs) -> Task:
        """The windows as lines; every event in them is to be said."""
        counts = self.ends[windows] - self.starts[windows]
        offset = np.repeat(self.starts[windows] - (np.cumsum(counts) - counts), counts)
        items = self.items[np.arange(counts.sum()) + offset]
        return Task(Lines.of(self.spelling, items, counts), items)


def choice_loss(hidden: Tensor, head: Tensor, tree: PrefixTree, task: Task) -> Tensor:
    """Mean over the items of `task` of `-log P(name)`: `hidden` (b, t, d) states of its lines,
    `head` (v, d) what answers for each token.

    At every token of a name the right one competes with what else may stand there in the catalogue,
    so that a place without a choice teaches nothing. A hierarchical softmax: Morin and Bengio,
    "Hierarchical probabilistic neural network language model", 2005.
    """
    paths = tree.paths[task.items]  # (p, levels)
    free = ~tree.only_children[paths]
    which, level = np.nonzero(free)
    right = paths[which, level]
    rows, columns = task.lines.rows[which], task.lines.starts[which] + level - 1
    asked = hidden[torch.from_numpy(rows), torch.from_numpy(columns)]  # (q, d)
    parents = tree.parents[right]
    many = (parents < 0) | (tree.count[parents] > MANY)
    total = asked.new_zeros(())
    for parent in np.unique(parents[many]):
        mine = np.flatnonzero(parents == parent)
        first, count = children_of(tree, int(parent))
        answers = head[torch.from_numpy(tree.tokens[first : first + count])]
        wanted = torch.from_numpy(right[mine] - first)
        logits = asked[torch.from_numpy(mine)] @ answers.T
        total = total + functional.cross_entropy(logits.float(), wanted, reduction="sum")
    few = np.flatnonzero(~many)
    asked_few = asked[torch.from_numpy(few)]
    for block in blocks(tree, parents[few], right[few]):
        answers = head[torch.from_numpy(tree.tokens[np.maximum(block.children, 0)])]
        total = total + block_loss(asked_few, answers, block)
    return total / len(task)


def windows_back(sequences: Sequences, longest: int, spelling: Spelling) -> Longs:
    """(events,): which window each event falls into, 0 for the last one of its row. The names of a
    window have `longest` tokens, or up to one name more."""
    sizes = spelling.lengths[sequences.items]
    done = np.concatenate([[0], np.cumsum(sizes)])
    left = np.repeat(done[sequences.indptr[1:]], sequences.lengths) - done[1:]  # tokens after it
    out: Longs = left // longest
    return out


def children_of(tree: PrefixTree, parent: int) -> tuple[int, int]:
    """The first child of a prefix, -1 for the empty one, and how many there are."""
    if parent < 0:
        return 0, tree.roots
    return int(tree.first[parent]), int(tree.count[parent])
