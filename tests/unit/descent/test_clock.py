"""A deadline ends training between rounds, and says what it ended."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from prismrec.core import generator
from prismrec.descent.clock import Deadline, deadline, out_of_time, until
from prismrec.descent.loop import Plan, descend
from prismrec.threads import side_by_side


def rounds_of(plan: Plan) -> int:
    """How many rounds the training of one number comes to."""
    model = nn.Module()
    model.at = nn.Parameter(torch.zeros(()))

    def ones() -> Iterator[list[int]]:
        while True:
            yield [1]

    return len(descend(model, ones(), lambda _: model.at * 1.0, plan, generator(0)))


def test_training_without_a_deadline_runs_its_rounds():
    assert deadline() is None
    assert not out_of_time()
    assert rounds_of(Plan(4, 1, 1, 0.1)) == 4


def test_after_the_deadline_one_round_is_all_there_is():
    end = Deadline(0)
    with until(end, "towers"):
        assert rounds_of(Plan(4, 1, 1, 0.1)) == 1
    assert end.stopped == ("towers",)
    assert rounds_of(Plan(4, 1, 1, 0.1)) == 4


def test_what_ran_to_its_end_is_not_called_stopped():
    end = Deadline(0)
    with until(end, "towers"):
        assert rounds_of(Plan(1, 1, 1, 0.1)) == 1
    assert end.stopped == ()


def test_a_reserve_ends_it_earlier():
    end = Deadline(1000)
    with until(end, "a"):
        assert not out_of_time()
    with until(end, "b", reserve=2000):
        assert out_of_time()
    assert end.stopped == ("b",)


def test_each_thread_has_its_own_name():
    end = Deadline(0)

    def work(name: str) -> None:
        with until(end, name):
            out_of_time()

    list(side_by_side(work, ["b", "a"]))
    assert end.stopped == ("a", "b")


def test_inside_another_the_inner_deadline_holds():
    outer = Deadline(0)
    with until(outer, "outer"), until(None):
        assert not out_of_time()
    assert outer.stopped == ()
