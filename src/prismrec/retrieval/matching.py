"""Which items match a text: what facets count, what a sorted list holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import Item
from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.language.segmentation import segment
from prismrec.retrieval.postings import Inverted
from prismrec.retrieval.vocabulary import LONG_TAIL, SortedWords

__all__ = ["Matched", "Matching", "Term", "words_of"]

ENOUGH = 0.75
"""The share of the best item's information about the query that a match must have."""
MOST_WORDS = 48
SHORTEST_MISSPELT = 4
Stem = Callable[[str], str]


@dataclass(frozen=True)
class Term:
    """One word of a query as it was found: the stems that stand for it, and what it tells (its
    inverse document frequency). With `prefix`, any word that starts with it."""

    word: str
    stems: frozenset[str]
    weight: float
    prefix: bool = False


@dataclass(frozen=True)
class Matched:
    """The items (n,) that match a text, and the words by which they do."""

    items: Bools
    terms: tuple[Term, ...]


class Matching:
    """The words of every item, inverted.

    An item matches when it has enough of what the query tells: its words weighed by inverse
    document frequency, at least three quarters of what the best item has. So an item need not have
    the "for" of a query, must have the rare word that another item has, and where no item has all
    words the best ones still match. A word that no item has stands for those one typing error away;
    the last word of a text that is still being typed, for all that start with it.

    Immutable but for its word list, which only grows: `upserted` gives the next one.
    """

    def __init__(self, stem: Stem, words: SortedWords, index: Inverted) -> None:
        self._stem, self._words, self._index = stem, words, index

    @staticmethod
    def of(items: Sequence[Item], stem: Stem) -> Matching:
        """The index of `items`, row i being item i; `stem` maps a word to what is compared."""
        found = [{stem(word) for word in segment(words_of(item))} for item in items]
        words = SortedWords(word for row in found for word in row)
        rows = [sorted(map(words.place, row)) for row in found]
        return Matching(stem, words, Inverted.of(rows, len(words)))

    def upserted(self, positions: Positions, items: Sequence[Item]) -> Matching:
        """The index in which `items` stand at `positions`."""
        add, stem = self._words.add, self._stem
        rows = [sorted({add(stem(word)) for word in segment(words_of(item))}) for item in items]
        index = self._index.with_rows(positions.tolist(), rows, len(self._words))
        return Matching(stem, self._words, index)._in_order()

    def find(self, text: str, n: int, *, typing: bool = False) -> Matched:
        """The items among the first `n` that match `text`, removed ones too; none without words."""
        asked = list(dict.fromkeys(segment(text)))[:MOST_WORDS]
        told = np.zeros(max(n, self._index.n_rows), np.float32)
        terms = []
        for place, word in enumerate(asked):
            term, rows = self._term(word, prefix=typing and place == len(asked) - 1)
            told[rows] += np.float32(term.weight)
            if len(rows):
                terms.append(term)
        best = float(told[:n].max(initial=0.0))
        return Matched(enough(told[:n], best), tuple(terms))

    def stem(self, word: str) -> str:
        """What of a word is compared."""
        return self._stem(word)

    def _in_order(self) -> Matching:
        """The same, its words sorted anew where many came late."""
        old = self._words
        if old.tail <= LONG_TAIL:
            return self
        words = SortedWords(old[place] for place in range(len(old)))
        numbers = np.array([words.place(old[place]) for place in range(len(old))], np.int32)
        return Matching(self._stem, words, self._index.renumbered(numbers))

    def _term(self, word: str, *, prefix: bool) -> tuple[Term, Positions]:
        stem = self._stem(word)
        places = [place] if (place := self._words.place(stem)) >= 0 else []
        rows = np.concatenate([self._index.rows(p) for p in places] or [np.zeros(0, np.int32)])
        if prefix:
            rows = np.concatenate([rows, self._starting(word)])
        if not len(rows) and len(word) >= SHORTEST_MISSPELT and word.isalpha():
            places = self._words.near(stem, prefix=prefix)
            rows = np.concatenate([self._index.rows(p) for p in places] or [rows])
        if prefix or len(places) > 1:
            rows = np.unique(rows)
        weight = float(np.log1p(self._index.n_rows / len(rows))) if len(rows) else 0.0
        stems = frozenset([stem, *(self._words[p] for p in places[:50])])
        return Term(word, stems, weight, prefix), rows

    def _starting(self, prefix: str) -> Positions:
        later = [self._index.rows(place) for place in self._words.later(prefix)]
        low, high = self._words.span(prefix)
        return np.concatenate([self._index.rows_of_range(low, high), *later])


def enough(told: Scores, best: float) -> Bools:
    """(n,) whether each item has enough of what the best one has."""
    if best <= 0.0:
        return np.zeros(len(told), bool)
    out: Bools = told >= ENOUGH * best - 1e-6
    return out


def words_of(item: Item) -> str:
    """All that can be found of an item, as one text."""
    values = []
    for name, value in item.attributes.items():
        if isinstance(value, bool):
            values += [name] if value else []
        elif isinstance(value, int | float):
            values.append(f"{value:g}")
        else:
            values.append(value if isinstance(value, str) else " ".join(value))
    parts = [item.title, item.brand, *item.categories, *values, item.description]
    return "\n".join([*parts, *item.texts.values()])
