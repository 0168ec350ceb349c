"""Names as tokens: what is read of each item, and the prefix tree of all that may be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from prismrec.core.arrays import Bools, Longs
from prismrec.models.generative.tree import PrefixTree

__all__ = ["Spelling", "Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """The words of a model: its `tokenizer` as JSON, the `names` of the items it knows, and of how
    many `words` of its title a name is made."""

    tokenizer: str
    names: tuple[str, ...]
    words: int


@dataclass(frozen=True)
class Spelling:
    """The tokens of n names: item i is spelt `tokens[indptr[i]:indptr[i + 1]]`, at least one token,
    no two items alike; `end` is the token that says a name is over."""

    indptr: Longs
    tokens: Longs
    end: int

    @classmethod
    def of(cls, spelt: Sequence[Sequence[int]], end: int) -> Self:
        """From the tokens of each name, `end` not among them. Of names that a tokenizer spells
        alike, the later one repeats its last token as often as tells them apart; one that it cannot
        spell is the first token there is, likewise."""
        taken: set[tuple[int, ...]] = set()
        lines = []
        for tokens in spelt:
            line = tuple(tokens) or (int(end == 0),)
            while line in taken:
                line = (*line, line[-1])
            taken.add(line)
            lines.append(line)
        indptr = np.cumsum([0, *map(len, lines)], dtype=np.int64)
        return cls(indptr, np.array([t for line in lines for t in line], np.int64), end)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> Longs:
        """Tokens of each name, (n,)."""
        return np.diff(self.indptr)

    @cached_property
    def tree(self) -> PrefixTree:
        """All names, those that are shorter than the longest ended by `end`."""
        longest = int(self.lengths.max(initial=0)) + 1
        ids = np.full((len(self), longest), self.end, np.int64)
        rows = np.repeat(np.arange(len(self)), self.lengths)
        ids[rows, np.arange(len(self.tokens)) - np.repeat(self.indptr[:-1], self.lengths)] = (
            self.tokens
        )
        return PrefixTree.of(ids)

    @cached_property
    def alone(self) -> Bools:
        """(N,): the prefixes of the tree that only one name begins with."""
        return np.asarray(self.tree.high - self.tree.low == 1)

    def shortest(self) -> Self:
        """Each name cut after the token by which it is the only one of its beginning."""
        needed = 1 + np.argmax(self.alone[self.tree.paths], axis=1) if len(self) else self.lengths
        kept = np.minimum(self.lengths, needed)
        indptr = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        starts = np.repeat(self.indptr[:-1] - indptr[:-1], kept)
        return type(self)(indptr, self.tokens[np.arange(indptr[-1]) + starts], self.end)
