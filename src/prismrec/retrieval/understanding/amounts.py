"""Amounts of money as people write them, in digits and in Chinese numerals."""

from __future__ import annotations

import re

from prismrec.language.segmentation import normalise
from prismrec.language.units import number_word

__all__ = ["AMOUNT", "amount_of", "currency_of"]

_SIGNS = {"€": "EUR", "us$": "USD", "$": "USD", "£": "GBP", "¥": "CNY", "￥": "CNY"}
_WORDS = {
    **dict.fromkeys(("euros", "euro", "eur"), "EUR"),
    **dict.fromkeys(("dollars", "dollar", "usd", "bucks"), "USD"),
    "gbp": "GBP",
    **dict.fromkeys(("yuan", "rmb", "cny"), "CNY"),
}
_CHINESE = {"块钱": "CNY", "块": "CNY", "元": "CNY", "圆": "CNY", "人民币": "CNY"}

_SIGN = r"(?:us\$|[€$£¥￥])"
_AFTER = rf"(?:[€$£]|(?:{'|'.join(_WORDS)})\b|{'|'.join(_CHINESE)})"
_DIGITS = r"(?<![A-Za-z\d.,])\d{1,9}(?:[.,]\d{1,3}){0,2}(?![.,]?\d)(?:k\b|千|万|(?![A-Za-z]))"
_NUMERAL = "[一二两三四五六七八九十百千万]{1,8}(?=元|块|圆)"
AMOUNT = rf"(?:{_SIGN}\s?)?(?:{_DIGITS}|{_NUMERAL})(?:\s?{_AFTER})?"
"""A pattern, not to be anchored; case must be ignored."""

_NUMBER = re.compile(r"(\d[\d.,]*)\s*(k|千|万)?|([一二两三四五六七八九十百千万]+)", re.IGNORECASE)
_TIMES = {"k": 1e3, "千": 1e3, "万": 1e4}
_NUMERALS = {**{c: i for i, c in enumerate("一二三四五六七八九", 1)}, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1_000}


def amount_of(text: str) -> float:
    """The number that a text matched by `AMOUNT` says."""
    found = _NUMBER.search(normalise(text))
    if found is None:
        raise ValueError(f"no amount in {text!r}")
    if found[3]:
        return float(_numeral(found[3]))
    number = number_word(found[1].rstrip(".,"))
    if number.count(".") > 1 or "," in number:
        number = re.sub("[.,]", "", number)
    return float(number) * _TIMES.get(found[2] or "", 1.0)


def currency_of(text: str) -> str:
    """The ISO 4217 code of the currency that a text names, empty without one."""
    plain = text.casefold()
    for known in (_SIGNS, _CHINESE):
        for sign, code in known.items():
            if sign in plain:
                return code
    words = re.findall("[a-z]+", plain)
    return next((_WORDS[word] for word in words if word in _WORDS), "")


def _numeral(text: str) -> int:
    """A Chinese number; a digit behind a place is a tenth of that place, as it is said (一千五)."""
    total, digit, place = 0, 0, 1
    for character in text:
        if character in _NUMERALS:
            digit = _NUMERALS[character]
        elif character == "万":
            total, digit, place = (total + digit or 1) * 10_000, 0, 10_000
        else:
            place = _PLACES[character]
            total, digit = total + (digit or 1) * place, 0
    return total + digit * (place // 10 if place > 10 else 1)
