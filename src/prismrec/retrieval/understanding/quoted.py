"""Words in quotes, which must stand together: "red jacket", “红色外套”.

A quote is read where it surely is one: it opens at the start of a word, it closes, and what comes
before it does not refuse it. The mark of inches (24" tv) opens none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prismrec.retrieval.understanding.spans import MOST_CHARACTERS, Token

__all__ = ["Quote", "quotes"]

MOST = 8
"""Quotes of one query that are read."""
_MARKS = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02'
_QUOTE = re.compile(
    f'(?<![0-9A-Za-z])["\uff02\u201c\u201e\u201f\u00ab\u300c\u300e]'
    f"([^{_MARKS}\\n]+)"
    f'["\uff02\u201d\u201c\u00bb\u300d\u300f](?![0-9A-Za-z])'
)
_REFUSED = re.compile(
    r"(?:\b(?:not|no|non|without|w/o|except|except\s+for|excluding)|(?<!\S)-"
    r"|不要|不含|不带|不是|没有|除了|非)\s*$",
    re.IGNORECASE,
)
_LONGEST_CUE = 16


@dataclass(frozen=True, slots=True)
class Quote:
    """`text[start:end]`, marks and all, quotes the words `said`."""

    start: int
    end: int
    said: str


def quotes(text: str, words: Sequence[Token]) -> Iterator[Quote]:
    """The first eight quotes in what is understood of `text`, whose words are `words`."""
    read = 0
    for match in _QUOTE.finditer(text[:MOST_CHARACTERS]):
        start, end = match.span()
        before = text[max(start - _LONGEST_CUE, 0) : start]
        holds_words = any(start < word.start and word.end < end for word in words)
        if holds_words and not _REFUSED.search(before) and read < MOST:
            read += 1
            yield Quote(start, end, match[1].strip())
