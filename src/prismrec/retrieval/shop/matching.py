"""Which items match a text: what facets count, what a sorted list holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.retrieval.lexical.postings import NOTHING, Inverted, Postings
from prismrec.retrieval.lexical.vocabulary import LONG_TAIL, SortedWords

__all__ = ["Matched", "Matching", "Term"]

ENOUGH = 0.75
"""The share of the best item's information about the query that a match must have."""
SHORTEST_MISSPELT = 4
Way = Sequence[str]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query as items were found by it: its stem, and what it tells (its inverse
    document frequency). With a `prefix`, also every word that starts with that."""

    stem: str
    weight: float
    prefix: str = ""


@dataclass(frozen=True)
class Matched:
    """The items (n,) that match a text, and the words by which they do."""

    items: Bools
    terms: tuple[Term, ...]


class Matching:
    """The words of every item, inverted.

    An item matches when it has enough of what the query tells: of the query's words, weighed by
    inverse document frequency, at least three quarters of what the best item has. So an item need
    not have the "for" of a query, must have the rare word that another item has, and where no item
    has all words the best ones still match. Of several ways to say the query the best counts.

    Immutable but for its word list, which only grows: `upserted` gives the next one.
    """

    def __init__(self, words: SortedWords, index: Inverted) -> None:
        self._words, self._index = words, index

    @staticmethod
    def of(owners: Positions, tokens: Positions, names: Sequence[str], n: int) -> Matching:
        """The index of n items: word i is `names[tokens[i]]`, of item `owners[i]`, in order."""
        words = SortedWords(names)
        numbers = np.array([words.place(name) for name in names], np.int64)
        pairs = np.unique(owners.astype(np.int64) * max(len(words), 1) + numbers[tokens])
        rows, found = np.divmod(pairs, max(len(words), 1))
        base = Postings.paired(rows.astype(np.int32), found.astype(np.int32), len(words))
        return Matching(words, Inverted(base, n, {}, Postings(NOTHING, np.zeros(1, np.int64))))

    def upserted(self, positions: Positions, items: Sequence[Sequence[str]]) -> Matching:
        """The index in which the items at `positions` have the words `items`."""
        add = self._words.add
        rows = [sorted({add(word) for word in words}) for words in items]
        index = self._index.with_rows(positions.tolist(), rows, len(self._words))
        return Matching(self._words, index)._in_order()

    def find(self, ways: Sequence[Way], n: int, *, typed: str = "") -> Matched:
        """The items among the first `n` that match a query, removed ones too; none without words.

        `ways` are the ways to say it, each a list of stems. `typed` is the last word as far as it
        was typed, where it may be only a beginning: then also words that start with it count, and
        where there are none, those one typing error away from that.
        """
        terms: dict[Term, None] = {}
        best = np.zeros(max(n, self._index.n_rows), np.float32)
        for way in ways:
            told, total = np.zeros_like(best), 0.0
            for place, stem in enumerate(dict.fromkeys(way)):
                last = place == len(way) - 1
                term, rows = self._term(stem, typed if last else "")
                told[rows] += np.float32(term.weight)
                total += term.weight
                if len(rows):
                    terms[term] = None
            np.maximum(best, told / np.float32(total or 1.0), out=best)
        return Matched(enough(best[:n]), tuple(terms))

    def having(self, words: Sequence[str], n: int) -> Positions:
        """The items among the first `n` that have all of the `words`, ascending, removed ones too;
        none without words."""
        places = [self._words.place(word) for word in dict.fromkeys(words)]
        if not places or min(places) < 0:
            return NOTHING
        found, *others = sorted((self._index.rows(place) for place in places), key=len)
        for rows in others:
            mask = np.zeros(self._index.n_rows, bool)
            mask[rows] = True
            found = found[mask[found]]
        return np.sort(found[found < n])

    def _in_order(self) -> Matching:
        """The same, its words sorted anew where many came late."""
        old = self._words
        if old.tail <= LONG_TAIL:
            return self
        words = SortedWords(old[place] for place in range(len(old)))
        numbers = np.array([words.place(old[place]) for place in range(len(old))], np.int32)
        return Matching(words, self._index.renumbered(numbers))

    def _term(self, stem: str, prefix: str) -> tuple[Term, Positions]:
        """The rows of a word. One that no item has tells most of all, and nobody has it."""
        place = self._words.place(stem)
        rows = self._index.rows(place) if place >= 0 else NOTHING
        if prefix:
            rows = self._once(np.concatenate([rows, self._starting(prefix)]))
            if not len(rows) and len(prefix) >= SHORTEST_MISSPELT and prefix.isalpha():
                near = self._words.near(prefix)
                rows = self._once(np.concatenate([NOTHING, *(self._index.rows(p) for p in near)]))
        weight = float(np.log1p(self._index.n_rows / max(len(rows), 1)))
        return Term(stem, weight, prefix), rows

    def _starting(self, prefix: str) -> Positions:
        later = [self._index.rows(place) for place in self._words.later(prefix)]
        low, high = self._words.span(prefix)
        return np.concatenate([self._index.rows_of_range(low, high), *later])

    def _once(self, rows: Positions) -> Positions:
        mask = np.zeros(self._index.n_rows, bool)
        mask[rows] = True
        return np.flatnonzero(mask).astype(np.int32)


def enough(told: Scores) -> Bools:
    """(n,) whether each item has enough of what the best one has."""
    best = float(told.max(initial=0.0))
    if best <= 0.0:
        return np.zeros(len(told), bool)
    out: Bools = told >= ENOUGH * best - 1e-6
    return out
