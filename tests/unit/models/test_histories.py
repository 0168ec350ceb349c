"""The evidence of one history is that of the same history in a batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from prismrec.core import Sequences
from prismrec.models.scoring.histories import history_evidence

items = st.lists(st.integers(0, 14), max_size=9)


@settings(deadline=None, max_examples=60)
@given(history=items, other=items, seed=st.integers(0, 99), half_life=st.sampled_from([1.0, 8.0]))
def test_one_query_and_a_batch_agree(
    history: list[int], other: list[int], seed: int, half_life: float
) -> None:
    rng = np.random.default_rng(seed)
    known, n_items = 12, 15  # three items came after training
    neighbours = sparse.random_array((known, known), density=0.4, rng=rng, format="csr")
    both = Sequences.of([history, other])
    signs = np.where(rng.random(len(both.items)) < 0.2, -1, 1).astype(np.float32)
    both = Sequences(both.indptr, both.items, both.kinds, both.times, signs, both.values)
    batch = history_evidence(both, neighbours, half_life, n_items)
    alone = history_evidence(both.take(np.array([0])), neighbours, half_life, n_items)
    assert alone.shape == (1, n_items)
    assert alone.dtype == np.float32
    np.testing.assert_allclose(alone[0], batch[0], rtol=1e-5, atol=1e-6)
