"""Semantic IDs: an item's name is a few tokens, coarse to fine, learned by residual k-means.

Level after level, what the codewords so far leave over of an item's vector is clustered again, and
the number of the cluster is the next token (RQ-KMeans; the residual quantisation of Rajput et al.,
"Recommender systems with generative retrieval", 2023). Items that share all these tokens are told
apart by one last token, their place among each other in order of position.

The vector is an item's content, beside which stands what occurs together with it. An item that
nobody took has no such half: a ridge regression from content fills it in, so that an item that
comes later gets a name from content alone, and lands beside items that are used like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Vectors

__all__ = ["Codebooks", "Space", "numbered"]

RIDGE = 1.0
"""Of the map from content to co-occurrence, in units of one item."""
ROUNDS = 20
SAMPLE = 256
"""Rows a codeword that k-means reads at most; more change its means by less than they cost."""
BLOCK = 1 << 24
"""Distances computed at a time."""


@dataclass(frozen=True)
class Space:
    """Where items are clustered: `[content, behaviour * co-occurrence]`.

    `slope` (q + 1, d) maps content and a constant to co-occurrence vectors, weight included.
    """

    slope: Vectors

    @classmethod
    def of(cls, content: Vectors, together: Vectors, known: Bools, behaviour: float) -> Self:
        """From the `known` items: `content` (n, q), and `together` (n, d), of any length."""
        target = behaviour * unit(together[known])
        given = with_constant(content[known]).astype(np.float64)
        gram = given.T @ given + RIDGE * np.eye(given.shape[1])
        return cls(np.linalg.solve(gram, given.T @ target).astype(np.float32))

    def vectors(self, content: Vectors) -> Vectors:
        """(n, q + d) of items of which only the content (n, q) is known."""
        return np.concatenate([content, with_constant(content) @ self.slope], axis=1)


@dataclass(frozen=True)
class Codebooks:
    """`words[l]` (k_l, d) are the codewords of level l."""

    words: tuple[Vectors, ...]

    @classmethod
    def of(cls, vectors: Vectors, sizes: tuple[int, ...], rng: np.random.Generator) -> Self:
        """One level a number in `sizes`, learned on the rows of `vectors` (n, d)."""
        left, words = vectors.astype(np.float32), []
        for size in sizes:
            words.append(k_means(left, size, rng))
            left = left - words[-1][nearest(left, words[-1])]
        return cls(tuple(words))

    def codes(self, vectors: Vectors) -> Longs:
        """(n, levels): the tokens of each row of `vectors` (n, d)."""
        left = vectors.astype(np.float32)
        out = np.zeros((len(left), len(self.words)), np.int64)
        for level, words in enumerate(self.words):
            out[:, level] = nearest(left, words)
            left = left - words[out[:, level]]
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` reads."""
        return {f"words.{level}": words for level, words in enumerate(self.words)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        levels = sum(name.startswith("words.") for name in arrays)
        return cls(tuple(arrays[f"words.{level}"] for level in range(levels)))


def numbered(codes: Longs) -> Longs:
    """(n, levels + 1): `codes` (n, levels) with the last token, which counts the rows before with
    the same codes. All rows are different then, and more rows change none of them."""
    n = len(codes)
    order = np.lexsort((np.arange(n), *codes.T[::-1]))
    ordered = codes[order]
    fresh = np.ones(n, bool)
    fresh[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
    first = np.maximum.accumulate(np.where(fresh, np.arange(n), 0))
    last = np.empty(n, np.int64)
    last[order] = np.arange(n) - first
    return np.column_stack([codes, last])


def k_means(rows: Vectors, size: int, rng: np.random.Generator) -> Vectors:
    """(k, d): Lloyd's algorithm from k-means++ seeds; k is `size`, or less where fewer rows differ.
    An empty cluster takes the row that is worst off."""
    if not len(rows):
        return np.zeros((1, rows.shape[1]), np.float32)
    if len(rows) > SAMPLE * size:
        rows = rows[np.sort(rng.choice(len(rows), SAMPLE * size, replace=False))]
    centres = seeds(rows, size, rng)
    for _ in range(ROUNDS):
        label, far = assigned(rows, centres)
        counts = np.bincount(label, minlength=len(centres))
        sums = np.zeros((len(centres), rows.shape[1]), np.float64)
        np.add.at(sums, label, rows)
        fresh = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
        empty = np.flatnonzero(counts == 0)
        fresh[empty] = rows[np.argsort(-far, kind="stable")[: len(empty)]]
        if np.array_equal(fresh, centres):
            break
        centres = fresh
    return centres


def seeds(rows: Vectors, size: int, rng: np.random.Generator) -> Vectors:
    """k-means++ (Arthur and Vassilvitskii, 2007): each seed is drawn in proportion to its squared
    distance from those before."""
    chosen = [int(rng.integers(len(rows)))]
    far = squared(rows, rows[chosen[-1]])
    while len(chosen) < size and far.max() > 1e-9:
        total = np.cumsum(far)
        drawn = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        chosen.append(min(drawn, len(rows) - 1))
        far = np.minimum(far, squared(rows, rows[chosen[-1]]))
    return rows[chosen].copy()


def squared(rows: Vectors, point: Vectors) -> Floats:
    away = rows - point
    return np.einsum("nd,nd->n", away, away).astype(np.float64)


def nearest(rows: Vectors, centres: Vectors) -> Longs:
    """(n,): the centre closest to each row, the first of equals."""
    return assigned(rows, centres)[0]


def assigned(rows: Vectors, centres: Vectors) -> tuple[Longs, Vectors]:
    """The centre closest to each row, and the squared distance, less the row's own length."""
    label, far = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.float32)
    half = np.einsum("kd,kd->k", centres, centres)
    step = max(1, BLOCK // max(len(centres), 1))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        away = half - 2 * (block @ centres.T)
        label[start : start + step] = away.argmin(axis=1)
        far[start : start + step] = away.min(axis=1)
    return label, far + np.einsum("nd,nd->n", rows, rows)


def unit(rows: Vectors) -> Vectors:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(norms, np.float32(1e-9))


def with_constant(rows: Vectors) -> Vectors:
    return np.concatenate([rows, np.ones((len(rows), 1), np.float32)], axis=1)
