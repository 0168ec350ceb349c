"""The words of an index: by spelling, by beginning, and by what was perhaps meant."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np

from prismrec.core.arrays import Bools, Positions

__all__ = ["SortedWords"]

WIDTH = 24
"""Letters of a word that a misspelt one is compared with."""
LONG_TAIL = 2_000
LAST = "\U0010ffff"


class SortedWords:
    """An append-only list of words. The first ones are in order, so that those with a common
    beginning stand side by side; later ones are looked through one by one, and stay few because
    whoever owns the index makes a new one when `tail` is long.

    >>> words = SortedWords(["cup", "cupboard", "coffee"])
    >>> [words[i] for i in words.starting("cup")]
    ['cup', 'cupboard']
    >>> [words[i] for i in words.near("cofe")]
    ['coffee']
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = sorted(set(words))
        self._places = {word: i for i, word in enumerate(self._words)}
        self._sorted = len(self._words)
        self._firsts = sorted({word[0] for word in self._words if word})
        self._letters: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, place: int) -> str:
        return self._words[place]

    @property
    def tail(self) -> int:
        """How many words came after the first ones."""
        return len(self._words) - self._sorted

    def add(self, word: str) -> int:
        """The place of `word`, appended where it is new."""
        place = self._places.setdefault(word, len(self._words))
        if place == len(self._words):
            self._words.append(word)
        return place

    def place(self, word: str) -> int:
        """The place of `word`, -1 where it is unknown."""
        return self._places.get(word, -1)

    def span(self, prefix: str) -> tuple[int, int]:
        """The sorted words that start with `prefix`: places [low, high)."""
        low = bisect_left(self._words, prefix, 0, self._sorted)
        return low, bisect_left(self._words, prefix + LAST, low, self._sorted)

    def later(self, prefix: str) -> list[int]:
        """The places of later words that start with `prefix`."""
        tail = range(self._sorted, len(self._words))
        return [place for place in tail if self._words[place].startswith(prefix)]

    def starting(self, prefix: str) -> list[int]:
        """The places of all words that start with `prefix`."""
        return [*range(*self.span(prefix)), *self.later(prefix)]

    def near(self, prefix: str) -> list[int]:
        """The words with a beginning one typing error away from `prefix`: a letter wrong, missing,
        too many, or swapped with the next.

        Those with the same first letter; only where there are none, others. For two letters or
        more in Latin script.
        """
        prefix = prefix[: WIDTH - 2]
        if len(prefix) < 2 or not prefix.isascii():
            return []
        low, high = self.span(prefix[0])
        later = self._words[self._sorted :]
        found = [
            *(low + one_error_away(prefix, self._table()[low:high])),
            *(self._sorted + one_error_away(prefix, _letters(later))),
        ]
        return found or self._other_start(prefix)

    def _other_start(self, prefix: str) -> list[int]:
        """The sorted words with another first letter, the error being there."""
        rest = prefix[1:]
        starts = [rest, rest[0] + prefix[0] + rest[1:]]
        starts += [letter + more for letter in self._firsts for more in (rest, prefix)]
        return sorted({place for start in starts for place in range(*self.span(start))})

    def _table(self) -> np.ndarray:
        """The letters of the sorted words."""
        if self._letters is None:
            self._letters = _letters(self._words[: self._sorted])
        return self._letters


def one_error_away(prefix: str, letters: np.ndarray) -> Positions:
    """The rows of `letters` (v, WIDTH) whose word begins with `prefix`, but for one error at most.

    With p the length of the common beginning, one error at p leaves equal what follows it, with the
    letters shifted by one where a letter is missing or too many.
    """
    asked = np.frombuffer(prefix.encode("utf-32-le"), np.uint32)
    m, rows = len(asked), np.arange(len(letters))
    same = letters[:, :m] == asked
    p = np.where(same.all(axis=1), m, np.argmin(same, axis=1))
    after, equal = np.minimum(p + 1, m), _ends_equal(letters, asked, 0)
    found = (p == m) | equal[rows, after]  # right, or a wrong letter
    found |= _ends_equal(letters, asked, 1)[rows, p]  # one missing
    found |= _ends_equal(letters, asked, -1)[rows, after]  # one too many
    found |= _swapped(letters, asked, p) & equal[rows, np.minimum(p + 2, m)]
    return np.flatnonzero(found).astype(np.int32)


def _swapped(letters: np.ndarray, asked: np.ndarray, p: np.ndarray) -> Bools:
    """(v,) whether the letters at p and p + 1 are those asked for, the other way round."""
    m, rows = len(asked), np.arange(len(letters))
    first, second = np.minimum(p, m - 1), np.minimum(p + 1, m - 1)
    crossed = (letters[rows, first] == asked[second]) & (letters[rows, second] == asked[first])
    out: Bools = crossed & (p + 1 < m)
    return out


def _letters(words: Sequence[str]) -> np.ndarray:
    """(v, WIDTH) code points, 0 after the end of a word."""
    cut = "".join(word[:WIDTH].ljust(WIDTH, "\0") for word in words)
    return np.frombuffer(cut.encode("utf-32-le"), np.uint32).reshape(-1, WIDTH)


def _ends_equal(letters: np.ndarray, asked: np.ndarray, shift: int) -> Bools:
    """(v, m + 1): whether `asked[j:]` equals the word's letters from j + shift on."""
    v, m = len(letters), len(asked)
    out = np.ones((v, m + 1), bool)
    for j in range(m - 1, -1, -1):
        at = j + shift
        equal = letters[:, at] == asked[j] if at >= 0 else np.zeros(v, bool)
        out[:, j] = out[:, j + 1] & equal
    return out
