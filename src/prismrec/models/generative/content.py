"""One vector an item from what is known of it before anybody took it: its text and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from prismrec.core import Bags, ItemFeatures
from prismrec.core.arrays import Positions, Scores, Vectors
from prismrec.models.neighbours.whitening import Whitening

__all__ = ["ItemContent"]

RIDGE = 0.003
"""Of the whitening, as text neighbours have it."""


@dataclass(frozen=True)
class ItemContent:
    """`vectors` (n, text_size + bag_size): whitened text beside attributes, each projected
    onto its largest directions; zeros where an item has none of the two.

    Everything here was measured at training, so that an item's vector depends on its own text and
    attributes alone. `axes` (d, text_size) are principal directions of the whitened text; `rarity`
    (tokens,) weighs the tokens of a bag and `bag_axes` (tokens, bag_size) are the right singular
    vectors of the weighted bags; a token that came later is left out.
    """

    whitening: Whitening | None
    axes: Vectors
    rarity: Scores
    bag_axes: Vectors

    @property
    def size(self) -> int:
        return self.axes.shape[1] + self.bag_axes.shape[1]

    @classmethod
    def of(
        cls, features: ItemFeatures, text_size: int, bag_size: int, rng: np.random.Generator
    ) -> Self:
        """Measured on all items of `features`."""
        texts, bags = features.text_vectors, features.attributes
        whitening, axes = None, np.zeros((0, 0), np.float32)
        if texts is not None and len(texts):
            whitening = Whitening.of(texts, RIDGE)
            axes = principal_axes(whitening.apply(texts), text_size)
        frequency = np.bincount(bags.indices, minlength=len(bags.names))
        rarity = np.maximum(np.log((len(bags) + 1) / (frequency + 0.5)), 0).astype(np.float32)
        return cls(whitening, axes, rarity, right_vectors(weighted(bags, rarity), bag_size, rng))

    def vectors(self, texts: Vectors | None, bags: Bags) -> Vectors:
        """(n, size) float32 of n items with these text vectors and bags; the text half and the
        attribute half each of length one at most."""
        text = np.zeros((len(bags), self.axes.shape[1]), np.float32)
        if self.whitening is not None and texts is not None and texts.shape[1] == len(self.axes):
            text = self.whitening.apply(texts) @ self.axes
        attributes = weighted(bags, self.rarity) @ self.bag_axes
        return np.concatenate([text, attributes], axis=1).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` reads."""
        out = {"axes": self.axes, "rarity": self.rarity, "bag_axes": self.bag_axes}
        if self.whitening is not None:
            out |= {"mean": self.whitening.mean, "map": self.whitening.map}
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        whitening = Whitening(arrays["mean"], arrays["map"]) if "map" in arrays else None
        return cls(whitening, arrays["axes"], arrays["rarity"], arrays["bag_axes"])


def principal_axes(rows: Vectors, size: int) -> Vectors:
    """(d, min(size, d)): the directions in which `rows` (n, d) vary most, signs fixed."""
    centred = rows - rows.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = directions[:, ::-1][:, :size]
    return np.ascontiguousarray(axes * signs(axes), np.float32)


def right_vectors(rows: sparse.csr_array, size: int, rng: np.random.Generator) -> Vectors:
    """(tokens, r <= size): the largest right singular vectors of `rows`, signs fixed."""
    rank = min(size, *rows.shape)
    if rank < 1 or rows.nnz == 0:
        return np.zeros((rows.shape[1], 0), np.float32)
    from sklearn.utils.extmath import randomized_svd

    _, _, right = randomized_svd(rows, rank, random_state=int(rng.integers(2**31)), n_iter=5)
    return np.ascontiguousarray((right.T * signs(right.T)), np.float32)


def signs(axes: np.ndarray) -> np.ndarray:
    """(1, k) that makes the largest entry of each column positive."""
    if not axes.size:
        return np.ones((1, axes.shape[1]))
    largest = np.abs(axes).argmax(axis=0)
    return np.sign(axes[largest, np.arange(axes.shape[1])])[None]


def weighted(bags: Bags, rarity: Scores) -> sparse.csr_array:
    """(n, tokens) of the known tokens, each weighing its rarity, rows of length one."""
    shape = (len(bags), len(rarity))
    rows = np.repeat(np.arange(len(bags), dtype=np.int32), np.diff(bags.indptr))
    known = bags.indices < len(rarity)
    columns: Positions = bags.indices[known]
    weights = sparse.csr_array((rarity[columns], (rows[known], columns)), shape=shape)
    norms = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    weights.data /= np.repeat(np.maximum(norms, 1e-9), np.diff(weights.indptr)).astype(np.float32)
    return weights
