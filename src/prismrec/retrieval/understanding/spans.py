"""The words of a query with the places where they stand, so that each can be shown again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from prismrec.language.segmentation import HAN, contains_han, normalise

__all__ = ["MOST_CHARACTERS", "Stem", "Token", "tokens"]

MOST_CHARACTERS = 400
"""Of a query that are understood; a pasted page is searched, not read."""
_WORD = re.compile(
    rf"[{HAN}]+|[^\W_{HAN}]+(?:['\u2019][^\W_{HAN}]+|(?<=\d)[.,](?=\d)[^\W_{HAN}]+)*"
)
_APOSTROPHE = re.compile("['\u2019]")
Stem = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, or one Han character. `said` is normalised, `stem` what is compared.

    `opens` and `closes` say whether a word of the text starts and ends here: always, but within
    Chinese words, so that a name is found only where it is one.
    """

    start: int
    end: int
    said: str
    stem: str
    opens: bool = True
    closes: bool = True


def tokens(text: str, stem: Stem) -> list[Token]:
    """The words of the first `MOST_CHARACTERS` characters of `text`, Chinese by the character."""
    found: list[Token] = []
    for match in _WORD.finditer(text[:MOST_CHARACTERS]):
        if contains_han(match.group()):
            found += _characters(match.group(), match.start())
            continue
        said = _APOSTROPHE.sub("", normalise(match.group()))
        if said:
            found.append(Token(match.start(), match.end(), said, stem(said)))
    return found


def _characters(run: str, start: int) -> list[Token]:
    import rjieba  # loads its dictionary on first use

    found, at = [], start
    for word in rjieba.cut(run):
        for i, character in enumerate(word):
            said = normalise(character)
            last = i == len(word) - 1
            found.append(Token(at + i, at + i + 1, said, said, i == 0, last))
        at += len(word)
    return found
