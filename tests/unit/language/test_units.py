"""Numbers and measures: one word for all ways to write them, and any text in bounded work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.language.segmentation import cut, segment
from prismrec.language.units import measure_word, number_word

ONE_THING = [
    ["14 inch", '14"', "14-inch", "14英寸", "14in", "１４ 寸", "14.0 inches", "14''", "14″"],
    ["1TB", "1 TB", "1tb", "1000 GB", "1,000GB", "1 terabyte"],
    ["1.5 l", "1,5l", "1500 ml", "1.5 litres", "1.5升", "150 cl"],
    ["100W", "100 watts", "100-watt", "0.1 kW", "100瓦"],
    ["5000mAh", "5000 mAh", "5Ah", "5000毫安"],
    ["3.6 GHz", "3600MHz"],
    ["2 m", "200cm", "2米", "2000 毫米", "2 metres"],
]


@pytest.mark.parametrize("ways", ONE_THING, ids=lambda ways: ways[0])
def test_all_ways_to_write_a_measure_meet(ways: list[str]) -> None:
    assert len({segment(way)[-1] for way in ways}) == 1
    assert len({segment(f"A {way} thing")[2] for way in ways}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 inch", "14 cm"),
        ("1 TB", "1 GB"),
        ("100 W", "100 V"),
        ("14 inch", "15 inch"),
        ("5 kg", "5 lb"),
    ],
)
def test_other_measures_stay_apart(one: str, other: str) -> None:
    assert set(segment(one)) & set(segment(other)) <= {one.split()[0]}
    assert segment(one)[1:] != segment(other)[1:]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 in 1", ["3", "in", "1"]),
        ('"windows 10"', ["windows", "10"]),
        ('15" or 17"', ["15", "15in", "or", "17", "17in"]),
        ("2升级", ["2", "升级"]),
        ("14英寸屏幕", ["14", "14in", "屏幕"]),
        ("2 x 16GB, CL17", ["2", "x", "16", "16gb", "cl17"]),
        ("HX436C17FB3K2/32", ["hx436c17fb3k2", "32"]),
        ("802.11ac", ["802.11ac", "802", "11ac"]),
        ("2019-12-01", ["2019", "12", "01"]),
        ("10,20,30", ["10,20,30", "10", "20", "30"]),
        ("USB 3.0 007", ["usb", "3", "007"]),
        ("5G", ["5", "5g"]),
    ],
)
def test_what_is_and_is_no_measure(text: str, words: list[str]) -> None:
    assert segment(text) == words


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("a USB-C 3.2", [(1, 3, "usbc")]),
        ("RTX-3080", [(0, 2, "rtx3080")]),
        ("the RTX 3080", [(1, 3, "rtx3080")]),
        ("iPhone 13 Pro", [(0, 2, "iphone13")]),
        ("my iPhone13", [(1, 2, "iphone 13")]),
        ("Spider-Man 2", [(0, 2, "spiderman")]),
        ("the 3, in 5", []),
        ("Mark, 5", []),
        ("2019-12-01", []),
        ("14 inch", []),
    ],
)
def test_models_can_be_found_however_they_are_written(
    text: str, others: list[tuple[int, int, str]]
) -> None:
    found = [(a.start, a.end, " ".join(words)) for a in cut(text).others for words in a.others]
    assert found == others


def test_numbers() -> None:
    ways = ["1,000", "1,5", "14.0", "007", "1.2.3", "0.50", "10,000.5", "0,125", "9" * 60]
    right = ["1000", "1.5", "14", "007", "1.2.3", "0.5", "10000.5", "0.125", "9" * 60]
    assert [number_word(way) for way in ways] == right
    assert measure_word("0.5", "kg") == measure_word("500", "g") == "500g"
    assert measure_word("1.2.3", "kg") == "1.2.3kg"


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("0123456789.,-\u2010'\"’ \u00a0\ufeff\u202e\u0000电英寸升inmgl½²٣👍🏽é"),
    ),
    max_size=200,
)


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_any_text_is_cut_into_words_without_blanks(text: str) -> None:
    found = cut(text)
    others = [word for one in found.others for words in one.others for word in words]
    assert all(0 <= one.start < one.end <= len(found.words) for one in found.others)
    for word in found.words + others:
        assert word
        assert not any(character.isspace() for character in word)


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1.",
        "1,",
        '"',
        ' "a',
        "a-",
        "a'",
        "14 ",
        '14"',
        "电",
        "1-",
        "１",
        "👍🏽",
        "\u202eא",
        "x²",
        "½",
    ],
)
def test_a_long_text_costs_in_proportion_to_its_length(unit: str) -> None:
    """A pattern that tries again from every place would not come back from this in the lifetime of
    the test; words come out at most three a character."""
    text = unit * (400_000 // len(unit))
    assert len(segment(text)) <= 3 * len(text)
