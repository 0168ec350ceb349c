"""Which of some names a text is about, by the names alone: no labelled item is needed.

A name is near a text by words and by meaning. Names that are near everything ("Sets") are held back
by what they are near on average. Then the surest texts of every name teach the others: what is
learned from them reads texts that say the thing in other words (self-training; Meng et al.,
"Text Classification Using Label Names Only", EMNLP 2020, has the idea).
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Longs, Scores
from prismrec.language.knowledge.ridge import Ridge
from prismrec.language.knowledge.space import TextSpace

__all__ = ["near_names", "self_taught"]

SUREST = 10
"""Texts of a name that teach."""
PENALTY = 1.0
_BATCH = 2048


def near_names(space: TextSpace, texts: Longs, names: Longs) -> Scores:
    """(t, c) how near each text is to each name, beyond what all of them are; `texts` (t,) and
    `names` (c,) are places in `space`."""
    near = (space.words[texts] @ space.words[names].T).toarray()
    if space.meaning.shape[1]:
        meaning = space.meaning[texts] @ space.meaning[names].T
        near = near + meaning - meaning.mean(axis=0)
    return np.asarray(near, np.float32)


def self_taught(space: TextSpace, near: Scores, rounds: int = 2) -> Scores:
    """(n, c) the scores after the surest texts of each name taught; `near` (n, c) is where to
    begin, of the first n texts of `space`."""
    from scipy.sparse import csr_array

    scores = near
    for _ in range(rounds):
        rows, columns = _surest(scores)
        ones = np.ones(len(rows), np.float32)
        targets = csr_array((ones, (np.arange(len(rows)), columns)), (len(rows), near.shape[1]))
        weights = Ridge(space.kernel(rows, rows), PENALTY).weights(targets)
        learned = np.concatenate(
            [space.kernel(some, rows) @ weights for some in _batches(len(near))]
        )
        scores = near + learned
    return scores


def _surest(scores: Scores) -> tuple[Longs, Longs]:
    """The texts whose best name leads by most, at most `SUREST` a name: rows, and their names."""
    best = scores.argmax(axis=1)
    ordered = np.partition(scores, -2, axis=1) if scores.shape[1] > 1 else scores
    lead = ordered[:, -1] - (ordered[:, -2] if scores.shape[1] > 1 else 0.0)
    order = np.lexsort((-lead, best))
    firsts = np.searchsorted(best[order], best[order])
    rows = order[np.arange(len(order)) - firsts < SUREST]
    return rows, best[rows]


def _batches(n: int) -> list[Longs]:
    return np.split(np.arange(n), range(_BATCH, n, _BATCH))
