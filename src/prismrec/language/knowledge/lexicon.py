"""Known values found in a text, as whole words, the longest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prismrec.language.segmentation import segment

__all__ = ["Lexicon", "Mention"]


@dataclass(frozen=True, slots=True)
class Mention:
    """Value `value` (its place among the values) stands in a text, at its start where `leads`."""

    value: int
    leads: bool


class Lexicon:
    """Where each of `values` stands in a text. Texts and values are cut alike (`segment`), so that
    case, accents, hyphens and ways to write a measure do not matter; of values that overlap, the
    one of most words counts, and the first of those."""

    def __init__(self, values: Iterable[str]) -> None:
        self._places: dict[tuple[str, ...], int] = {}
        self._longest: dict[str, int] = {}
        for place, value in enumerate(values):
            words = tuple(segment(value))
            if words and any(map(str.isalnum, words)):
                self._places.setdefault(words, place)
                self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def mentions(self, words: Sequence[str]) -> list[Mention]:
        """The values among `words`, what `segment` made of a text, in order."""
        found, at = [], 0
        while at < len(words):
            size, value = self._longest_at(words, at)
            if value >= 0:
                found.append(Mention(value, at == 0))
            at += size
        return found

    def _longest_at(self, words: Sequence[str], at: int) -> tuple[int, int]:
        most = min(self._longest.get(words[at], 0), len(words) - at)
        for size in range(most, 0, -1):
            value = self._places.get(tuple(words[at : at + size]), -1)
            if value >= 0:
                return size, value
        return 1, -1
