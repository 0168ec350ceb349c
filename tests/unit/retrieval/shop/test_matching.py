"""Which items match, and the word list and inverted lists below."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.retrieval.lexical.postings import Inverted
from prismrec.retrieval.lexical.vocabulary import LONG_TAIL, SortedWords
from prismrec.retrieval.shop.matching import Matching

LETTERS = st.text("abc", min_size=2, max_size=6)


def distance(a: str, b: str) -> int:
    """Optimal string alignment, by the textbook."""
    d = np.zeros((len(a) + 1, len(b) + 1), int)
    d[:, 0], d[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = a[i - 1] != b[j - 1]
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return int(d[-1, -1])


@settings(deadline=None)
@given(st.sets(LETTERS, max_size=12), st.sets(LETTERS, max_size=4), LETTERS)
def test_near_words_have_a_beginning_one_error_away(
    first: set[str], later: set[str], typed: str
) -> None:
    words = SortedWords(first)
    for one in later:
        words.add(one)
    near = {
        one
        for one in first | later
        if any(distance(typed, one[:k]) <= 1 for k in range(1, len(one) + 1))
    }
    same_start = {one for one in near if one[0] == typed[0] or one in later - first}
    assert {words[place] for place in words.near(typed)} == (same_start or near)


@given(st.sets(LETTERS, max_size=12), st.sets(LETTERS, max_size=4), st.text("abc", max_size=3))
def test_words_by_their_beginning(first: set[str], later: set[str], prefix: str) -> None:
    words = SortedWords(first)
    for one in later:
        words.add(one)
    found = [words[place] for place in words.starting(prefix)]
    assert sorted(found) == sorted(one for one in first | later if one.startswith(prefix))


rows = st.lists(st.sets(st.integers(0, 5)).map(sorted), min_size=1, max_size=12)


@settings(deadline=None)
@given(rows, st.lists(st.tuples(st.integers(0, 14), st.sets(st.integers(0, 7)).map(sorted))))
def test_inverted_lists_after_changes_are_those_made_anew(
    start: list[list[int]], changes: list[tuple[int, list[int]]]
) -> None:
    index, now = Inverted.of(start, 6), list(start)
    for at, row in changes:
        at = min(at, len(now))
        now[at : at + 1] = [row]
        index = index.with_rows([at], [row], 8)
    for one in (index, index.renumbered(np.arange(8, dtype=np.int32)[::-1].copy())):
        for token in range(8):
            asked = token if one is index else 7 - token
            owners = [i for i, row in enumerate(now) if token in row]
            assert sorted(one.rows(asked).tolist()) == owners


def shop(*titles: str) -> Matching:
    rows = [title.split() for title in titles]
    names = sorted({word for row in rows for word in row}, reverse=True)
    owners = [n for n, row in enumerate(rows) for _ in row]
    tokens = [names.index(word) for row in rows for word in row]
    return Matching.of(np.array(owners, np.int32), np.array(tokens, np.int32), names, len(titles))


def found(matching: Matching, text: str, n: int, *, typing: bool = False) -> list[int]:
    ways = [way.split() for way in text.split("|")]
    typed = ways[0][-1] if typing else ""
    return np.flatnonzero(matching.find(ways, n, typed=typed).items).tolist()


def test_a_match_has_most_of_what_the_query_tells() -> None:
    lamps = [f"lamp for desk number {n}" for n in range(10)]
    matching = shop(*lamps, "zorkmid lamp", "zorkmid sofa", "lamp zorkmid for you")
    assert found(matching, "zorkmid lamp for", 13) == [10, 12]  # "for" tells nothing
    assert found(matching, "zorkmid", 13) == [10, 11, 12]
    assert found(matching, "zorkmid zorkmid lamp", 13) == [10, 12]
    assert found(matching, "unheard zorkmid lamp", 13) == [10, 12]
    assert found(matching, "unheard", 13) == []
    assert found(matching, "", 13) == []


def test_of_several_ways_to_say_it_the_best_counts() -> None:
    matching = shop("television", "tv set", "tv set", "tv", "wireless tv", "wireless")
    assert found(matching, "tv|television", 6) == [0, 1, 2, 3, 4]
    assert found(matching, "wireles tv|wireless tv", 6) == [4]


def test_half_a_word_stands_for_those_it_begins_or_nearly_does() -> None:
    matching = shop("coffee cup", "cupboard", "tea pot")
    assert found(matching, "cup", 3) == [0]
    assert found(matching, "cup", 3, typing=True) == [0, 1]
    assert found(matching, "cofee", 3) == []
    assert found(matching, "cofe", 3, typing=True) == [0]
    assert found(matching, "cupbaor", 3, typing=True) == [1]
    assert found(matching, "te", 3, typing=True) == [2]


def test_items_are_replaced_and_arrive() -> None:
    old = shop("red cup", "blue pot")
    new = old.upserted(np.array([1, 2], np.int32), [["red", "pan"], ["grün"]])
    assert found(new, "blue", 3) == []
    assert found(new, "red", 3) == [0, 1]
    assert found(new, "grün", 3) == [2]
    assert found(old, "blue", 2) == [1]


def test_many_new_words_are_put_in_order() -> None:
    matching = shop("red cup")
    items = [[f"word{n:05d}x"] for n in range(LONG_TAIL + 10)]
    matching = matching.upserted(np.arange(1, len(items) + 1, dtype=np.int32), items)
    n = len(items) + 1
    assert found(matching, "red", n) == [0]
    assert found(matching, "word00007x", n) == [8]
    assert found(matching, "word0000", n, typing=True) == list(range(1, 11))
