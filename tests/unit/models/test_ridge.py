"""Many small ridge regressions, against one plain solve each."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.models.factors.ridge import Ridge


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=8),
    dimension=st.integers(1, 8),
    seed=st.integers(0, 999),
)
def test_rows_of_any_length_solve_their_own_system(
    lengths: list[int], dimension: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    events = int(indptr[-1])
    features = rng.normal(size=(events, dimension))
    targets, weights = rng.normal(size=events), rng.random(events) * (rng.random(events) > 0.2)
    root = rng.normal(size=(dimension, dimension))
    base = root @ root.T + np.eye(dimension)
    out = Ridge(base).rows(indptr, features, targets, weights)
    for row, (start, stop) in enumerate(itertools.pairwise(indptr)):
        own, w = features[start:stop], weights[start:stop]
        want = np.linalg.solve(base + (own.T * w) @ own, own.T @ targets[start:stop])
        np.testing.assert_allclose(out[row], want, rtol=1e-6, atol=1e-8)
