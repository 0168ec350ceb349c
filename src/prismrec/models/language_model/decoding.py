"""Beam search down the tree of names: what is said is always the beginning of a name there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core.arrays import Bools, Longs, Scores
from prismrec.models.generative.decoding import best_of_rows
from prismrec.models.generative.names import log_shares
from prismrec.models.language_model.lesson import Lines, children_of
from prismrec.models.language_model.network import CausalModel
from prismrec.models.language_model.spelling import Spelling

__all__ = ["Said", "followed"]


@dataclass(frozen=True)
class Said:
    """Prefixes `nodes` (t,) of the tree that were weighed for queries `rows` (t,), and the
    log-probability of each, `scores` (t,)."""

    rows: Longs
    nodes: Longs
    scores: Scores

    def take(self, kept: Longs | Bools) -> Said:
        """Some of them."""
        return Said(self.rows[kept], self.nodes[kept], self.scores[kept])


def followed(
    model: CausalModel, spelling: Spelling, lines: Lines, width: int, living: Bools | None = None
) -> Iterator[Said]:
    """Level after level, the children of the `width` likeliest prefixes of each line that more than
    one name begins with. `living` (b, N) says which prefixes may be followed or said.

    A token's probability is its share among the tokens that may stand there.
    """
    tree, b = spelling.tree, len(lines.lengths)
    states, read, mask = model.begin(lines.tokens, lines.lengths)
    beams = Said(np.arange(b), np.full(b, -1), np.zeros(b, np.float32))
    while len(beams.rows):
        said, owners = _children(model.head, spelling, states, beams)
        if living is not None:
            kept = np.flatnonzero(living[said.rows, said.nodes])
            said, owners = said.take(kept), owners[kept]
        yield said
        longer = np.flatnonzero(~spelling.alone[said.nodes])
        rest = said.take(longer)
        best, _ = best_of_rows(rest.rows, rest.nodes, rest.scores, width)
        beams = rest.take(best)
        if len(beams.rows):
            tokens = tree.tokens[beams.nodes]
            states, read, mask = model.go_on(tokens, owners[longer[best]], read, mask)


def _children(head: Tensor, spelling: Spelling, states: Tensor, beams: Said) -> tuple[Said, Longs]:
    """All that may follow each of the `beams` (t,) with `states` (t, d), and the beam of each."""
    tree = spelling.tree
    if len(np.unique(beams.nodes)) == 1:  # one product for all
        first, count = children_of(tree, int(beams.nodes[0]))
        answers = head[torch.from_numpy(tree.tokens[first : first + count])]
        logits = (states @ answers.T).float().numpy().ravel()
        children = np.tile(np.arange(first, first + count), len(beams.nodes))
        counts = np.full(len(beams.nodes), count)
        owners = np.repeat(np.arange(len(counts)), counts)
    else:
        counts = tree.count[beams.nodes]
        owners = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        children = tree.first[beams.nodes][owners] + within
        answers = head[torch.from_numpy(tree.tokens[children])]
        logits = torch.einsum("td,td->t", states[torch.from_numpy(owners)], answers).float().numpy()
    starts = np.cumsum(counts) - counts
    shares = log_shares(logits, starts, np.ones(len(logits), bool))
    return Said(beams.rows[owners], children, beams.scores[owners] + shares), owners
