"""Numbers and measures, written many ways and meaning one thing: 14-inch, 14", 14 英寸.

    number_word("1,000")            -> "1000"
    measure_word("1.5", "l")        -> "1500ml"

Measures of one family that differ by a power of ten become the same word (1.5 l and 1500 ml, 1 TB
and 1000 GB); inches and centimetres stay apart, since a shop names a thing by one of them.
"""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["MEASURE", "NUMBER", "UNITS", "measure_word", "number_word"]

NUMBER = r"\d++(?:[.,]\d++)*"
"""Digits, in groups that a point or a comma joins."""

_FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "in": {
        "1": ("inches", "inch", "in", '"', "''", "\u201d", "\u2032\u2032", "英寸", "英吋", "寸")
    },
    "ft": {"1": ("feet", "foot", "ft", "英尺")},
    "mm": {
        "1": ("millimeters", "millimetres", "millimeter", "millimetre", "mm", "毫米"),
        "10": ("centimeters", "centimetres", "centimeter", "centimetre", "cm", "厘米", "公分"),
        "1000": ("meters", "metres", "meter", "metre", "m", "米(?![线饭粉色])", "公尺"),
        "1000000": ("kilometers", "kilometres", "km", "公里", "千米"),
    },
    "g": {
        "0.001": ("mg", "毫克"),
        "1": ("grams", "gram", "g", "克(?![隆服])"),
        "500": ("斤",),
        "1000": ("kilograms", "kilogram", "kilos", "kilo", "kgs", "kg", "公斤", "千克"),
    },
    "lb": {"1": ("pounds", "pound", "lbs", "lb", "磅")},
    "oz": {"1": ("ounces", "ounce", "oz", "盎司")},
    "ml": {
        "1": ("milliliters", "millilitres", "ml", "毫升"),
        "10": ("cl",),
        "100": ("dl",),
        "1000": ("liters", "litres", "liter", "litre", "l", "公升", "升(?!级)"),
    },
    "gb": {
        "0.001": ("megabytes", "megabyte", "mb"),
        "1": ("gigabytes", "gigabyte", "gb"),
        "1000": ("terabytes", "terabyte", "tb"),
    },
    "mbps": {"1": ("mbps", "mbit/s"), "1000": ("gbps", "gbit/s")},
    "mhz": {
        "0.000001": ("hertz", "hz", "赫兹"),
        "0.001": ("khz",),
        "1": ("mhz",),
        "1000": ("ghz",),
    },
    "w": {"1": ("watts", "watt", "w", "瓦(?!斯)"), "1000": ("kilowatts", "kw", "千瓦")},
    "wh": {"1": ("wh", "瓦时"), "1000": ("kwh", "千瓦时")},
    "v": {"1": ("volts", "volt", "v", "伏")},
    "a": {"0.001": ("ma",), "1": ("amps", "amp", "a", "安培")},
    "mah": {"1": ("mah", "毫安时", "毫安"), "1000": ("ah",)},
    "mp": {"1": ("megapixels", "megapixel", "mpix", "mp", "mpx")},
    "lm": {"1": ("lumens", "lumen", "lm", "流明")},
    "rpm": {"1": ("rpm",)},
    "fps": {"1": ("fps",)},
    "db": {"1": ("decibels", "db", "分贝")},
}
_GLUED_ONLY = frozenset({"in", "a", "ma", "ah"})
"""Units that are words of their own where a space parts them from the number: "3 in 1"."""

_UNITS = {
    re.sub(r"\(.*", "", unit): (base, Decimal(factor))
    for base, sizes in _FAMILIES.items()
    for factor, units in sizes.items()
    for unit in units
}
UNITS = frozenset(_UNITS)
"""Every way to write a unit that is known here, normalised."""


def _alternatives() -> tuple[str, str, str]:
    """Units in letters that may stand apart, those that may not, and those in signs or Chinese;
    longest first, since a regular expression takes the first that fits."""
    every = sorted(
        (unit for sizes in _FAMILIES.values() for units in sizes.values() for unit in units),
        key=len,
        reverse=True,
    )
    apart = [
        re.escape(u) for u in every if u[0].isascii() and u[0].isalpha() and u not in _GLUED_ONLY
    ]
    glued = [u for u in every if u in _GLUED_ONLY]
    signs = [u for u in every if not (u[0].isascii() and u[0].isalpha())]
    return "|".join(apart), "|".join(glued), "|".join(signs)


_APART, _GLUED, _SIGNS = _alternatives()
MEASURE = (
    rf"(?<![\w.,])(?P<amount>{NUMBER})"
    rf"(?:[ \u00a0-]?(?P<apart>{_APART})(?![^\W_]|[-.]\d)"
    rf"|-?(?P<glued>{_GLUED})(?![^\W_]|[-.]\d)"
    rf"|[ \u00a0-]?(?P<sign>{_SIGNS}))"
)
"""A number and its unit, in normalised text; the groups are what `measure_word` is given."""

_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"\d+[.,]\d+")
_LONGEST = 30
"""Digits beyond which a number is a code, and stays as it is."""


def number_word(text: str) -> str:
    """A number as the one word it is searched by: separators of thousands gone, a decimal comma
    made a point, zeros at the end of a fraction gone.

    What is no single number (a version, a list) stays as it is, as do zeros in front (007).

    >>> [number_word(text) for text in ("1,000", "1,5", "14.0", "007", "1.2.3")]
    ['1000', '1.5', '14', '007', '1.2.3']
    """
    if len(text) > _LONGEST:
        return text
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL.fullmatch(text):
        text = text.replace(",", ".")
    if text.count(".") == 1:
        text = text.rstrip("0").rstrip(".")
    return text


def measure_word(amount: str, unit: str) -> str:
    """A measure as the one word it is searched by: `measure_word("15", "cm")` is `"150mm"`.

    `amount` is a number as written, `unit` one that `MEASURE` finds. An amount that is no single
    number keeps its unit as written.
    """
    number = number_word(amount)
    base, factor = _UNITS[unit]
    if factor == 1 or len(number) > _LONGEST or number.count(".") > 1 or "," in number:
        return number + (base if factor == 1 else unit)
    return number_word(f"{Decimal(number) * factor:f}") + base
