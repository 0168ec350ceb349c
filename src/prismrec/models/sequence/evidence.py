"""How much each view of an item says of what comes next, measured before anything is trained.

A gate that learns has no reason to close on a view that says nothing: what the view adds is small
noise, and the model learns around it. So the gates start from what the events show.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from prismrec.core import Bags, Interactions, Sequences
from prismrec.core.arrays import Floats, Longs, Vectors

__all__ = ["view_evidence"]

PAIRS = 20_000
"""Pairs of events that are looked at, at most; the standard error is then below 0.01."""
LEAST = 0.01
"""No view starts below this share of the identity view, so that it can still grow."""


def view_evidence(train: Interactions, rng: np.random.Generator) -> dict[str, float]:
    """For the views of the items besides `identity`, as far as they have them, a number in
    [`LEAST`, 1]: 1 where the view tells what comes next as surely as who comes next, `LEAST` where
    it says nothing.

    It is `2 AUC - 1` of the likeness of two events that follow each other against that of the first
    of them and any event: how much more often what came next is the more alike of the two. Without
    any pair, 1.
    """
    first, followed, other = pairs(train.positives, rng)
    features = train.features
    found: dict[str, Vectors | sparse.csr_array] = {}
    if features.text_vectors is not None:
        found["text"] = centred(features.text_vectors)
    if len(features.attributes.names):
        found["attributes"] = weighed(features.attributes)
    found |= {f"media:{name}": centred(vectors) for name, vectors in features.vectors.items()}
    return {
        view: max(LEAST, gini(alike(rows, first, followed), alike(rows, first, other)))
        for view, rows in found.items()
    }


def pairs(events: Sequences, rng: np.random.Generator) -> tuple[Longs, Longs, Longs]:
    """Items (p,), the items that followed them, and those of events drawn from all; the three are
    different items."""
    rows, items = events.rows, events.items.astype(np.int64)
    at = np.flatnonzero(rows[1:] == rows[:-1])
    if len(at) > PAIRS:
        at = rng.choice(at, PAIRS, replace=False)
    other = items[rng.integers(len(items), size=len(at))] if len(at) else at
    first, followed = items[at], items[at + 1]
    kept = (first != followed) & (first != other) & (followed != other)
    return first[kept], followed[kept], other[kept]


def gini(right: Floats, wrong: Floats) -> float:
    """`P(right > wrong) - P(right < wrong)` of pairs (p,); 1 where there are none."""
    return float(np.sign(right - wrong).mean()) if len(right) else 1.0


def alike(rows: Vectors | sparse.csr_array, a: Longs, b: Longs) -> Floats:
    """The products of rows `a` (p,) with rows `b` (p,) of (n, d)."""
    left, right = rows[a], rows[b]
    product = left.multiply(right) if sparse.issparse(left) else left * right
    return np.asarray(product.sum(axis=1)).ravel()


def centred(vectors: Vectors) -> Vectors:
    """Rows of length one around the mean; a row of zeros stays one."""
    there = np.any(vectors != 0, axis=1)
    mean = vectors[there].mean(axis=0) if there.any() else np.float32(0)
    rows = np.where(there[:, None], vectors - mean, 0)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def weighed(bags: Bags) -> sparse.csr_array:
    """Rows of length one in which a token counts by its rarity, `log(n / items with it)`."""
    counts = np.bincount(bags.indices, minlength=len(bags.names))
    rarity = np.log(len(bags) / np.maximum(counts, 1)) + 1e-6
    shape = (len(bags), len(bags.names))
    rows = sparse.csr_array((rarity[bags.indices], bags.indices, bags.indptr), shape=shape)
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(norms, 1e-9)) @ rows)
