"""The ways to say a query: its words, and what they may also be written or meant as.

    ways.of("spiderman 2")   -> [("spiderman", "2"), ("spider", "man", "2")]
    ways.of("wireles tv")    -> [("wireles", "tv"), ("wireless", "tv"), ("wireless", "television")]

An index asks for an item in every way and lets the best one count, so that no item gains by
answering to several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prismrec.core import Item
from prismrec.language.segmentation import Alternative, Cut, cut
from prismrec.language.synonyms import Synonyms
from prismrec.retrieval.understanding.spelling import Spelling

__all__ = ["Ways"]

MOST_WAYS = 6
"""Each costs the index as much as another query."""
MOST_WORDS = 48
"""Words of a query that are looked up; a pasted page must not cost more than a question."""
MOST_MEANT = 3
"""Words that a misspelt one is taken for."""
REMEMBERED, LONGEST_REMEMBERED = 1_000, 200
"""Queries whose ways are kept, since one request asks for them several times."""
Way = tuple[str, ...]


class Ways:
    """Other ways to say a query, from synonyms, from how words are joined (`spider-man`,
    `spiderman`, `iphone 13`), and from the words of the catalogue that are close to a misspelt one.

    `words` cuts and stems a text; `used` counts the items with a stem. What no item has in this way
    is no way. `learn` is for one writer; any number may read.
    """

    def __init__(
        self,
        words: Callable[[str], list[str]],
        used: Callable[[str], int],
        synonyms: Synonyms | None = None,
    ) -> None:
        self._words, self._used = words, used
        self._synonyms = synonyms or Synonyms()
        self._parts: dict[str, Way] = {}
        self._known: dict[tuple[str, bool], list[Way]] = {}
        self.spelling = Spelling(self._having)

    def learn(self, items: Iterable[Item]) -> None:
        """Remember the words of `items` by which they are called: all but their descriptions."""
        for item in items:
            named = [v for v in item.attributes.values() if isinstance(v, str)]
            said = cut("\n".join([item.title, item.brand, *item.categories, *named]))
            self.spelling.add(dict.fromkeys(said.words))
            for one in said.others:
                if one.end - one.start > 1:
                    self._parts[one.others[0][0]] = tuple(said.words[one.start : one.end])

    def forget(self) -> None:
        """Find the ways of every query anew, because the words of the items are others now."""
        self._known = {}

    def of(self, text: str, *, typing: bool = False) -> list[Way]:
        """The words of `text`, stemmed, then up to five other ways to say them. With `typing` the
        last word may be only a beginning, and stands as it is."""
        known = self._known  # that of before, where words change meanwhile
        found = known.get((text, typing))
        if found is None:
            found = self._find(text, typing=typing)
            if len(known) >= REMEMBERED:
                known.clear()
            if len(text) < LONGEST_REMEMBERED:
                known[text, typing] = found
        return found

    def _find(self, text: str, *, typing: bool) -> list[Way]:
        said = cut(text)
        plain = tuple(self._words(text)[:MOST_WORDS])
        if not plain:
            return []
        meant = list(self._meant(said, plain, typing=typing))
        right = replaced(plain, [(a, a.others[0]) for a in meant])
        found = [plain, right]
        closed = len(plain) - 1 if typing else len(plain)
        for one in [*self._joined(said, plain[:closed]), *self._synonyms.of_words(plain[:closed])]:
            found += [replaced(right, [(one, other)]) for other in one.others]
        found += [replaced(plain, [(one, other)]) for one in meant for other in one.others[1:]]
        return list(dict.fromkeys(found))[:MOST_WAYS]

    def _meant(self, said: Cut, stems: Way, *, typing: bool) -> Iterator[Alternative]:
        """For each word that no item has, those that it may be."""
        closed = len(stems) - 1 if typing else len(stems)
        for place, word in enumerate(said.words[:closed]):
            if not self._used(stems[place]):
                others = [
                    tuple(self._words(other)) for other in self.spelling.near(word, MOST_MEANT)
                ]
                if others:
                    yield Alternative(place, place + 1, tuple(dict.fromkeys(others)))

    def _joined(self, said: Cut, stems: Way) -> Iterator[Alternative]:
        """Words in parts that items write as one, and a word that no item has in its parts."""
        parted = [
            Alternative(place, place + 1, (self._parts[word],))
            for place, word in enumerate(said.words[: len(stems)])
            if word in self._parts
        ]
        for one in [*said.others, *parted]:
            single = one.end - one.start == 1
            if one.end > len(stems) or (single and self._used(stems[one.start])):
                continue
            others = [tuple(self._words(" ".join(other))) for other in one.others]
            known = tuple(other for other in others if all(map(self._used, other)))
            if known:
                yield Alternative(one.start, one.end, known)

    def _having(self, word: str) -> int:
        return min((self._used(stem) for stem in self._words(word)), default=0)


def replaced(words: Way, changes: Sequence[tuple[Alternative, Way]]) -> Way:
    """`words` with other words in place of some; the places must not overlap, nor move."""
    out = list(words)
    for one, other in sorted(changes, key=lambda change: -change[0].start):
        out[one.start : one.end] = other
    return tuple(out)
