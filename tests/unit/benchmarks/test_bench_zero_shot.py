"""What the zero-shot benchmark compares with: chance, computed, and profiles of words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from benchmarks.zero_shot import WordProfiles, at_random
from prismrec.core import Cases, QueryBatch
from prismrec.evaluation.ranks import HistoryFilter


def test_chance_is_ten_of_what_may_come_out():
    queries = QueryBatch.of([[0, 1, 1], [], [5]])
    no = np.zeros(3, bool)
    cases = Cases(queries, np.array([2, 3, 4], np.int32), np.arange(3, dtype=np.int32), no, no)
    rule = HistoryFilter(repeats=False, consumed=frozenset({0}))
    drawn = at_random(cases, rule, 20)
    assert drawn == pytest.approx(np.mean([10 / 18, 10 / 20, 10 / 19]))
    assert at_random(cases, rule, 8) == 1.0


def test_a_profile_of_words_is_the_mean_of_a_history():
    rows = sparse.csr_array(np.eye(4, dtype=np.float32))
    scores = WordProfiles(rows, 1e6).score(QueryBatch.of([[0, 2], [3]]))
    np.testing.assert_allclose(scores, [[0.5, 0, 0.5, 0], [0, 0, 0, 1]], atol=1e-5)
