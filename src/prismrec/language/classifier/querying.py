"""Which texts should a person judge next: at first typical ones, then those in doubt."""

from __future__ import annotations

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats, Longs, Vectors

__all__ = ["doubtful_texts", "typical_texts"]

_ROUNDS = 20


def doubtful_texts(probabilities: Floats, n: int) -> Longs:
    """Places of `n` texts (fewer where there are fewer), the most useful first: those with the
    smallest margin between their two likeliest labels (Scheffer, Decomain and Wrobel, "Active
    hidden Markov models for information extraction", 2001).

    `probabilities` (m, c) of the classifier so far, c at least 2.
    """
    best = np.sort(probabilities, axis=1)[:, -2:]
    return np.argsort(best[:, 1] - best[:, 0], kind="stable")[:n].astype(np.int64)


def typical_texts(vectors: Vectors, n: int, rng: np.random.Generator) -> Longs:
    """Places of `n` texts to begin with, where nothing is known of labels: the middle one of each
    of n groups of alike texts, the largest group first.

    `vectors` (m, d) of length one. Hacohen, Dekel and Weinshall, "Active learning on a budget:
    opposite strategies suit high and low budgets", 2022. Raises `BadInput` for n below 1.
    """
    if n < 1:
        raise BadInput(f"{n} texts cannot be chosen.", hint="Ask for at least one.")
    if n >= len(vectors):
        return np.arange(len(vectors), dtype=np.int64)
    centres = vectors[rng.choice(len(vectors), n, replace=False)]
    for _ in range(_ROUNDS):  # spherical k-means (Dhillon and Modha, 2001)
        own = (vectors @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, own, vectors)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(norms > 0, sums / np.maximum(norms, 1e-12), centres)
    likeness = vectors @ centres.T
    own = likeness.argmax(axis=1)
    groups, sizes = np.unique(own, return_counts=True)
    order = groups[np.argsort(-sizes, kind="stable")]
    middles = [np.flatnonzero(own == one)[likeness[own == one, one].argmax()] for one in order]
    found = np.array(middles, np.int64)
    rest = np.setdiff1d(np.arange(len(vectors)), found)  # groups that came out empty
    return np.concatenate([found, rng.permutation(rest)])[:n]
