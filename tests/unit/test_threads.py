"""Several tasks of one thread each: order, errors, and what the libraries are left with."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from prismrec.threads import cores, every_core, side_by_side


def test_results_come_in_the_order_of_the_inputs() -> None:
    first_done = threading.Event()

    def work(n: int) -> int:
        if n == 0 and cores() > 1:
            assert first_done.wait(10)  # the second is done before the first
        first_done.set()
        return n * n

    with every_core():
        assert list(side_by_side(work, range(50))) == [n * n for n in range(50)]


def test_outside_of_every_core_the_caller_does_it_all() -> None:
    here = threading.get_ident()
    assert set(side_by_side(lambda _: threading.get_ident(), range(5))) == {here}


def test_inside_a_task_nothing_more_is_spread() -> None:
    def names(_: int) -> set[int]:
        own = threading.get_ident()
        return set(side_by_side(lambda _: threading.get_ident(), range(3))) | {own}

    with every_core():
        for seen in side_by_side(names, range(4)):
            assert len(seen) == 1


def test_libraries_take_one_thread_inside_and_what_they_had_before_afterwards() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with every_core():
            assert torch.get_num_threads() == 1
            assert set(side_by_side(lambda _: torch.get_num_threads(), range(4))) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_first_error_ends_it() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise ValueError("the third")
        return n

    with every_core(), pytest.raises(ValueError, match="the third"):
        list(side_by_side(work, range(1000)))


def test_a_fit_is_the_same_on_one_core_and_on_many(monkeypatch: pytest.MonkeyPatch) -> None:
    from prismrec.core import Interactions, ItemFeatures, Sequences, generator
    from prismrec.models.default import Default
    from prismrec.models.settings import ModelSettings

    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 30, rng.integers(4, 12)).tolist() for _ in range(80)]
    data = Interactions(Sequences.of(rows), ItemFeatures.bare(30))
    learner = Default(ModelSettings(dimension=16, work=0.01, experts=("item_knn", "als", "prism")))

    def scores(of: int) -> np.ndarray:
        monkeypatch.setattr("prismrec.threads.cores", lambda: of)
        with every_core():
            scorer = learner.fit(data, generator(1, "fit"))
            return np.asarray(scorer.score(data.queries()))

    np.testing.assert_array_equal(scores(1), scores(3))


def test_two_transformers_at_once_do_not_disturb_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prismrec.core import Interactions, ItemFeatures, Sequences, generator
    from prismrec.models.default import Default
    from prismrec.models.settings import ModelSettings

    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 30, rng.integers(4, 12)).tolist() for _ in range(80)]
    data = Interactions(Sequences.of(rows), ItemFeatures.bare(30))
    learner = Default(ModelSettings(dimension=16, work=0.02, experts=("prism", "sasrec")))

    def scores(of: int) -> np.ndarray:
        monkeypatch.setattr("prismrec.threads.cores", lambda: of)
        with every_core():
            return np.asarray(learner.fit(data, generator(1, "fit")).score(data.queries()))

    np.testing.assert_array_equal(scores(1), scores(3))
