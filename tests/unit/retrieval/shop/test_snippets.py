"""The best part of an item, and what matches in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Item
from prismrec.language.segmentation import segment
from prismrec.retrieval.shop.matching import Term
from prismrec.retrieval.shop.snippets import LONGEST, marks, snippet


def terms(*words: str, prefix: bool = False) -> tuple[Term, ...]:
    return tuple(Term(word, 1.0, word if prefix else "") for word in words)


def shown(text: str, *words: str, prefix: bool = False) -> list[str]:
    return [text[a:b] for a, b in marks(text, terms(*words, prefix=prefix), str)]


def test_spans_are_of_the_text_as_it_is_written() -> None:
    assert shown("Crème BRÛLÉE, brulee!", "brulee") == ["BRÛLÉE", "brulee"]
    assert shown("L'Oréal loreal", "loreal") == ["L'Oréal", "loreal"]
    assert shown("a coffee-maker", "coff", prefix=True) == ["coffee"]
    assert shown("coffee", "coff") == []
    assert shown("", "x") == shown("x y") == []


def test_chinese_matches_inside_a_run_and_joins_what_touches() -> None:
    assert shown("无线蓝牙耳机，蓝牙", "蓝牙", "耳机") == ["蓝牙耳机", "蓝牙"]


def test_the_sentence_with_most_of_the_query_wins_and_the_first_of_equals() -> None:
    text = "A red thing. The red cup is blue! Red red red. 红色的杯子。"
    found = snippet(Item("i", "t", text), terms("red", "cup"), str)
    assert found is not None
    assert found.text == "The red cup is blue!"
    found = snippet(Item("i", "t", text), terms("red"), str)
    assert found is not None
    assert found.text == "A red thing."
    found = snippet(Item("i", "t", text), terms("杯子"), str)
    assert found is not None
    assert found.text == "红色的杯子。"
    assert [found.text[a:b] for a, b in found.marks] == ["杯子"]


def test_other_texts_are_read_and_the_title_is_not() -> None:
    item = Item("i", "cup", "nothing here", texts={"people": "Ann Cup"})
    found = snippet(item, terms("cup"), str)
    assert found is not None
    assert (found.field, found.text) == ("people", "Ann Cup")
    assert snippet(Item("i", "cup", "nothing"), terms("cup"), str) is None


@pytest.mark.parametrize("filler", ["word ", "字"])
def test_a_long_sentence_is_cut_around_its_matches(filler: str) -> None:
    text = filler * 300 + " zorkmid " + filler * 300
    found = snippet(Item("i", "", text), terms("zorkmid"), str)
    assert found is not None
    assert len(found.text) <= LONGEST + 2
    assert found.text.startswith("…")
    assert found.text.endswith("…")
    assert [found.text[a:b] for a, b in found.marks] == ["zorkmid"]


@settings(deadline=None)  # the first Chinese text loads a dictionary
@given(st.text(max_size=600), st.text(max_size=12), st.booleans())
def test_whatever_the_text_spans_are_in_it_in_order_and_apart(
    text: str, query: str, typing: bool
) -> None:
    item = Item("i", text, text)
    asked = terms(*segment(query), prefix=typing)
    found = snippet(item, asked, str)
    for written, spans in [
        (text, marks(text, asked, str)),
        *([(found.text, found.marks)] if found else []),
    ]:
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(set(edges))
        assert all(0 <= a < b <= len(written) for a, b in spans)
