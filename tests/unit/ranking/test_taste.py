"""A person's taste in a search: what it may reorder, and whose past is believed."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Candidates, QueryBatch
from prismrec.core.arrays import Positions, Scores
from prismrec.ranking.taste import MOST, Trusts, trust, with_taste

ITEMS = 100


class Neighbours:
    """A scorer for which the next item of a history is the one after its last."""

    kind = "neighbours"
    part_names = ("near",)
    calls = 0

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        self.calls += 1
        assert items is not None
        events = queries.histories
        last = events.items[events.indptr[1:] - 1]
        return -np.abs(items - last[:, None] - 1).astype(np.float32)


def asked(*histories: list[int]) -> QueryBatch:
    return QueryBatch.of(histories)


def found(scores: list[float]) -> Candidates:
    own = np.array([scores], np.float32)
    places = np.arange(len(scores), dtype=np.int32)[None, :]
    return Candidates(places, own, own[:, :, None], ("words",))


def test_a_past_that_can_be_read_is_believed_and_one_of_chance_is_not() -> None:
    rng = np.random.default_rng(0)
    walks = [list(range(start, start + 9)) for start in (3, 40, 80)]
    chance = [rng.permutation(ITEMS)[:9].tolist() for _ in range(200)]
    scorer = Neighbours()
    assert trust(scorer, asked(*walks), ITEMS).min() > 0.6  # type: ignore[arg-type]
    believed = trust(scorer, asked(*chance), ITEMS)  # type: ignore[arg-type]
    assert (believed > 0).mean() < 0.1
    assert believed.mean() < 0.05


def test_too_short_a_past_and_one_item_again_and_again_say_nothing() -> None:
    told = trust(Neighbours(), asked([], [5], [7] * 20, [5, 6]), ITEMS)  # type: ignore[arg-type]
    np.testing.assert_array_equal(told[:3], 0.0)
    assert told[3] < 0.15


def test_what_is_known_of_a_past_is_remembered_until_the_fourth_event() -> None:
    scorer, trusts = Neighbours(), Trusts()
    walk = list(range(20, 32))
    first = trusts.of(scorer, asked(walk), ITEMS)  # type: ignore[arg-type]
    for more in ([], [50], [50, 51], [50, 51, 52]):
        again = trusts.of(scorer, asked(walk + more), ITEMS)  # type: ignore[arg-type]
        assert again == first
    assert scorer.calls == 1
    trusts.of(scorer, asked([*walk, 50, 51, 52, 53]), ITEMS)  # type: ignore[arg-type]
    assert scorer.calls == 2


def test_taste_orders_what_fits_and_lifts_nothing_above_it() -> None:
    shown = found([1.0, 0.9, 0.8, 0.1])
    ranked = with_taste(shown, np.array([[0.0, 1.0, 2.0, 99.0]]), np.array([0.5])).best(4)
    assert ranked.positions[0].tolist() == [2, 1, 0, 3]
    assert ranked.part_names == ("words", "personal")
    assert ranked.parts is not None
    np.testing.assert_allclose(ranked.parts.sum(axis=2), ranked.scores, atol=1e-6)
    assert ranked.parts[0, 3, 1] == pytest.approx(-0.5 * MOST)


@pytest.mark.parametrize("taste", [[3.0, 3.0, 3.0, 3.0], [5.0, 1.0, 2.0, 0.0]])
def test_without_trust_or_without_a_difference_the_order_stays(taste: list[float]) -> None:
    shown = found([1.0, 0.9, 0.8, 0.1])
    weight = 0.0 if len(set(taste)) > 1 else 0.5
    ranked = with_taste(shown, np.array([taste]), np.array([weight])).best(4)
    assert ranked.positions[0].tolist() == [0, 1, 2, 3]


def test_padding_stays_at_the_end() -> None:
    shown = found([1.0, 0.5])
    padded = Candidates(
        np.array([[0, 1, -1]], np.int32),
        np.array([[1.0, 0.5, -np.inf]], np.float32),
        np.pad(shown.parts, ((0, 0), (0, 1), (0, 0))),  # type: ignore[arg-type]
        ("words",),
    )
    ranked = with_taste(padded, np.array([[0.0, 1.0, 9.0]]), np.array([0.4])).best(3)
    assert ranked.positions[0].tolist() == [1, 0, -1]
