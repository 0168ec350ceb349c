"""Texts found by the beginnings of their words: what completes what is being typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from prismrec.core.arrays import Positions, Scores
from prismrec.language.segmentation import HAN, normalise
from prismrec.retrieval.lexical.postings import NOTHING, Inverted
from prismrec.retrieval.lexical.vocabulary import LONG_TAIL, SortedWords
from prismrec.retrieval.shop.matching import Term

__all__ = ["Phrases", "typed_terms"]

FIRST = "^"
"""Marks the first word of a text, so that texts which begin as typed come first."""
LONGEST_RUN = 6
MOST_WORDS = 8
SHORTEST_MISSPELT = 4
_PIECE = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:['\u2019][^\\W_{HAN}]+)*")
_HAN = re.compile(f"[{HAN}]")


class Phrases:
    """Texts by row, and which of them continue what was typed.

    All words typed must begin words of the text, in any order; a word that begins none may have one
    typing error. Chinese, where nobody types spaces, is found by what stands together, or else by
    the words it can be cut into. Immutable but for its word list, which only grows.
    """

    def __init__(self, words: SortedWords, index: Inverted) -> None:
        self._words, self._index = words, index

    def __len__(self) -> int:
        return self._index.n_rows

    @staticmethod
    def of(texts: Sequence[str]) -> Phrases:
        """Row i is `texts[i]`."""
        found = [set(_tokens(text)) for text in texts]
        words = SortedWords(token for row in found for token in row)
        rows = [sorted(map(words.place, row)) for row in found]
        return Phrases(words, Inverted.of(rows, len(words)))

    def with_rows(self, at: Sequence[int], texts: Sequence[str]) -> Phrases:
        """The phrases in which the rows `at` are `texts`."""
        words, index = self._words, self._index
        rows = [sorted({words.add(token) for token in _tokens(text)}) for text in texts]
        index = index.with_rows(at, rows, len(words))
        if words.tail > LONG_TAIL:
            old, words = words, SortedWords(words[place] for place in range(len(words)))
            numbers = np.array([words.place(old[p]) for p in range(len(old))], np.int32)
            index = index.renumbered(numbers)
        return Phrases(words, index)

    def best(self, typed: str, weights: Scores, n: int) -> list[int]:
        """Up to n rows that continue `typed`, those that begin with it first, then by `weights`
        (rows,), ties in order of row; rows of weight below 0 are passed over."""
        pieces = _PIECE.findall(normalise(typed))[:MOST_WORDS]
        found = self._all(pieces)
        if not len(found) and any(_HAN.match(piece) for piece in pieces):
            found = self._all([word for piece in pieces for word in _cut(piece)])
        found = found[weights[found] >= 0] if len(found) else found
        if not len(found):
            return []
        first = np.isin(found, self._beginning(FIRST + pieces[0]))
        keys = np.lexsort((found, -weights[found], ~first))[:n]
        return [int(row) for row in found[keys]]

    def _all(self, pieces: Sequence[str]) -> Positions:
        """The rows in which every piece begins a word."""
        counts = np.zeros(len(self), np.int16)
        for piece in pieces:
            counts[self._like(piece)] += 1
        return np.flatnonzero(counts == len(pieces)).astype(np.int32) if pieces else NOTHING

    def _like(self, piece: str) -> Positions:
        rows = self._beginning(piece)
        if not len(rows) and len(piece) >= SHORTEST_MISSPELT and piece.isalpha():
            near = [self._index.rows(place) for place in self._words.near(piece)]
            rows = np.concatenate([NOTHING, *near])
        return rows

    def _beginning(self, piece: str) -> Positions:
        low, high = self._words.span(piece)
        later = [self._index.rows(place) for place in self._words.later(piece)]
        return np.concatenate([self._index.rows_of_range(low, high), *later])


def typed_terms(typed: str) -> tuple[Term, ...]:
    """The words typed, each as the beginning of one: for marking them in a text."""
    pieces = _PIECE.findall(normalise(typed))[:MOST_WORDS]
    words = [word for piece in pieces for word in (piece, *_cut(piece))]
    return tuple(Term(word, 1.0, word) for word in dict.fromkeys(words))


def _tokens(text: str) -> Iterator[str]:
    """The words of a text, and of Chinese what stands from each character on; the first marked."""
    first = FIRST
    for piece in _PIECE.findall(normalise(text)):
        if _HAN.match(piece):
            yield from (piece[i : i + LONGEST_RUN] for i in range(len(piece)))
        else:
            yield piece
        if first:
            yield first + piece[:40]
            first = ""


def _cut(piece: str) -> Iterable[str]:
    """The shortest Chinese words of a run; any other piece as it is."""
    if not _HAN.match(piece):
        return (piece,)
    import rjieba  # loads its dictionary on first use

    words = set(rjieba.cut_for_search(piece))
    return sorted(w for w in words if not any(other in w for other in words - {w}))
