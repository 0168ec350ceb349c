"""What a query is understood to ask for, by a small catalogue in which every answer is plain."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import Item
from prismrec.core.understood import Finding, Understood
from prismrec.data.catalogue import Catalogue
from prismrec.language.segmentation import segment
from prismrec.retrieval.understanding.catalogue_terms import CatalogueTerms
from prismrec.retrieval.understanding.refusals import speaks_of
from prismrec.retrieval.understanding.understand import language_of, understand

RED = {"color": "Red", "waterproof": True}
SHOP = [
    Item("a", title="Red jacket", brand="Acme", categories=("Jackets",), attributes=RED, price=40),
    Item(
        "b", title="Jacket", brand="North Peak", categories=("Jackets",), attributes=RED, price=90
    ),
    Item("c", title="No Way Home", brand="Apple", categories=("Films",), price=20),
    Item(
        "d",
        title="蓝牙耳机",
        brand="苹果",
        categories=("耳机",),
        attributes={"颜色": "红色"},
        price=199,
    ),
    Item(
        "e", title="可乐", brand="云岚", categories=("饮料",), attributes={"颜色": "红色"}, price=5
    ),
    Item("f", title="Cola", description="without sugar", brand="The", price=3),
    Item("g", title="Apple pie", description="an apple and sugar, apple by apple", price=3),
    Item("h", title="Apple juice", attributes={"taste": "Unique"}, price=3),
]


def stem(word: str) -> str:
    return word.removesuffix("s")


USED = Counter(word for item in SHOP for word in set(map(stem, segment(item.text()))))
CATALOGUE = Catalogue.of(SHOP)
TERMS = CatalogueTerms.of(
    CATALOGUE.features(), CATALOGUE.alive, [item.title for item in SHOP], stem
)


def read(text: str, *ignore: str, terms: CatalogueTerms = TERMS) -> Understood:
    return understand(text, terms, stem, USED.__getitem__, ignore=ignore)


def said(found: Understood) -> list[tuple[str, str, str, bool]]:
    return [(f.kind, f.value, f.words, f.filter) for f in found.findings]


def test_brand_category_attribute_price_and_refusal() -> None:
    found = read("red waterproof jackets under 50, not Acme")
    assert found.searched == "red waterproof jackets"
    assert said(found) == [
        ("attribute", "Red", "red", False),
        ("attribute", "yes", "waterproof", False),
        ("category", "Jackets", "jackets", False),
        ("price", "<= 50", "under 50", True),
        ("without", "Acme", "not Acme", True),
    ]
    assert (found.low, found.high) == (None, 50)
    assert [f.tokens for f in found.refusals] == [("brand=Acme",)]
    for one in found.findings:
        assert found.text[one.start : one.end] == one.words


def test_chinese() -> None:
    found = read("200元以下的蓝牙耳机")
    assert (found.searched, found.language, found.high) == ("蓝牙耳机", "zh", 200)
    assert said(found) == [
        ("price", "<= 200", "200元以下的", True),
        ("category", "耳机", "耳机", False),
    ]
    assert said(read("不要苹果的红色耳机")) == [
        ("without", "苹果", "不要苹果的", True),
        ("attribute", "红色", "红色", False),
        ("category", "耳机", "耳机", False),
    ]


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("我想买一个便宜的蓝牙耳机", "便宜 蓝牙耳机"),
        ("请推荐一款200元以内的耳机", "耳机"),
        ("有没有红色的耳机吗？", "红色 耳机"),
        ("红色耳机推荐", "红色耳机"),
        ("我的世界", "我的世界"),
        ("耳机", "耳机"),
        ("I'm looking for a red jacket please", "red jacket"),
        ("can you show me some jackets", "jackets"),
        ("please", "please"),
        ("I want", "I want"),
        ("i am legend", "i am legend"),
    ],
)
def test_words_that_only_ask_are_not_searched(text: str, searched: str) -> None:
    assert read(text).searched == searched


def test_a_title_that_begins_like_a_request_stays_whole() -> None:
    named = CatalogueTerms.of(CATALOGUE.features(), CATALOGUE.alive, ["Find Me Guilty"], stem)
    assert read("find me guilty", terms=named).searched == "find me guilty"
    assert read("find me guilty").searched == "guilty"


def test_what_was_found_can_be_taken_back() -> None:
    text = "red jacket under 50 not Acme"
    everything = read(text)
    assert [f.key for f in everything.findings] == [
        "attribute:red",
        "category:jacket",
        "price:under 50",
        "without:not acme",
    ]
    less = read(text, "price:under 50", "without:not acme", "attribute:red")
    assert less.searched == text
    assert [f.key for f in less.findings] == ["category:jacket", "brand:acme"]


@pytest.mark.parametrize(
    "text", ["no way home", "spider no way home", "jacket not", "not", "no no"]
)
def test_a_name_or_a_bare_word_refuses_nothing(text: str) -> None:
    assert read(text).refusals == ()
    assert read(text).searched == text


def test_refusals() -> None:
    assert said(read("jackets but not Acme or North Peak")) == [
        ("category", "Jackets", "jackets", False),
        ("without", "Acme", "but not Acme", True),
        ("without", "North Peak", "or North Peak", True),
    ]
    assert said(read("jacket -acme"))[1] == ("without", "Acme", "-acme", True)
    (sugar,) = read("cola without sugar").refusals
    assert (sugar.value, sugar.tokens) == ("sugar", ())
    assert read("cola without sugar").searched == "cola without sugar", "sugar-free says it too"
    assert read("cola without kryptonite").refusals == (), "no item speaks of it"


@pytest.mark.parametrize(
    ("text", "word", "speaks"),
    [
        ("Cola with sugar", "sugar", True),
        ("Cola without sugar", "sugar", False),
        ("Sugar-free cola", "sugar", False),
        ("No added sugar", "sugar", False),
        ("No added sugar, but brown sugar instead", "sugar", True),
        ("无糖可乐", "糖", False),
        ("红糖", "糖", True),
        ("Salt", "sugar", False),
    ],
)
def test_denying_a_word_is_not_speaking_of_it(text: str, word: str, speaks: bool) -> None:
    assert speaks_of(text, word, stem(word)) is speaks


def test_a_brand_that_is_also_a_common_word_is_less_sure() -> None:
    (apple,) = read("apple").findings
    (acme,) = read("acme").findings
    assert not apple.filter
    assert apple.strength == pytest.approx(1 / 3)
    assert acme.strength == 1.0


@pytest.mark.parametrize(
    "text", ["the", "unique", "yes", "", "   ", "?!", "cheap", "jacket for 50"]
)
def test_no_invention(text: str) -> None:
    """Function words, a value that a single item has, and words that say no bound."""
    assert [f for f in read(text).findings if f.kind != "category"] == []
    assert read(text).searched == text


def test_prices_need_a_catalogue_with_prices_that_they_divide() -> None:
    assert read("jacket under 5000").findings[-1].kind == "category"
    assert read("jacket under 5000 euros").findings[-1].kind == "price"
    bare = Catalogue.of([Item("a", title="Jacket")])
    free = CatalogueTerms.of(bare.features(), bare.alive, [], stem)
    assert read("jacket under 50 euros", terms=free).findings == ()


def test_the_words_of_the_catalogue_follow_it() -> None:
    after = CATALOGUE.upserted([Item("z", title="Lamp", brand="Lumen", price=7)])
    terms = TERMS.extended(after.features(), after.alive, ["Lamp"])
    assert [f.value for f in read("lumen lamp", terms=terms).findings] == ["Lumen"]
    assert read("lumen lamp").findings == (), "the one before sees nothing of it"
    gone = after.removed(["z"])
    without = terms.extended(gone.features(), gone.alive, [])
    assert read("lumen lamp", terms=without).findings == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("red", "und-Latn"),
        ("红 red", "zh"),
        ("ガンダム模型", "ja"),
        ("빨간 재킷", "ko"),
        ("красный", "und-Cyrl"),
        ("קולה", "he"),
        ("12", ""),
    ],
)
def test_language_by_script(text: str, language: str) -> None:
    assert language_of(text) == language


PIECES = [
    "not ",
    "no ",
    "-",
    "without ",
    "under ",
    "50",
    "元",
    "以下",
    "不要",
    "苹果",
    "acme",
    "or ",
]
PIECES += [
    "please",
    "我想买",
    "的",
    "，",
    "“",
    "\u202e",
    "א",
    "👍🏽",
    "\x00",
    "İ",
    "ﬁ",
    "½",
    "i want ",
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=20).map("".join)),
    st.lists(st.sampled_from(["brand:acme", "price:under 50"]), max_size=2),
)
def test_any_text_is_understood_somehow(text: str, ignore: list[str]) -> None:
    found = read(text, *ignore)
    places = [(f.start, f.end) for f in found.findings]
    assert all(text[f.start : f.end] == f.words for f in found.findings)
    assert all(a[1] <= b[0] for a, b in pairwise(places)), "none overlap"
    assert bool(found.searched.strip()) or not text.strip() or found.searched == text


@pytest.mark.parametrize(
    "unit", ["not ", "under 5 ", "元", "-a", "no acme or ", "\u202e", "9", "i want "]
)
def test_a_pasted_page_is_read_no_further_than_its_beginning(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    found = read(text)
    assert all(f.end <= 400 for f in found.findings)
    assert len(found.searched) <= len(text) + 1


def test_findings_are_plain_values() -> None:
    one = Finding("brand", False, "brand", "Acme", "ACME", 0, 4)
    assert one.key == "brand:acme"
    assert np.isfinite(one.strength)
