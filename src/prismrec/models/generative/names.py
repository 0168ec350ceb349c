"""A catalogue as the trained model can name it: the tree of all IDs, and what answers for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from prismrec.core.arrays import Bools, Longs, Scores, Vectors
from prismrec.models.generative.tree import PrefixTree

__all__ = ["Names", "log_shares"]


@dataclass(frozen=True)
class Names:
    """The N prefixes of a catalogue: `answers` (N, w) to be multiplied with what a query asks of
    their level, and `counts` (N,), which of them stand in the denominator of their siblings.

    A prefix that training knew counts, as does one whose siblings are all unknown. One that came
    later is weighed against its trained siblings and itself, so that an item that arrives changes
    the score of no other that was there at training.
    """

    tree: PrefixTree
    answers: Vectors
    counts: Bools

    @classmethod
    def of(
        cls, tree: PrefixTree, known: Bools, trained: Vectors, content: Vectors
    ) -> tuple[Self, Longs]:
        """Names of the items of `tree`, of which training knew the `known` (n,); and for each item
        the rows of its prefixes among the trained ones, or their number, (n, levels).

        `trained` (r, w) are the answers of the trained prefixes in their order; all others answer
        with the mean `content` (n, q) of the items below them, in the last q columns.
        """
        had = tree.living(known)
        rows = np.where(had, np.cumsum(had) - 1, len(trained))
        answers = np.zeros((len(tree), trained.shape[1]), np.float32)
        answers[had] = trained
        answers[~had, trained.shape[1] - content.shape[1] :] = means_below(tree, content)[~had]
        some = np.zeros(len(tree) + 1, bool)  # by parent; the first level's is the last
        some[tree.parents[had]] = True
        return cls(tree, answers, had | ~some[tree.parents]), rows[tree.paths]

    def level(self, asked: Vectors, level: int) -> Scores:
        """(b, prefixes of the level): the log of each one's share among its siblings, given what
        b queries ask of that level, (b, w)."""
        begin, end = self.tree.starts[level], self.tree.starts[level + 1]
        logits = asked @ self.answers[begin:end].T
        parents = self.tree.parents[begin:end]
        starts = np.flatnonzero(np.append(True, parents[1:] != parents[:-1])[: len(parents)])
        return log_shares(logits, starts, self.counts[begin:end])


def means_below(tree: PrefixTree, rows: Vectors) -> Vectors:
    """(N, q): the mean of `rows` (n, q) over the items that begin with each prefix."""
    before = np.zeros((len(rows) + 1, rows.shape[1]))
    np.cumsum(rows[tree.items], axis=0, dtype=np.float64, out=before[1:])
    counts = (tree.high - tree.low)[:, None]
    return ((before[tree.high] - before[tree.low]) / counts).astype(np.float32)


def log_shares(logits: Scores, starts: Longs, counts: Bools) -> Scores:
    """Log-softmax of `logits` (..., t) within the segments that begin at `starts`, over those that
    count (t,), of which each segment has one; another one is set against them and itself."""
    if not len(starts):
        return logits
    weighed = logits if counts.all() else np.where(counts, logits, -np.inf)
    sizes = np.diff(np.append(starts, logits.shape[-1]))
    top = np.maximum.reduceat(weighed, starts, axis=-1)
    raised = np.exp(weighed - np.repeat(top, sizes, axis=-1))
    total = np.log(np.add.reduceat(raised, starts, axis=-1)) + top
    share = logits - np.repeat(total, sizes, axis=-1)
    if weighed is not logits:
        share = np.where(counts, share, -np.logaddexp(0, -share))
    return np.minimum(share, 0)
