"""Synonyms: both ways, one way, several words, and lines that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from prismrec.core import BadSettings
from prismrec.language.segmentation import Alternative, segment
from prismrec.language.synonyms import Synonyms

LINES = [
    "# what people say",
    "",
    "TV, television, flat screen",
    "ps4 => playstation 4, sony console",
    "手机，mobile phone",
]


@pytest.fixture
def synonyms() -> Synonyms:
    return Synonyms.of(LINES, segment)


def others(synonyms: Synonyms, text: str) -> list[tuple[int, int, list[str]]]:
    found = synonyms.of_words(segment(text))
    return [(a.start, a.end, [" ".join(words) for words in a.others]) for a in found]


def test_a_group_goes_both_ways(synonyms: Synonyms) -> None:
    assert others(synonyms, "big tv") == [(1, 2, ["television", "flat screen"])]
    assert others(synonyms, "a flat screen now") == [(1, 3, ["tv", "television"])]
    assert others(synonyms, "flat") == []


def test_an_arrow_goes_one_way(synonyms: Synonyms) -> None:
    assert others(synonyms, "ps4") == [(0, 1, ["playstation 4", "sony console"])]
    assert others(synonyms, "playstation 4") == []


def test_languages_meet(synonyms: Synonyms) -> None:
    assert others(synonyms, "手机 tv") == [
        (0, 1, ["mobile phone"]),
        (1, 2, ["television", "flat screen"]),
    ]


def test_nothing_without_a_file() -> None:
    assert Synonyms().of_words(["tv"]) == []


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("\ufefftv, television\r\n", "utf-8")
    assert Synonyms.read(path, segment).of_words(["tv"]) == [Alternative(0, 1, (("television",),))]


@pytest.mark.parametrize("line", ["tv, !!", "=> tv", "a b c d e f g, tv", ","])
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(BadSettings, match="Line 2"):
        Synonyms.of(["tv, television", line], segment)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        Synonyms.read(tmp_path / "none.txt", segment)
