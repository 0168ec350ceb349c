"""The benchmark of off-policy evaluation: our estimators beside what obp said, worlds of known
value."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ope import coverage, relative_errors
from benchmarks.ope_peer import Oracle
from benchmarks.ope_worlds import problem

OBP = {
    "ips": 0.27403894575122706,
    "snips": 0.4742289894824569,
    "dm": 0.4981266701461259,
    "dr": 0.49658715145630516,
    "sndr": 0.49546250724562413,
    "switch-dr tau=3": 0.5002088830829816,
    "dr-os lambda=5": 0.4971668351090727,
    "slate-ips": 4.177684417059927,
    "independent": 2.0373888886354288,
    "rips": 3.128891109767457,
}
"""What obp 0.4.1 says of the same log and reward model (`benchmarks.peers.obp_worker`)."""


def test_every_estimator_that_obp_has_says_the_same() -> None:
    ours = Oracle.of(0).ours()
    assert set(ours) == set(OBP)
    for name, value in ours.items():
        assert value == pytest.approx(OBP[name], abs=1e-9), name


def test_the_value_of_a_world_is_what_its_target_would_earn() -> None:
    made = problem(np.random.default_rng(3))
    log = made.log
    weights = made.target[log.strata, log.actions] / log.propensities
    error = (weights * log.rewards).std() / np.sqrt(len(log))
    assert abs((weights * log.rewards).mean() - made.value) < 4 * error
    np.testing.assert_allclose(made.target.sum(axis=1), 1.0)


def test_the_tables() -> None:
    assert relative_errors([{"a": 1.0}, {"a": 4.0}], 2.0) == {"a": 0.75}
    found = coverage(3, 0)
    assert {"dr", "empirical Bernstein", "confidence sequence"} <= set(found)
    assert all(0.0 <= row["coverage"] <= 1.0 < 1.0 + row["width"] for row in found.values())
