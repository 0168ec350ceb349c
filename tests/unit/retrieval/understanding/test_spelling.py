"""What was perhaps meant, among few words whose counts are chosen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.retrieval.understanding.spelling import Spelling, WordCounts, errors_allowed, spelt

COUNTS = {
    "headphones": 40,
    "headphone": 10,
    "wireless": 90,
    "phone": 70,
    "charger": 30,
    "phones": 60,
    "laptop": 200,
    "lapton": 2,
    "read": 9,
    "red": 50,
    "garmin": 6,
    "gamin": 5,
}


def spelling_of(counts: dict[str, int]) -> Spelling:
    spelling = Spelling(lambda word: counts.get(word, 0))
    for word, count in counts.items():
        spelling.add([word] * count)
    return spelling


SPELLING = spelling_of(COUNTS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("wireles hedphones", "wireless headphones"),
        ("wirelses phone", "wireless phone"),
        ("WIRELES Phone!", "wireless Phone!"),
        ("phonecharger", "phone charger"),
        ("haedphonse", "headphones"),
        ("lapton", "laptop"),
        ("gamin", ""),
        ("headphone", ""),
        ("wireless phone", ""),
        ("ired", ""),
        ("xaptop", ""),
        ("lap", ""),
        ("rtx3080 iphone13", ""),
        ("手机", ""),
        ("", ""),
    ],
)
def test_corrections(text: str, meant: str) -> None:
    assert SPELLING.corrected(text) == meant


def test_the_commoner_of_two_words_as_near_is_meant() -> None:
    assert SPELLING.near("phonez") == ["phone", "phones"]
    assert SPELLING.near("phonez", most=1) == ["phone"]


def test_what_items_have_no_more_is_suggested_no_more() -> None:
    counts = dict(COUNTS)
    spelling = spelling_of(counts)
    counts["wireless"] = 0
    assert spelling.corrected("wireles") == ""


@pytest.mark.parametrize(
    ("word", "errors"),
    [("red", 0), ("read", 1), ("reading", 1), ("readings", 2), ("ps4pro", 0), ("手机壳套", 0)],
)
def test_errors_by_length(word: str, errors: int) -> None:
    assert errors_allowed(word) == errors


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_corrected_to_words_that_there_are(text: str) -> None:
    found = SPELLING.corrected(text)
    assert found == "" or found != text


def test_a_long_text_costs_a_few_words() -> None:
    assert SPELLING.corrected("wireles " * 20_000).split()[:17] == ["wireless"] * 16 + ["wireles"]


ASKED = WordCounts()
for _text, _users in (("Waterproof boots", 12), ("lapton bag", 30), ("red lamp", 10)):
    ASKED.add(spelt(_text), _users)


@pytest.mark.parametrize(
    ("text", "alone", "meant"),
    [
        ("waterprof", "", "waterproof"),  # no item says it, people look for it
        ("waterproof laptp", "waterproof laptop", "waterproof laptop"),
        ("lapton", "laptop", ""),  # asked too often to be an error
        ("lamp", "", ""),
        ("rad", "", ""),  # too short
        ("wireles", "wireless", "wireless"),
    ],
)
def test_what_people_ask_for_is_known_too(text: str, alone: str, meant: str) -> None:
    assert SPELLING.corrected(text) == alone
    assert SPELLING.corrected(text, ASKED) == meant
    assert "waterproof" not in SPELLING.near("waterprof")  # of which no item would be found
