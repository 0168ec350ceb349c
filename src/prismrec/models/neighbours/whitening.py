"""Whitening of text vectors: what all items have in common says nothing about any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from prismrec.core.arrays import Vectors

__all__ = ["Whitening"]


@dataclass(frozen=True)
class Whitening:
    """`w(x) = unit((x - mean) @ map)`; a row of zeros stays a row of zeros.

    `mean` (d,) and `map` (d, d) float32 come from the vectors of a catalogue: `map` scales each
    principal direction by `(variance + ridge * largest variance)^(-1/2)`.
    Source: Su et al. 2021, "Whitening sentence representations for better semantics and faster
    retrieval" (https://arxiv.org/abs/2103.15316).
    """

    mean: Vectors
    map: Vectors

    @classmethod
    def of(cls, vectors: Vectors, ridge: float) -> Self:
        """Measured on the rows of `vectors` (n, d) that are not zero; the identity map where fewer
        than two are."""
        present = vectors[np.any(vectors != 0, axis=1)].astype(np.float64)
        dimension = vectors.shape[1]
        if len(present) < 2:
            return cls(np.zeros(dimension, np.float32), np.eye(dimension, dtype=np.float32))
        mean = present.mean(axis=0)
        centred = present - mean
        variances, directions = np.linalg.eigh(centred.T @ centred / len(present))
        variances = np.maximum(variances, 0)
        scale = (variances + ridge * variances.max() + 1e-12) ** -0.5
        return cls(mean.astype(np.float32), (directions * scale).astype(np.float32))

    def apply(self, vectors: Vectors) -> Vectors:
        """(n, d) float32: rows of length one, or zero where the vector was zero."""
        present = np.any(vectors != 0, axis=1)
        mapped = (vectors - self.mean) @ self.map
        norms = np.linalg.norm(mapped, axis=1, keepdims=True)
        unit: Vectors = mapped / np.maximum(norms, np.float32(1e-12))
        unit[~present] = 0
        return unit
