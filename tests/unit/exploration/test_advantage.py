"""One policy against another on the same log, where both values are known."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.exploration.advantage import Advantage, advantage
from prismrec.exploration.diagnostics import NoSupport

CLICK = np.array([0.1, 0.3, 0.6])


def slates(n: int, seed: int) -> np.ndarray:
    """One place, three items, shown alike."""
    return np.random.default_rng(seed).integers(0, 3, n)


def judged(chances: tuple[float, ...], n: int, seed: int) -> Advantage:
    shown, rng = slates(n, seed), np.random.default_rng(seed + 1)
    rewards = (rng.random(n) < CLICK[shown]).astype(float)[:, None]
    even = np.full((n, 1), 1 / 3)
    asked = np.array(chances)[shown][:, None]
    return advantage(rewards, even, even, asked, np.arange(n), seed=seed)


def test_the_difference_is_found_and_its_interval_covers() -> None:
    truth = float(np.array([0.1, 0.3, 0.6]) @ CLICK - CLICK.mean())
    inside = [judged((0.1, 0.3, 0.6), 800, seed).interval for seed in range(80)]
    assert sum(low <= truth <= high for low, high in inside) >= 71  # 76 expected
    found = judged((0.1, 0.3, 0.6), 20_000, 500)
    assert found.difference == pytest.approx(truth, abs=0.02)
    assert found.challenger - found.champion == pytest.approx(found.difference)
    assert found.passes(0.1)
    assert not found.passes(1.0)
    assert not judged((0.6, 0.3, 0.1), 2000, 1).passes(0.0)


def test_policies_that_show_the_same_differ_by_nothing() -> None:
    found = judged((1 / 3, 1 / 3, 1 / 3), 300, 2)
    assert found.difference == 0.0
    assert found.interval == (0.0, 0.0)


def test_what_the_log_never_showed_is_refused_or_kept_back() -> None:
    n = 400
    even, none = np.full((n, 1), 1 / 3), np.zeros((n, 1))
    with pytest.raises(NoSupport):
        advantage(np.ones((n, 1)), even, even, none, np.arange(n), seed=0)
    half = np.where(slates(n, 3) == 0, 0.5, 0.0)[:, None]  # the other half is of unknown items
    found = advantage(np.ones((n, 1)), even, even, half, np.arange(n), seed=0)
    assert not found.honest
    assert not found.passes(-1.0)
