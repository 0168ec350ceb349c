"""The loop on one weight whose path is known: what it sees, when it stops, what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from prismrec.core import TrainingDiverged, generator
from prismrec.descent.loop import Plan, Round, descend
from prismrec.descent.randomness import Dropout, fresh, seeded, sow
from prismrec.descent.step import backward, gradient_step


class Weight(nn.Module):
    """One number, which falls with every step of `loss`."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(()))

    def loss(self, _: list[int]) -> Tensor:
        assert self.training
        return self.at * 1.0


def pairs() -> Iterator[list[int]]:
    """Batches of two examples."""
    while True:
        yield [0, 0]


def fall(
    plan: Plan,
    validate: Callable[[], float] | None = None,
    told: list[Round] | None = None,
    model: Weight | None = None,
) -> tuple[Weight, list[Round]]:
    model = model or Weight()
    told = [] if told is None else told
    return model, descend(model, pairs(), model.loss, plan, generator(0), validate, told.append)


def test_a_round_reads_batches_until_they_hold_its_examples():
    seen: list[int] = []
    model = Weight()

    def loss(batch: list[int]) -> Tensor:
        seen.append(len(batch))
        return model.at * 1.0

    rounds = descend(model, pairs(), loss, Plan(3, 5, 1, 0.1), generator(0))
    assert seen == [2, 2, 2] * 3
    assert len(rounds) == 3
    assert np.isnan([done.figure for done in rounds]).all()


def test_the_learning_rate_falls_in_a_line_to_a_tenth():
    """The gradient is 1 throughout, so that each step of Adam is as long as the rate."""
    at: list[float] = []
    model = Weight()
    plan = Plan(4, 2, 9, 0.1)

    def validate() -> float:
        at.append(model.at.item())
        return float(len(at))

    fall(plan, validate, model=model)
    np.testing.assert_allclose(-np.diff([0, *at]), [0.1, 0.0775, 0.055, 0.0325], rtol=1e-4)


def test_the_best_weights_are_kept_and_patience_ends_it():
    figures = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    at: list[float] = []
    model, told = Weight(), []

    def validate() -> float:
        assert not model.training
        at.append(model.at.item())
        return next(figures)

    _, rounds = fall(Plan(5, 2, 2, 0.1), validate, told, model)
    assert [done.figure for done in rounds] == [0.1, 0.5, 0.4, 0.3]
    assert told == rounds
    assert model.at.item() == at[1]
    assert not model.training


def test_without_validation_every_round_is_done_and_the_last_weights_stay():
    model, rounds = fall(Plan(6, 2, 1, 0.1))
    assert len(rounds) == 6
    assert model.at.item() < -0.25


def test_the_loss_of_a_round_is_the_mean_over_its_examples():
    model = Weight()
    losses = iter([1.0, 2.0, 3.0])
    batches = iter([[0], [0, 0, 0], [0, 0]])

    def loss(_: list[int]) -> Tensor:
        return model.at * 0 + next(losses)

    (done,) = descend(model, batches, loss, Plan(1, 6, 1, 0.1), generator(0))
    assert done.loss == pytest.approx((1 * 1 + 2 * 3 + 3 * 2) / 6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_refused(bad):
    model = Weight()
    with pytest.raises(TrainingDiverged, match="Weight is not a finite number"):
        descend(model, pairs(), lambda _: model.at + bad, Plan(1, 2, 1, 0.1), generator(0))


def test_no_examples_no_rounds():
    plan = Plan.of(1.0, 0, 3, 0.1)
    assert plan.rounds == 0
    model, rounds = fall(plan)
    assert rounds == []
    assert model.at.item() == 0
    assert not model.training


@pytest.mark.parametrize(
    ("work", "examples", "expected"),
    [
        (1.0, 100_000, (10, 100_000)),
        (1.0, 1_000_000, (2, 400_000)),
        (0.001, 100_000, (1, 100_000)),
        (1.0, 10, (200, 10)),
    ],
)
def test_the_plan_counts_work_in_passes_or_pieces(work, examples, expected):
    plan = Plan.of(work, examples, 3, 0.1)
    assert (plan.rounds, plan.size) == expected


def test_a_gradient_is_cut_to_the_norm_and_then_forgotten():
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    optimiser = torch.optim.SGD([weight], lr=1.0)
    backward((weight * weight.detach()).sum(), "it")  # a gradient of (3, 4)
    gradient_step(optimiser)
    np.testing.assert_allclose(weight.detach(), [3 - 0.6, 4 - 0.8], rtol=1e-5)
    assert weight.grad is None
    backward(weight[0] * 5, "it")
    gradient_step(optimiser, most_norm=float("inf"))
    np.testing.assert_allclose(weight.detach(), [3 - 0.6 - 5, 4 - 0.8], rtol=1e-5)


def test_new_weights_follow_their_generator_and_leave_that_of_torch_alone():
    before = torch.get_rng_state()
    one, same, other = (
        fresh(lambda: nn.Sequential(nn.Linear(30, 30), nn.Embedding(30, 30)), generator(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one[0].weight, same[0].weight)
    assert not torch.equal(one[0].weight, other[0].weight)
    assert one[1].weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not one[0].bias.any()
    with seeded(generator(2)):
        first = torch.rand(3)
    with seeded(generator(2)):
        assert torch.equal(first, torch.rand(3))
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_zeroes_the_rate_and_keeps_the_mean():
    drop = Dropout(0.25)
    ones = torch.ones(200, 203)
    assert torch.equal(drop.eval()(ones), ones)
    sow(drop, generator(3))
    out = drop.train()(ones)
    assert float((out == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(out.mean()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("from_start", "kept"), [(False, -0.1), (True, 0.0)])
def test_the_start_is_kept_where_it_counts_and_nothing_was_better(
    from_start: bool, kept: float
) -> None:
    model = Weight()  # its number falls with each step, and the figure with it
    descend(
        model,
        pairs(),
        model.loss,
        Plan(3, 2, 9, 0.1),
        generator(0),
        lambda: float(model.at.detach()),
        from_start=from_start,
    )
    assert float(model.at.detach()) == pytest.approx(kept, abs=0.01)
