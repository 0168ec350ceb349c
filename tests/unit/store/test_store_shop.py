"""Rules, and which texts enough users asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prismrec.core import BadInput, Exposure, NotFound, Rule
from prismrec.store import Store
from prismrec.store.searches import FEWEST, LONGEST


def shown(number: int, text: str, user: str = "", session: str = "") -> Exposure:
    return Exposure(
        *(f"x-{text}-{user}-{number}", 1, 1, "greedy", "1", 1, (), (), (), ()),
        user_id=user,
        session_id=session,
        text=text,
    )


def ask(store: Store, text: str, users: range) -> None:
    for user in users:
        store.exposures.append(shown(0, text, f"u{user}"))
    store.flush()


def test_a_text_is_popular_from_ten_different_users_on(store: Store) -> None:
    ask(store, "red shoes", range(FEWEST - 1))
    ask(store, "red shoes", range(FEWEST - 1))
    store.exposures.append(shown(1, "Red  SHOES", "u0"))
    store.exposures.append(shown(1, "red shoes", "", "session"))
    store.flush()
    assert store.searches.popular(FEWEST, 9) == []
    assert store.searches.popular(1, 9) == [("red shoes", FEWEST - 1)]
    before = store.searches.version
    ask(store, "RED shoes", range(FEWEST - 1, FEWEST))
    assert store.searches.popular(FEWEST, 9) == [("red shoes", FEWEST)]
    assert store.searches.version > before


def test_the_most_common_come_first_and_long_or_empty_ones_never(store: Store) -> None:
    ask(store, "b", range(3))
    ask(store, "a", range(3))
    ask(store, "蓝牙耳机", range(4))
    ask(store, "x" * (LONGEST + 1), range(3))
    ask(store, "  ", range(3))
    assert store.searches.popular(1, 9) == [("蓝牙耳机", 4), ("a", 3), ("b", 3)]
    assert store.searches.popular(1, 1) == [("蓝牙耳机", 4)]


def test_an_erased_user_no_longer_counts(store: Store) -> None:
    ask(store, "red shoes", range(2))
    ask(store, "only mine", range(1))
    assert store.erase("u0")["searches"] == 2
    assert store.searches.popular(1, 9) == [("red shoes", 1)]
    assert store.erase("u0")["searches"] == 0
    ask(store, "red shoes", range(1))
    assert store.searches.popular(1, 9) == [("red shoes", 2)]


def test_collections_do_not_share_searches_or_rules(
    lasting_url: str, opening: Callable[..., Store]
) -> None:
    store = opening(lasting_url)
    ask(store, "red shoes", range(2))
    store.rules.put(Rule("r", "shoes", pin=("a",)))
    store.close()
    other = opening(lasting_url, "other")
    assert other.searches.popular(1, 9) == []
    assert other.rules.list() == []
    other.close()
    again = opening(lasting_url)
    assert again.searches.popular(1, 9) == [("red shoes", 2)]
    assert again.rules.list() == [Rule("r", "shoes", pin=("a",))]


def test_a_rule_is_kept_whole_replaced_and_removed_and_the_trail_says_so(store: Store) -> None:
    rule = Rule("r1", "鞋 shoes", "contains", ("a",), ("b", "c"), ("d",), 5, 9, "why")
    store.rules.put(rule, who="ann")
    store.rules.put(Rule("r0", "hats", block=("a",)))
    assert store.rules.list() == [Rule("r0", "hats", block=("a",)), rule]
    store.rules.put(Rule("r1", "boots", pin=("z",)), who="bob")
    assert store.rules.list()[1].query == "boots"
    store.rules.remove("r1", who="ann")
    with pytest.raises(NotFound):
        store.rules.remove("r1")
    lines = [(line.action, line.who) for line in store.audit.lines()]
    assert lines == [
        ("rule.put", "ann"),
        ("rule.put", "owner"),
        ("rule.put", "bob"),
        ("rule.remove", "ann"),
    ]
    assert store.audit.lines()[0].details["bury"] == ["b", "c"]
    assert store.audit.verify() == 4


@pytest.mark.parametrize(
    "rule",
    [
        Rule("", "shoes", pin=("a",)),
        Rule("r", "shoes"),
        Rule("r", " ", pin=("a",)),
        Rule("r", "shoes", "like", pin=("a",)),
        Rule("r", "shoes", pin=("",)),
        Rule("r", "shoes", pin=("a",), starts_at=9, ends_at=9),
    ],
)
def test_a_rule_that_can_do_nothing_is_refused(store: Store, rule: Rule) -> None:
    with pytest.raises(BadInput):
        store.rules.put(rule)
    assert store.rules.list() == []
