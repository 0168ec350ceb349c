"""The words by which a catalogue's brands, categories and attribute values are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import ItemFeatures
from prismrec.core.arrays import Bools, Longs
from prismrec.retrieval.understanding.spans import Stem, Token, tokens

__all__ = ["CUES", "CatalogueTerms", "Term"]

LONGEST = 5
"""Words of a value; a longer one is a sentence, and nobody asks for it whole."""
FEWEST_ITEMS = 2
"""Items with a value of an attribute, from which it is a word of the catalogue and no accident."""
_NOT_ASKED_FOR = frozenset(
    ["yes", "no", "true", "false", "n", "y", "none", "n/a", "other", "是", "否"]
)
_FUNCTION_WORDS = """a an and any are as at be best both but by can do for from get good has have
how i if in into is it its like more me most my near new no not of off on one only or other our
out over so some than that the their them then there these they this to under up us was we what
when where which who why will with without you your"""
_NEVER_A_NAME = frozenset(_FUNCTION_WORDS.split())
"""What a query says with these words alone is no brand, though some brand is called so."""
CUES = (
    "not", "no", "non", "without", "except", "excluding", "under", "below", "over", "above",
    "between", "looking for", "show me", "find me", "give me", "i want", "i need", "i would like",
    "search for", "recommend", "less than", "more than", "at least", "at most",
)  # fmt: skip
"""Words that can ask for something; in the name of an item they do not."""
_CUE = re.compile(rf"\b({'|'.join(CUES)})\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """Something the catalogue knows by a name: `tokens` are the attribute tokens that say it, the
    commonest first, in `items` living items altogether at most."""

    kind: str
    name: str
    value: str
    tokens: tuple[str, ...]
    items: int


class CatalogueTerms:
    """Which words name a brand, a category or an attribute's value, how many items have it, and
    what prices there are.

    Learned from the catalogue alone. Immutable to its readers: `extended` gives the next one and
    reads only what is new, the word lists being shared and append-only.
    """

    def __init__(self, stem: Stem) -> None:
        self._stem = stem
        self._phrases: dict[tuple[str, ...], list[int]] = {}
        self._longest: dict[str, int] = {}
        self._known = 0
        self._named: set[tuple[str, str]] = set()
        self._names: tuple[str, ...] = ()
        self._counts: Longs = np.zeros(0, np.int64)
        self.prices: tuple[float, float] | None = None

    @staticmethod
    def of(
        features: ItemFeatures, alive: Bools, titles: Iterable[str], stem: Stem
    ) -> CatalogueTerms:
        """The terms of a catalogue: its `features`, which items are `alive` (n,), its titles, and
        what makes words that differ in their endings the same."""
        return CatalogueTerms(stem).extended(features, alive, titles)

    def extended(
        self, features: ItemFeatures, alive: Bools, titles: Iterable[str]
    ) -> CatalogueTerms:
        """The terms after items came, changed or went; `titles` are those of the changed ones."""
        after = CatalogueTerms(self._stem)
        after._phrases, after._longest, after._named = self._phrases, self._longest, self._named
        after._learn(features.attributes.names, self._known)
        for title in titles:
            after._named.update(named_pairs(title))
        after._names = features.attributes.names
        after._counts = counted(features, alive)
        after.prices = priced(features, alive)
        return after

    def is_name(self, cue: str, word: str) -> bool:
        """Whether some item's title says `cue` before `word`, so that both are part of a name."""
        return (" ".join(cue.lower().split()), word.lower()) in self._named

    def match(self, words: Sequence[Token], at: int) -> tuple[int, Term] | None:
        """The longest name that starts with `words[at]`: how many words it has, and what it is."""
        if not words[at].opens:
            return None
        most = min(self._longest.get(words[at].stem, 0), len(words) - at)
        for size in range(most, 0, -1):
            if not words[at + size - 1].closes:
                continue
            places = self._phrases.get(tuple(t.stem for t in words[at : at + size]), ())
            said = " ".join(t.said for t in words[at : at + size])
            if said not in _NEVER_A_NAME and (term := self._term(places)):
                return size, term
        return None

    def _term(self, places: Iterable[int]) -> Term | None:
        """What the tokens at `places` say together; `None` where no living item has them."""
        known = [place for place in places if place < len(self._counts)]
        counts = [int(self._counts[place]) for place in known]
        kinds = [kind_of(self._names[place]) for place in known]
        fewest = [1 if kind != "attribute" else FEWEST_ITEMS for kind in kinds]
        there = [i for i in range(len(known)) if counts[i] >= fewest[i]]
        if not there:
            return None
        order = sorted(there, key=lambda i: (-counts[i], _RANK[kinds[i]], known[i]))
        first = order[0]
        name, _, value = self._names[known[first]].partition("=")
        alike = tuple(self._names[known[i]] for i in order)
        return Term(kinds[first], name, value, alike, sum(counts[i] for i in order))

    def _learn(self, names: Sequence[str], known: int) -> None:
        for place in range(known, len(names)):
            phrase = self._phrase(names[place])
            if phrase:
                self._phrases.setdefault(phrase, []).append(place)
                self._longest[phrase[0]] = max(self._longest.get(phrase[0], 0), len(phrase))
        self._known = len(names)

    def _phrase(self, token: str) -> tuple[str, ...]:
        """The stems by which a token is asked for; none for one that nobody asks for."""
        name, equals, value = token.partition("=")
        said = name if value == "yes" else value
        if not equals or said.casefold() in _NOT_ASKED_FOR or not any(map(str.isalpha, said)):
            return ()
        found = tokens(said, self._stem)
        longest = LONGEST if all(t.said.isascii() for t in found) else 3 * LONGEST
        letters = sum(len(t.said) for t in found)
        return tuple(t.stem for t in found) if 0 < len(found) <= longest and letters > 1 else ()


_RANK = {"category": 0, "brand": 1, "attribute": 2}


def kind_of(token: str) -> str:
    """`brand`, `category` or `attribute`."""
    name = token.partition("=")[0]
    return name if name in ("brand", "category") else "attribute"


def named_pairs(title: str) -> Iterable[tuple[str, str]]:
    """What follows each cue in a title."""
    for cue, word in _CUE.findall(title):
        yield " ".join(cue.lower().split()), word.lower()


def counted(features: ItemFeatures, alive: Bools) -> Longs:
    """(tokens,) how many living items have each attribute token."""
    bags = features.attributes
    carried = np.repeat(alive, np.diff(bags.indptr))
    return np.bincount(bags.indices[carried], minlength=len(bags.names))


def priced(features: ItemFeatures, alive: Bools) -> tuple[float, float] | None:
    """The lowest and the highest price of the living items, `None` where none has one."""
    prices = features.prices[alive & ~np.isnan(features.prices)]
    return (float(prices.min()), float(prices.max())) if len(prices) else None
