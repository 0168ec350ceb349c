"""Where the words of one query stand in its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Positions

__all__ = ["Matches", "Term"]


@dataclass(frozen=True)
class Term:
    """One word of a query: the `tokens` that stand for it, and how many `items` have the commonest
    of them (0 where there is none)."""

    tokens: tuple[int, ...]
    items: int


@dataclass(frozen=True)
class Matches:
    """Of `words` query words in candidates whose fields end at `ends` (m, fields). The rest is one
    entry a match, in order of candidate and place: whose it is, at which place of the candidate's
    words, in which field, and which query word."""

    words: int
    ends: Longs
    owner: Longs
    place: Longs
    field: Longs
    term: Longs

    @staticmethod
    def of(terms: Sequence[Term], found: Positions, ends: Longs) -> Matches:
        """`found` are the tokens of the candidates one after the other; `ends` (m, fields) says
        where in those of each its fields end."""
        which = np.zeros(max(int(found.max(initial=0)) + 1, 1), np.int16)
        for i, term in enumerate(terms):
            which[[token for token in term.tokens if token < len(which)]] = i + 1
        of = which[found]
        hit = np.flatnonzero(of)
        last = np.cumsum(ends[:, -1])
        owner = np.searchsorted(last, hit, side="right")
        place = hit - (last - ends[:, -1])[owner]
        field = (place[:, None] >= ends[owner]).sum(axis=1)
        return Matches(len(terms), ends, owner, place, field, of[hit].astype(np.int64) - 1)

    @cached_property
    def lengths(self) -> Floats:
        """(m, fields): how many words each field has."""
        return np.diff(self.ends, axis=1, prepend=0).astype(np.float64)

    @cached_property
    def counts(self) -> Floats:
        """(m, fields, words): how often each word stands in each field."""
        m, fields = self.ends.shape
        key = (self.owner * fields + self.field) * self.words + self.term
        counts = np.bincount(key, minlength=m * fields * self.words).astype(np.float64)
        return counts.reshape(m, fields, self.words)

    def weighed(self, weights: Floats) -> Floats:
        """(m, words): the sum over the matches of a word of the `weights` (m, fields) of their
        fields."""
        key = self.owner * self.words + self.term
        most, told = len(self.ends) * self.words, weights[self.owner, self.field]
        return np.asarray(np.bincount(key, told, most).reshape(-1, self.words), np.float64)

    def phrases(self, share: Floats) -> tuple[Floats, Floats]:
        """(m,) twice: the share of neighbouring query words that are neighbours somewhere in the
        item, and in its title; weighed by the words' `share`. For a single word, whether it is
        there."""
        m, _, k = self.counts.shape
        if k == 1:
            only = self.counts[:, :, 0] > 0
            return only.max(axis=1).astype(float), only[:, 0].astype(float)
        weight = share[:-1] + share[1:]
        pair = self._neighbours()
        anywhere, title = np.zeros((m, k - 1)), np.zeros((m, k - 1))
        anywhere[self.owner[pair], self.term[pair]] = 1.0
        pair &= self.field == 0
        title[self.owner[pair], self.term[pair]] = 1.0
        return anywhere @ weight / weight.sum(), title @ weight / weight.sum()

    def _neighbours(self) -> Bools:
        """Matches whose next word in the same field is the next word of the query."""
        out = np.zeros(len(self.owner), bool)
        out[:-1] = (
            (np.diff(self.place) == 1)
            & (np.diff(self.owner) == 0)
            & (np.diff(self.field) == 0)
            & (np.diff(self.term) == 1)
        )
        return out

    def title(self) -> tuple[Floats, Floats, Floats]:
        """(m,) thrice: the share of the title that the query says, the inverse of the place where
        it starts to (from 1), and whether both have the same words."""
        words = self.counts[:, 0].sum(axis=1)
        length = np.maximum(self.lengths[:, 0], 1.0)
        first = np.full(len(words), np.inf)
        inside = self.field == 0
        np.minimum.at(first, self.owner[inside], self.place[inside].astype(float))
        every = (self.counts[:, 0] > 0).all(axis=1)
        return words / length, 1.0 / (1.0 + first), (every & (words == self.lengths[:, 0])) * 1.0
