"""Words as they were perhaps meant, by the words of the catalogue, those that people look for, and
how common they are.

spelling.corrected("wireles hedphones")  -> "wireless headphones"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from prismrec.language.segmentation import normalise

__all__ = ["Spelling", "WordCounts", "errors_allowed", "spelt"]

ONE_ERROR_FROM, TWO_ERRORS_FROM = 4, 8
ENOUGH = 3
"""Items with a word, from which it is one and no typing error."""
MORE_COMMON = 50.0
"""How much commoner a correction of a word that exists must be."""
EACH_ERROR = 30.0
"""How much commoner a word must be to be preferred over one that is an error closer."""
LONGEST = 32
MOST_WORDS = 16
"""Words of a query that are looked at."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHE = re.compile("['\u2019]")


def errors_allowed(word: str) -> int:
    """How many typing errors a word of this length may have: 1 from 4 letters, 2 from 8. None where
    it has digits or is not in Latin letters: one wrong sign is another model or another word."""
    if not (word.isascii() and word.isalpha()) or len(word) > LONGEST:
        return 0
    return (len(word) >= ONE_ERROR_FROM) + (len(word) >= TWO_ERRORS_FROM)


class WordCounts:
    """Words, normalised and unstemmed, with how often each was counted; the counts only grow."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._by_shape: dict[tuple[str, int], list[str]] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def of(self, word: str) -> int:
        """How often `word` was counted."""
        return self._counts.get(word, 0)

    def add(self, words: Iterable[str], times: int = 1) -> None:
        """Count `words`, `times` each; those that nothing is ever corrected to are passed over."""
        for word in words:
            if word in self._counts:
                self._counts[word] += times
            elif len(word) > 1 and word.isascii() and word.isalpha() and len(word) <= LONGEST:
                self._counts[word] = times
                self._by_shape.setdefault((word[0], len(word)), []).append(word)

    def within(self, word: str, allowed: int) -> Iterable[tuple[str, int]]:
        """The words at most `allowed` errors from `word`; swapped neighbours are one error.

        Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964.
        """
        lengths = range(len(word) - allowed, len(word) + allowed + 1)
        others = [w for n in lengths for w in self._by_shape.get((word[0], n), ())]
        found = process.extract(word, others, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        return [(other, int(errors)) for other, errors, _ in found]


NOBODY = WordCounts()


class Spelling(WordCounts):
    """What words the items have and how common each is.

    `used` tells how many items have a word now; the counts here only grow and serve to compare. One
    writer, any number of readers.
    """

    def __init__(self, used: Callable[[str], int]) -> None:
        super().__init__()
        self._used = used

    def near(self, word: str, most: int = 3, *, asked: WordCounts = NOBODY) -> list[str]:
        """Up to `most` words that `word` was perhaps meant to be, the likeliest first: those within
        `errors_allowed` that start with the same letter and that items have now, or that were
        `asked`."""
        allowed = errors_allowed(word)
        if not allowed:
            return []
        errors = dict([*self.within(word, allowed), *asked.within(word, allowed)])
        found = [
            ((self.of(other) + asked.of(other)) / EACH_ERROR**distance, other)
            for other, distance in errors.items()
            if other != word and (self._used(other) or other in asked)
        ]
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return [other for _, other in found[:most]]

    def corrected(self, text: str, asked: WordCounts = NOBODY) -> str:
        """`text` with its misspelt words as they were perhaps meant, empty where none is.

        A word that enough items have stays, and so does one that fewer have, or that people
        `asked` for, unless its correction is far commoner. A word that is two (`phonecharger`) is
        parted.
        """
        changed, out, at = False, [], 0
        for match in islice(_WORD.finditer(text), MOST_WORDS):
            said = _plain(match.group())
            meant = self._meant(said, asked)
            if meant and meant != said:
                out += [text[at : match.start()], meant]
                changed, at = True, match.end()
        return "".join([*out, text[at:]]) if changed else ""

    def _meant(self, word: str, asked: WordCounts) -> str:
        having = self._used(word)
        if having >= ENOUGH or not errors_allowed(word):
            return ""
        having += asked.of(word)
        best = next(iter(self.near(word, 1, asked=asked)), "")
        if not having:
            return best or self._parted(word)
        often = self.of(best) + asked.of(best) >= MORE_COMMON * having
        return best if often else ""

    def _parted(self, word: str) -> str:
        """Two words that `word` is together, both of which enough items have; else empty."""
        found = [
            (min(self._used(word[:at]), self._used(word[at:])), word[:at] + " " + word[at:])
            for at in range(3, len(word) - 2)
            if word[:at] in self and word[at:] in self
        ]
        often, parts = max(found, default=(0, ""))
        return parts if often >= ENOUGH else ""


def spelt(text: str) -> list[str]:
    """The words of `text` as they are counted, of a long one the first sixteen."""
    return [_plain(match.group()) for match in islice(_WORD.finditer(text), MOST_WORDS)]


def _plain(word: str) -> str:
    return _APOSTROPHE.sub("", normalise(word))
