"""EASE with text: a linear autoencoder over items, drawn towards what their texts say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from prismrec.core import Cases, Interactions, ItemFeatures, Scorer
from prismrec.core.arrays import Floats, Vectors
from prismrec.models.neighbours.ease import inverse_gram, largest_weights, refuse_too_many
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import user_item_matrix

__all__ = ["TextEASE", "TextEASEScorer"]


@dataclass(frozen=True)
class TextEASE:
    """Minimises `|X - X B|^2 + c (regularisation |B|^2 + pull |B - S|^2)` with a zero diagonal,
    where c is how many people took an item, on average over the items.

    `S` is the same without behaviour: it minimises `|V^T - V^T S|^2 + text_regularisation |S|^2`
    with a zero diagonal over the whitened text vectors `V` (n, d), so that `S_ij` says how much of
    text j is made of text i. What few people took is then explained by its text, what many took by
    them. Without text it is EASE of the same strength in all. Half-life, `neighbours`, memory and
    `max_items` are as in `EASE`; of the second matrix only `2 n d` numbers are ever held.
    Source: Moon et al. 2025, "LLM-enhanced linear autoencoders for recommendation" (L3AE).
    """

    regularisation: float = 2.0
    pull: float = 14.0
    text_regularisation: float = 3.0
    ridge: float = 0.003
    neighbours: int = 300
    half_life: float | None = None
    max_items: int = 20_000
    name: str = "text_ease"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Invert once, then choose the half-life where it is not set (see `faded`).

        Raises `BadSettings` above `max_items` items.
        """
        refuse_too_many(train.n_items, self.max_items)
        taken = user_item_matrix(train.positives, train.n_items)
        texts = whitened(train.features, self.ridge)
        takers = max(taken.nnz / max(train.n_items, 1), 1.0)
        pull = self.pull * takers if texts.shape[1] else 0.0
        inverse = inverse_gram(taken, (self.regularisation + self.pull) * takers)
        dense = pulled_weights(inverse, texts, pull, self.text_regularisation)
        weights = largest_weights(dense, self.neighbours)
        del inverse, dense

        def make(half_life: float) -> TextEASEScorer:
            return TextEASEScorer(weights, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)


def whitened(features: ItemFeatures, ridge: float) -> Floats:
    """(n, d) float64; no columns where the collection has no text."""
    texts = features.text_vectors
    if texts is None or not np.any(texts):
        return np.zeros((len(features), 0))
    return np.asarray(Whitening.of(texts, ridge).apply(texts), np.float64)


def pulled_weights(inverse: Vectors, texts: Floats, pull: float, ridge: float) -> Vectors:
    """`B` (n, n) float32, made of `inverse` in place.

    With `P = inverse = (X^T X + (regularisation + pull) I)^-1`, the Lagrangian of the zero diagonal
    gives `B = I + pull P S - P diag(g)`. `S = I - Q / diag(Q)` with `Q = (V V^T + ridge I)^-1`,
    which is `(I - V M V^T) / ridge` with `M = (V^T V + ridge I)^-1` of d by d (Woodbury), so that
    `P S` is P with its columns scaled, plus a product of (n, d) and (d, n).
    """
    n, d = texts.shape
    middle = np.linalg.inv(texts.T @ texts + ridge * np.eye(d))
    mapped = texts @ middle  # (n, d)
    own = 1 - np.einsum("nd,nd->n", mapped, texts)  # ridge * diag(Q)
    left = (inverse @ mapped.astype(np.float32)) * np.float32(pull)  # (n, d)
    right = (texts / own[:, None]).astype(np.float32)  # (n, d)
    scale = pull * (1 - 1 / own)
    diagonal = np.diag(inverse).astype(np.float64)
    crossed = np.einsum("nd,nd->n", left, right)
    multipliers = (1 + diagonal * scale + crossed) / diagonal
    columns = (scale - multipliers).astype(np.float32)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        inverse[rows] *= columns
        inverse[rows] += left[rows] @ right.T
    inverse[np.diag_indices(n)] = 0
    return inverse


BLOCK = 1024
"""Rows of the dense matrix that are made at a time."""


class TextEASEScorer(NeighbourScorer):
    """History times the weights; a negative prediction says no more than none."""

    kind: ClassVar[str] = "text_ease"
    part_names = ("text_ease",)
    stored = "weights"
