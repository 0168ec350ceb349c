"""EASE with text: a linear autoencoder over items, drawn towards what their texts say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from prismrec.core import Cases, Interactions, ItemFeatures, Scorer
from prismrec.core.arrays import Floats, Vectors
from prismrec.data import wants_repeats
from prismrec.models.neighbours.ease import (
    EASE,
    inverse_gram,
    largest_weights,
    refuse_too_many,
    row_blocks,
)
from prismrec.models.neighbours.scorer import NeighbourScorer
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.sparse_matrices import user_item_matrix
from prismrec.models.validation import ndcg_of, sampled

__all__ = ["TextEASE", "TextEASEScorer"]

SHARE = 0.9
"""`text`, where text helps."""
CASES = 3000
USUAL = 2.0
"""Half-life in events while weights are compared."""


@dataclass(frozen=True)
class TextEASE:
    """Minimises `|X - X B|^2 + c ((1 - text) |B|^2 + text |B - S|^2)` with a zero diagonal, where
    c is `regularisation` times how many people took an item, on average over the items.

    `S` is the same without behaviour: it minimises `|V^T - V^T S|^2 + text_regularisation |S|^2`
    with a zero diagonal over the whitened text vectors `V` (n, d), so that `S_ij` says how much of
    text j is made of text i. What few people took is then explained by its text, what many took by
    them. `text` None takes what does best on validation of 0.9, of 0, and of `EASE` as it comes,
    whose c does not grow with the people; 0.9 without validation. Half-life, `neighbours`, memory
    and `max_items` are as in `EASE`; of the second matrix only `2 n d` numbers are ever held.
    Source: Moon et al. 2025, "LLM-enhanced linear autoencoders for recommendation" (L3AE).
    """

    regularisation: float = 16.0
    text: float | None = None
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
        """Choose the weights and the half-life where they are not set.

        Raises `BadSettings` above `max_items` items.
        """
        refuse_too_many(train.n_items, self.max_items)
        weights = self._weights(train, validation, rng)

        def make(half_life: float) -> TextEASEScorer:
            return TextEASEScorer(weights, half_life, train.n_items)

        return faded(make, self.half_life, train, validation, start, rng)

    def _weights(
        self, train: Interactions, validation: Cases | None, rng: np.random.Generator
    ) -> sparse.csr_array:
        """The weights that are kept, (n_items, n_items)."""
        taken = user_item_matrix(train.positives, train.n_items)
        texts = whitened(train.features, self.ridge)
        by_people = self.regularisation * max(taken.nnz / max(train.n_items, 1), 1.0)
        compares = self.text is None and validation is not None and len(validation) > 0
        share = SHARE if self.text is None else self.text
        shares = {by_people: (0.0, share) if compares else (share,)}
        if compares:
            shares[EASE.regularisation] = (0.0,)
        made = [
            weights
            for strength, tried in shares.items()
            for weights in self._pulled(taken, texts, strength, tried)
        ]
        if validation is None or len(made) == 1:
            return made[0]
        cases, repeats = sampled(validation, CASES, rng), wants_repeats(train)
        scorers = [TextEASEScorer(w, self.half_life or USUAL, train.n_items) for w in made]
        figures = [float(ndcg_of(scorer, cases, repeats).mean()) for scorer in scorers]
        return made[int(np.argmax(figures))]

    def _pulled(
        self, taken: sparse.csr_array, texts: Floats, strength: float, shares: Iterable[float]
    ) -> list[sparse.csr_array]:
        """The weights for each share of text, all of one inverse; without texts, for none."""
        inverse = inverse_gram(taken, strength)
        told = sorted({share if texts.shape[1] else 0.0 for share in shares})
        return [
            pulled_weights(
                inverse, texts, share * strength, self.text_regularisation, self.neighbours
            )
            for share in told
        ]


def whitened(features: ItemFeatures, ridge: float) -> Floats:
    """(n, d) float64; no columns where the collection has no text."""
    texts = features.text_vectors
    if texts is None or not np.any(texts):
        return np.zeros((len(features), 0))
    return np.asarray(Whitening.of(texts, ridge).apply(texts), np.float64)


def pulled_weights(
    inverse: Vectors, texts: Floats, pull: float, ridge: float, kept: int
) -> sparse.csr_array:
    """The `kept` largest positive weights of every row of `B` (n, n).

    With `P = inverse = (X^T X + c I)^-1`, the Lagrangian of the zero diagonal gives
    `B = I + pull P S - P diag(g)`. `S = I - Q / diag(Q)` with `Q = (V V^T + ridge I)^-1`, which is
    `(I - V M V^T) / ridge` with `M = (V^T V + ridge I)^-1` of d by d (Woodbury), so that `P S` is P
    with its columns scaled, plus a product of (n, d) and (d, n).
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

    def block(rows: slice) -> Vectors:
        weights = inverse[rows] * columns
        weights += left[rows] @ right.T
        weights[np.arange(len(weights)), np.arange(rows.start, rows.stop)] = 0
        return weights

    return largest_weights(map(block, row_blocks(n)), n, kept)


class TextEASEScorer(NeighbourScorer):
    """History times the weights; a negative prediction says no more than none."""

    kind: ClassVar[str] = "text_ease"
    part_names = ("text_ease",)
    stored = "weights"
