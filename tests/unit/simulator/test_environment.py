"""The environment: what is planted in its people is there, and luck is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from prismrec.core import BadInput, BadSettings
from prismrec.evaluation.simulator import (
    Environment,
    EnvironmentSettings,
    Feedback,
    Marketplace,
    SimulatorSettings,
    Visits,
    simulate,
)
from prismrec.evaluation.simulator.words import CATEGORIES

CLICK, CART, PURCHASE = 0, 1, 2
Shows = Callable[[Visits], np.ndarray]


@cache
def market() -> Marketplace:
    return simulate(SimulatorSettings(items=300, users=200, events=4_000, days=120), seed=5)


def world(seed: int = 1, **changes: float) -> Environment:
    calm = {"visits": 3_000, "together": 50, "fatigue": 0.0, "boredom": 0.0}
    return Environment(market(), EnvironmentSettings(**(calm | changes)), seed)  # type: ignore[arg-type]


def run(shop: Environment, shows: Shows) -> list[tuple[Visits, Feedback]]:
    out, visits = [], shop.reset()
    while visits is not None:
        feedback, following = shop.step(shows(visits))
        out.append((visits, feedback))
        visits = following
    return out


def first(n: int) -> Shows:
    """The first n items to everybody."""
    return lambda visits: np.tile(np.arange(n), (len(visits.users), 1))


def best(n: int) -> Shows:
    """What each truly wants most."""

    def shows(visits: Visits) -> np.ndarray:
        everything = np.tile(np.arange(visits.live), (len(visits.users), 1))
        wanted = market().truth.wanted(visits.users, everything, visits.at)
        return np.argsort(-wanted, axis=1, kind="stable")[:, :n]

    return shows


def clicks(ran: list[tuple[Visits, Feedback]]) -> float:
    return float(np.concatenate([feedback.clicked for _, feedback in ran]).mean())


def test_the_same_seed_gives_the_same_people_and_reactions() -> None:
    shop = world()
    one, again, other = run(shop, first(5)), run(shop, first(5)), run(world(seed=2), first(5))
    for (visits, feedback), (visits_too, feedback_too) in zip(one, again, strict=True):
        np.testing.assert_array_equal(visits.users, visits_too.users)
        np.testing.assert_array_equal(feedback.clicked, feedback_too.clicked)
        np.testing.assert_array_equal(feedback.at, feedback_too.at)
    assert any(
        not np.array_equal(visits.users, theirs.users)
        for (visits, _), (theirs, _) in zip(one, other, strict=True)
    )


def test_who_comes_and_their_luck_do_not_depend_on_what_is_shown() -> None:
    """The first place shows the same to all; what stands below differs."""
    one, two = world(), world()
    visits, visits_too = one.reset(), two.reset()
    assert visits is not None
    assert visits_too is not None
    here = len(visits.users)
    feedback, _ = one.step(np.tile([0, 1, 2], (here, 1)))
    feedback_too, _ = two.step(np.tile([0, 7, 9], (here, 1)))
    np.testing.assert_array_equal(feedback.clicked[:, 0], feedback_too.clicked[:, 0])
    people = [visits.users for visits, _ in run(world(), first(3))]
    for users, (theirs, _) in zip(people, run(world(), best(3)), strict=True):
        np.testing.assert_array_equal(users, theirs.users)


def test_a_person_comes_once_a_round_and_only_after_arriving() -> None:
    ran = run(world(), first(1))
    when: dict[int, int] = {}
    for visits, _ in ran:
        assert len(set(visits.users.tolist())) == len(visits.users)
        for user in visits.users.tolist():
            when.setdefault(user, visits.at)
    assert sum(len(visits.users) for visits, _ in ran) == 3_000
    numbers = np.concatenate([visits.numbers for visits, _ in ran])
    assert len(np.unique(numbers)) == 3_000
    assert len(when) > 0.9 * market().settings.users
    assert max(when.values()) > ran[0][0].at


def test_products_arrive_while_it_runs() -> None:
    ran = run(world(), first(1))
    live = [visits.live for visits, _ in ran]
    assert live == sorted(live)
    assert live[0] < live[-1] <= market().settings.items
    created = market().truth.products.created_at
    for visits, _ in ran:
        assert created[visits.live - 1] <= visits.at


def test_a_place_is_looked_at_the_less_the_lower_it_stands() -> None:
    """The same product at each of ten places in turn, to everyone alike."""

    def turning(visits: Visits) -> np.ndarray:
        return (visits.numbers[:, None] + np.arange(10)) % 10

    ran = run(world(visits=20_000), turning)
    by_place = np.concatenate([feedback.clicked for _, feedback in ran]).mean(axis=0)
    bias = market().settings.position_bias
    expected = (1.0 + np.arange(10)) ** -bias
    np.testing.assert_allclose(by_place / by_place[0], expected, atol=0.12)


def test_what_was_shown_often_in_vain_is_clicked_less() -> None:
    fresh, tired = run(world(), first(10)), run(world(fatigue=1.0), first(10))
    assert clicks(tired[:1]) == clicks(fresh[:1])
    assert clicks(tired[10:]) < 0.7 * clicks(fresh[10:])
    rested = run(world(fatigue=1.0, rest=0.1), first(10))
    assert clicks(rested[10:]) > clicks(tired[10:])


def test_the_bored_leave_and_never_return() -> None:
    ran = run(world(boredom=0.05), first(1))
    gone: set[int] = set()
    for visits, feedback in ran:
        assert not gone & set(visits.users.tolist())
        assert not (feedback.left & feedback.clicked.any(axis=1)).any()
        gone |= set(visits.users[feedback.left].tolist())
    pleased = run(world(boredom=0.05), best(10))
    assert len(gone) > 3 * sum(int(feedback.left.sum()) for _, feedback in pleased)
    assert not any(feedback.left.any() for _, feedback in run(world(), first(1)))


def test_a_purchase_comes_later_and_after_its_click() -> None:
    ran = run(world(delay=5.0), best(10))
    clicked: dict[tuple[int, int], int] = {}
    delays, last = [], 0
    for visits, feedback in ran:
        for visit, item, kind, at in zip(
            feedback.visits, feedback.items, feedback.kinds, feedback.at, strict=True
        ):
            last = max(last, int(at))
            if kind == CLICK:
                clicked[int(visit), int(item)] = int(at)
            if kind == PURCHASE:
                delays.append(int(at) - clicked[int(visit), int(item)])
        assert list(feedback.at) == sorted(feedback.at)
        assert len(feedback.at) == 0 or feedback.at.max() >= visits.at - 10**9
    days = np.array(delays) / 86_400_000
    assert len(days) > 100
    assert days.min() > 0
    assert 3.0 < days.mean() < 6.0  # Late ones of the last days are cut off by the end.
    assert last < market().settings.end


def test_every_click_is_told_once() -> None:
    ran = run(world(), best(5))
    told = sum(int((feedback.kinds == CLICK).sum()) for _, feedback in ran)
    assert told == sum(int(feedback.clicked.sum()) for _, feedback in ran)
    carts = sum(int((feedback.kinds == CART).sum()) for _, feedback in ran)
    bought = sum(int((feedback.kinds == PURCHASE).sum()) for _, feedback in ran)
    assert told > carts > bought > 0


def test_nobody_clicks_what_they_have_unless_it_is_used_up() -> None:
    owned: set[tuple[int, int]] = set()
    again = np.array([category.again for category in CATEGORIES])
    repeated = 0
    for visits, feedback in run(world(visits=6_000, delay=0.0), best(10)):
        rows, places = np.nonzero(feedback.clicked)
        shown = best(10)(visits)
        for row, place in zip(rows, places, strict=True):
            pair = (int(visits.users[row]), int(shown[row, place]))
            once = not again[market().truth.products.category[pair[1]]]
            assert not (pair in owned and once)
            repeated += pair in owned
        for user, item, kind in zip(feedback.users, feedback.items, feedback.kinds, strict=True):
            if kind == PURCHASE:
                owned.add((int(user), int(item)))
    assert repeated > 0


def test_knowing_the_truth_pays() -> None:
    rng = np.random.default_rng(0)

    def anything(visits: Visits) -> np.ndarray:
        return np.stack([rng.permutation(visits.live)[:10] for _ in visits.users])

    assert clicks(run(world(), best(10))) > 3 * clicks(run(world(), anything))


def test_the_expected_reward_is_what_the_first_place_earns() -> None:
    """In the first round of many seeds: later on, people have bought and turned elsewhere."""
    worth, earned, expected = np.array([1.0, 3.0, 10.0]), 0.0, 0.0
    for seed in range(60):
        shop = world(seed=seed, delay=0.0, together=100)
        visits = shop.reset()
        assert visits is not None
        slate = best(11)(visits)[:, [10]]
        expected += float(shop.reward(visits.users, slate, visits.at, worth).sum())
        earned += float(worth[shop.step(slate)[0].kinds].sum())
    assert 0.9 * expected < earned < 1.1 * expected


def test_slates_are_checked() -> None:
    shop = world()
    visits = shop.reset()
    assert visits is not None
    here = len(visits.users)
    with pytest.raises(BadInput, match="twice"):
        shop.step(np.tile([3, 3], (here, 1)))
    with pytest.raises(BadInput, match="not there yet"):
        shop.step(np.full((here, 1), visits.live))
    with pytest.raises(BadInput, match="visitors"):
        shop.step(np.zeros((here + 1, 1), int))
    feedback, _ = shop.step(np.full((here, 4), -1))
    assert not feedback.clicked.any()


@pytest.mark.parametrize(
    "wrong", [{"visits": 0}, {"fatigue": -1.0}, {"begins": 1.0}, {"rest": 0.0}, {"boredom": -0.1}]
)
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(BadSettings):
        EnvironmentSettings(**wrong)  # type: ignore[arg-type]
