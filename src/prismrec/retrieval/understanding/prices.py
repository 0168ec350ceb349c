"""Bounds of the price in the words of a query, English and Chinese.

    price_clauses("red jacket under 50")   -> [PriceClause(11, 19, None, 50.0, "")]
    price_clauses("500到800元的笔记本")      -> [PriceClause(0, 9, 500.0, 800.0, "CNY")]

Only bounds are read. "Cheap" and "around 100" name no number that could be kept to, and stay words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from prismrec.language.units import UNITS
from prismrec.retrieval.understanding.amounts import AMOUNT, amount_of, currency_of

__all__ = ["PriceClause", "price_clauses"]


@dataclass(frozen=True, slots=True)
class PriceClause:
    """`text[start:end]` bounds the price: `low` and `high` inclusive, and the ISO 4217 code of the
    currency, empty where none was named."""

    start: int
    end: int
    low: float | None
    high: float | None
    currency: str


_LOW, _HIGH = rf"(?P<low>{AMOUNT})", rf"(?P<high>{AMOUNT})"
_TO = r"\s*(?:to|and|[-\u2013\u2014~～到至])\s*"
_FOR = r"\b(?:(?:priced|costing|for|price)\s+)?"
_AT = "(?:价格|价位|售价|预算)?在?"

_SAID = (
    rf"{_FOR}between\s+{_LOW}{_TO}{_HIGH}",
    rf"{_FOR}(?:under|below|less\s+than|cheaper\s+than|(?:no|not)\s+more\s+than|at\s+most)\s+{_HIGH}",
    rf"(?:<=?|≤)\s*{_HIGH}",
    rf"{_AT}(?:不到|低于|少于|小于|不超过|不高于)\s*{_HIGH}",
    rf"{_AT}{_HIGH}\s?(?:以下|以内|之内|以里)",
    rf"{_FOR}(?:over|above|more\s+than|at\s+least)\s+{_LOW}",
    rf"(?:>=?|≥)\s*{_LOW}",
    rf"{_AT}(?:超过|高于|大于|至少|不低于)\s*{_LOW}",
    rf"{_AT}{_LOW}\s?以上",
)
"""What bounds a price whether or not a currency is named."""
_WITH_CURRENCY = (
    rf"{_FOR}from\s+{_LOW}{_TO}{_HIGH}",
    rf"{_AT}{_LOW}{_TO}{_HIGH}(?:之间|以内)?",
    rf"{_FOR}(?:up\s+to|max(?:imum)?\.?|not\s+over|within)\s+{_HIGH}",
    rf"{_AT}(?:最多|至多|预算)\s*{_HIGH}",
    rf"{_HIGH}\s+(?:or\s+(?:less|cheaper|below)|max(?:imum)?)\b",
    rf"{_FOR}(?:starting\s+at|from|min(?:imum)?\.?)\s+{_LOW}",
    rf"{_AT}最少\s*{_LOW}",
    rf"{_AT}{_LOW}\s?起",
    rf"{_LOW}\s+(?:or\s+more|and\s+up)\b",
)
"""What bounds much else too: from 2019, up to 10, max 256."""
_PATTERNS = tuple(
    (re.compile(f"{pattern}的?", re.IGNORECASE), money)
    for patterns, money in ((_SAID, False), (_WITH_CURRENCY, True))
    for pattern in patterns
)
_NEXT = re.compile(r"[\s-]?([A-Za-z]+|[\"'%])")
_THINGS = """year years yr yrs month months week weeks day days hour hours minute minutes min mins
second seconds people persons person players pages pieces pcs percent %"""
_COUNTED = frozenset(_THINGS.split())
_COUNTED_IN_CHINESE = (
    *("岁", "个", "人", "年", "月", "天", "件", "页", "小时", "分钟"),
    *(unit for unit in UNITS if unit[0] > "\u3000"),
)
_WORDS_TOO = frozenset(["a", "in"])
"""Units that are other words where a space parts them from the number: under 50 in black."""


def price_clauses(text: str) -> list[PriceClause]:
    """The bounds that `text` sets, in order of place; none overlaps another."""
    found: list[PriceClause] = []
    for pattern, needs_currency in _PATTERNS:
        for match in pattern.finditer(text):
            clause = _clause(text, match, needs_currency=needs_currency)
            if clause and _apart(clause, found):
                found.append(clause)
    return sorted(found, key=lambda clause: clause.start)


def _clause(text: str, match: re.Match[str], *, needs_currency: bool) -> PriceClause | None:
    said = match.group()
    currency = currency_of(said)
    if not currency and (needs_currency or _is_counted(text, match.end())):
        return None
    groups = match.groupdict()
    bounds = [amount_of(g) for name in ("low", "high") if (g := groups.get(name))]
    if len(bounds) == 2:
        return PriceClause(match.start(), match.end(), min(bounds), max(bounds), currency)
    low, high = (bounds[0], None) if "low" in groups else (None, bounds[0])
    return PriceClause(match.start(), match.end(), low, high, currency)


def _is_counted(text: str, end: int) -> bool:
    """Whether what follows the number says that it is no price but a size, an age, a count."""
    if text[end:].lstrip().startswith(_COUNTED_IN_CHINESE):
        return True
    following = _NEXT.match(text, end)
    if following is None:
        return False
    word = following[1].lower()
    apart = text[end : following.start(1)].isspace()
    return word in _COUNTED or (word in UNITS and not (apart and word in _WORDS_TOO))


def _apart(clause: PriceClause, others: Sequence[PriceClause]) -> bool:
    return all(clause.end <= other.start or clause.start >= other.end for other in others)
