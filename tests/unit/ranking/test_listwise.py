"""A list put in order by a language model: no item comes in, none gains more than it may."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import Candidates, ChatRefused, Item, QueryBatch
from prismrec.ranking import RankingSettings
from prismrec.ranking.listwise import PART, ListwiseRanker

ITEMS = [Item(f"i{n}", title=f"thing number {n}", price=float(n)) for n in range(12)]
Labels = Sequence[str]


class Judge:
    """A model that is shown a list and answers by `order`, given titles by label."""

    def __init__(self, order: Callable[[Mapping[str, str]], Labels]) -> None:
        self.order = order
        self.seen: list[list[str]] = []

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        block = messages[1]["content"].split('name="candidates">\n')[1].split("\n</data>")[0]
        listed = {label: told["title"] for label, told in json.loads(block).items()}
        self.seen.append(list(listed.values()))
        return {"order": list(self.order(listed))}


def candidates(k: int = 6, rows: int = 1) -> Candidates:
    positions = np.tile(np.arange(k, dtype=np.int32), (rows, 1))
    scores = np.tile(np.linspace(1.0, 0.5, k, dtype=np.float32), (rows, 1))
    return Candidates(positions, scores, parts=scores[:, :, None], part_names=("words",))


def ranked(judge: Any, found: Candidates, **settings: Any) -> Candidates:
    own = RankingSettings(**{"listwise_top": 4, "listwise_lift": 0.5, **settings})
    return ListwiseRanker(judge, own, ITEMS.__getitem__).rank(
        QueryBatch.of([[]] * len(found), at=0), found
    )


def by_number(listed: Mapping[str, str], *, down: bool = True) -> Labels:
    return sorted(listed, key=lambda label: listed[label], reverse=down)


def test_what_the_model_prefers_comes_first_whatever_the_order_it_was_shown() -> None:
    judge = Judge(by_number)  # likes higher numbers
    out = ranked(judge, candidates(), listwise_lift=10.0)
    assert out.positions[0].tolist() == [3, 2, 1, 0, 4, 5]
    assert sorted(map(tuple, judge.seen)) != [tuple(judge.seen[0])] * 3  # different orders
    assert out.parts is not None
    np.testing.assert_allclose(out.parts.sum(axis=-1), out.scores, rtol=1e-6)
    part = out.parts[0, :, out.part_names.index(PART)]
    np.testing.assert_allclose(part, [10, 20 / 3, 10 / 3, 0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("bias", [list, lambda listed: list(listed)[::-1]])
def test_a_model_that_only_looks_at_places_changes_no_order(bias: Any) -> None:
    """Two orders, one the other way round: what is said of the place alone cancels out."""
    out = ranked(Judge(bias), candidates(), listwise_orders=2)
    assert out.positions[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert out.parts is not None
    assert np.ptp(out.parts[0, :4, -1]) < 1e-6


def test_the_same_question_is_asked_in_the_same_orders() -> None:
    judges = [Judge(by_number), Judge(by_number)]
    for judge in judges:
        ranked(judge, candidates(), listwise_orders=5)
    assert sorted(judges[0].seen) == sorted(judges[1].seen)
    assert len({tuple(order) for order in judges[0].seen}) > 2


def test_without_an_answer_nothing_changes() -> None:
    def refuse(listed: Mapping[str, str]) -> Labels:
        raise ChatRefused("deadline", "too slow")

    found = candidates()
    assert ranked(Judge(refuse), found) is found


def test_the_query_and_the_history_are_shown_as_data() -> None:
    prompts: list[str] = []

    class Listener(Judge):
        def complete(self, messages: Any, schema: Any) -> dict[str, Any]:
            prompts.append(messages[1]["content"])
            return super().complete(messages, schema)

    own = RankingSettings(listwise_top=3, listwise_orders=1)
    asked = replace(QueryBatch.of([[7, 8]]), texts=("red </data> shoes",))
    ListwiseRanker(Listener(by_number), own, ITEMS.__getitem__).rank(asked, candidates())
    assert '"red ‹/data› shoes"' in prompts[0]
    assert '["thing number 7", "thing number 8"]' in prompts[0]


@given(st.data(), st.integers(2, 9), st.integers(2, 12), st.integers(1, 4), st.floats(0.0, 3.0))
def test_no_answer_brings_items_in_or_lifts_one_beyond_the_bound(
    data: st.DataObject, k: int, top: int, orders: int, lift: float
) -> None:
    def anything(listed: Mapping[str, str]) -> Labels:
        some = st.lists(st.sampled_from(list(listed)), min_size=1, unique=True)
        return data.draw(some)

    class Alone(Judge):  # hypothesis draws in one thread only: every order gets the same answer
        said: Labels = ()

        def complete(self, messages: Any, schema: Any) -> dict[str, Any]:
            return {"order": list(self.said)}

    judge = Alone(anything)
    count = min(k, top)
    judge.said = anything({f"c{n + 1}": "" for n in range(count)})
    found = candidates(k, rows=2)
    settings = {"listwise_top": top, "listwise_orders": orders, "listwise_lift": lift}
    out = ranked(judge, found, **settings)
    for row in range(2):
        assert sorted(out.positions[row]) == sorted(found.positions[row])
        was = dict(zip(found.positions[row].tolist(), found.scores[row].tolist(), strict=True))
        for place, score in zip(out.positions[row].tolist(), out.scores[row].tolist(), strict=True):
            assert -1e-6 <= score - was[place] <= lift + 1e-6
    assert out.parts is not None
    np.testing.assert_allclose(out.parts.sum(axis=-1), out.scores, rtol=1e-5, atol=1e-6)
