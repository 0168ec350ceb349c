"""What rules read in a turn, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.dialogue.turns import ACTS, Turn, language_of, read_turn


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("cheaper", Turn(price=-1)),
        ("that's too expensive", Turn(price=-1)),
        ("something cheaper than the third one", Turn(price=-1, item=2, words="something")),
        ("more expensive than number 2", Turn(price=1, item=1)),
        ("cheaper than 50", Turn(words="cheaper than 50")),  # a bound, which the reader knows
        ("not that brand", Turn(refuse="brand")),
        ("I don't like the brand of the second one", Turn(refuse="brand", item=1)),
        ("not the last one", Turn(refuse="item", item=-1)),
        ("like the second one but red", Turn(alike=True, item=1, words="red")),
        ("none of these, show me red ones", Turn("others", words="show me red ones")),
        ("more", Turn("more")),
        ("more than 50", Turn(words="more than 50")),
        ("how much is #3?", Turn("price", item=2)),
        ("is it in stock?", Turn("stock")),
        ("the cheapest", Turn(sort="price-asc")),
        ("any colour is fine", Turn(free=("color",))),
        ("I don't care about the brand", Turn(free=("brand",))),
        ("start over", Turn("restart")),
        ("thanks a lot!", Turn("thanks")),
        ("no Acme", Turn(words="no Acme")),
        ("running shoes, size 42", Turn(words="running shoes, size 42")),
    ],
)
def test_english(text: str, read: Turn) -> None:
    found = read_turn(text, "en")
    assert found == replace(read, understood=found.understood)
    plain = read.words == text
    assert found.understood is not plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("便宜一点", Turn(price=-1)),
        ("太贵了", Turn(price=-1)),
        ("比第三个便宜一点", Turn(price=-1, item=2)),
        ("贵一点的", Turn(price=1)),
        ("不要这个品牌", Turn(refuse="brand")),
        ("不喜欢第二个的牌子", Turn(refuse="brand", item=1)),
        ("不要第2个", Turn(refuse="item", item=1)),
        ("像第一个那样的，但要红色", Turn(alike=True, item=0, words="要红色")),
        ("都不喜欢", Turn("others")),
        ("还有吗？", Turn("more")),
        ("最后一款多少钱", Turn("price", item=-1)),
        ("它有货吗", Turn("stock")),
        ("最便宜的是哪个", Turn(sort="price-asc")),
        ("颜色不限", Turn(free=("color",))),
        ("重新开始", Turn("restart")),
        ("不要黑色的", Turn(words="不要黑色的")),
        ("200元以下的耳机", Turn(words="200元以下的耳机")),
    ],
)
def test_chinese(text: str, read: Turn) -> None:
    found = read_turn(text, "zh")
    assert found == replace(read, understood=found.understood)


def test_the_language_is_that_of_the_letters() -> None:
    assert language_of("红色") == "zh"
    assert language_of("red", "zh") == "en"
    assert language_of("42", "zh") == "zh"


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]))
def test_any_text_is_read(text: str, language: str) -> None:
    found = read_turn(text, language)
    assert found.act in ACTS
    assert found.item is None or found.item >= -1
