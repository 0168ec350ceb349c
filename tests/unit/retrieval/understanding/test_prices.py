"""Bounds of the price: what is one, what is not, and any text in bounded work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.retrieval.understanding.amounts import amount_of, currency_of
from prismrec.retrieval.understanding.prices import price_clauses


@pytest.mark.parametrize(
    ("text", "words", "low", "high", "currency"),
    [
        ("red waterproof jacket under 50, not Acme", "under 50", None, 50, ""),
        ("200元以下的蓝牙耳机", "200元以下的", None, 200, "CNY"),
        ("laptop between 500 and 800 euros", "between 500 and 800 euros", 500, 800, "EUR"),
        ("laptop between 800 and 500", "between 800 and 500", 500, 800, ""),
        ("shoes €50-€80", "€50-€80", 50, 80, "EUR"),
        ("500到800元的笔记本", "500到800元的", 500, 800, "CNY"),
        ("价格在100到200元之间的鞋", "价格在100到200元之间的", 100, 200, "CNY"),
        ("两百元以内的耳机", "两百元以内的", None, 200, "CNY"),
        ("一千五块以下 手机", "一千五块以下", None, 1500, "CNY"),
        ("手机不超过3千元", "不超过3千元", None, 3000, "CNY"),
        ("200以内耳机", "200以内", None, 200, ""),
        ("500元以上的相机", "500元以上的", 500, None, "CNY"),
        ("under $1,000.50", "under $1,000.50", None, 1000.5, "USD"),
        ("below £20", "below £20", None, 20, "GBP"),
        ("at least 100", "at least 100", 100, None, ""),
        ("x <= 50", "<= 50", None, 50, ""),
        ("shoes 50 euros or less", "50 euros or less", None, 50, "EUR"),
        ("up to 1.5k dollars", "up to 1.5k dollars", None, 1500, "USD"),
        ("UNDER ５０", "UNDER ５０", None, 50, ""),
        ("taken under 50 in black", "under 50", None, 50, ""),
    ],
)
def test_bounds(text: str, words: str, low: float, high: float, currency: str) -> None:
    (clause,) = price_clauses(text)
    assert text[clause.start : clause.end] == words
    assert (clause.low, clause.high, clause.currency) == (low, high, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cheap laptop",
        "tv under 50 inch",
        "tv under 50-inch",
        'tv under 50"',
        "for under 5 years",
        "cable over 2 m",
        "less than 5 people",
        "14寸以下",
        "3岁以下",
        "iphone 13 pro max 256",
        "up to 10",
        "from 2019",
        "from 2010 to 2015",
        "500-800",
        "model X-500 and up",
        "thunder 50",
        "under 50mm",
        "一起",
    ],
)
def test_what_bounds_no_price(text: str) -> None:
    assert price_clauses(text) == []


def test_two_bounds_in_one_text() -> None:
    low, high = price_clauses("over 20 euros and under 50 euros")
    assert (low.low, low.high, high.low, high.high) == (20, None, None, 50)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("百元", 100),
        ("十五元", 15),
        ("两千三", 2300),
        ("一万元", 10_000),
        ("3万", 30_000),
        ("$1.000", 1),
        ("1,000", 1000),
        ("1,5", 1.5),
        ("1.000.000", 1_000_000),
        ("2k", 2000),
    ],
)
def test_amounts(text: str, amount: float) -> None:
    assert amount_of(text) == amount


def test_currencies() -> None:
    said = ["5 euros", "$5", "5块钱", "EUR 5", "5", "5 eurostars"]
    assert [currency_of(text) for text in said] == ["EUR", "USD", "CNY", "EUR", "", ""]


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.sampled_from("0123456789.,kKunder<>=≤ -€$元以下到两百千万至 between and\u0660５"),
        max_size=80,
    )
)
def test_any_text_has_bounds_that_are_numbers(text: str) -> None:
    for clause in price_clauses(text):
        bounds = [b for b in (clause.low, clause.high) if b is not None]
        assert bounds == sorted(bounds)
        assert 0 <= clause.start < clause.end <= len(text)
