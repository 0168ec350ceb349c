"""Which rules speak about a text, and what they do to candidates."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Candidates, QueryBatch, Rule
from prismrec.exploration import Greedy, Pinned
from prismrec.retrieval.shop.curation import PART, Curated, Curation, is_pinned


@pytest.mark.parametrize(
    ("query", "match", "text", "speaks"),
    [
        ("desk lamp", "exact", "  DESK   Lamp", True),
        ("desk lamp", "exact", "red desk lamp", False),
        ("desk lamp", "contains", "red desk lamp", True),
        ("desk lamp", "contains", "red desk lamps", False),
        ("desk lamp", "contains", "desk red lamp", False),
        ("lamp", "contains", "clamp", False),
        ("蓝牙", "contains", "无线蓝牙耳机", True),
        ("café", "exact", "CAFE\u0301", True),
        ("lamp", "contains", "", False),
        ("-!", "contains", "-! x", True),
    ],
)
def test_when_a_rule_speaks(query: str, match: str, text: str, speaks: bool) -> None:
    rules = Curation([Rule("r", query, match, pin=("a",))])
    assert rules.of(text, 0) == (Curated(("a",), rules=("r",)) if speaks else Curated())


def test_rules_add_up_and_blocking_outdoes_pinning() -> None:
    rules = Curation(
        [
            Rule("r2", "lamp", "contains", pin=("c", "a"), bury=("x",)),
            Rule("r1", "red lamp", "exact", pin=("a", "b")),
            Rule("r3", "red", "contains", block=("b",), starts_at=5, ends_at=9),
        ]
    )
    assert rules.of("red lamp", 0).pin == ("a", "b", "c")
    assert rules.of("red lamp", 5).pin == ("a", "c")
    assert rules.of("red lamp", 5).rules == ("r1", "r2", "r3")
    assert rules.of("red lamp", 9).block == frozenset()


def candidates() -> Candidates:
    scores = np.array([[3.0, 2.0, 1.0, -np.inf]], np.float32)
    parts = np.where(np.isfinite(scores), scores, 0)[:, :, None]
    positions = np.array([[7, 5, 9, -1]], np.int32)
    return Candidates(positions, scores, parts, ("words",))


def test_pinned_stand_above_and_buried_below_and_parts_still_sum() -> None:
    rules = Curated(("p",), frozenset(["b"]))
    found = rules.applied(candidates(), np.array([4, 9], np.int32), np.array([7, 9], np.int32))
    assert found.positions[0].tolist() == [4, 9, 5, 7, -1]
    real = found.positions[0] >= 0
    assert found.parts is not None
    assert np.allclose(found.parts[0, real].sum(axis=1), found.scores[0, real])
    assert found.part_names == ("words", PART)
    assert [is_pinned(found, column) for column in range(4)] == [True, True, False, False]


def test_without_anything_to_do_nothing_is_done() -> None:
    none = np.zeros(0, np.int32)
    found = candidates()
    assert Curated().applied(found, none, none) is found
    assert not is_pinned(found, 0)


def test_pins_where_nothing_else_was_found() -> None:
    empty = Candidates(
        np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32), np.zeros((1, 0, 1), np.float32),
        ("words",),
    )  # fmt: skip
    found = Curated(("p",)).applied(empty, np.array([4], np.int32), np.zeros(0, np.int32))
    assert found.positions.tolist() == [[4]]


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_the_policy_fills_the_places_that_are_not_pinned(n: int) -> None:
    pinned = Pinned(Greedy(), np.array([9, 1234], np.int32))
    asked = QueryBatch.of([[]])
    choice = pinned.choose(asked, candidates(), n, np.random.default_rng(0))
    expected = ([2, 0, 1] + [-1] * n)[:n]
    assert choice.columns[0].tolist() == expected
    assert choice.propensities.shape == (1, n)
    assert (choice.propensities == 1.0).all()
