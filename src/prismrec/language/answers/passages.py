"""Passages as a question sees them: how alike, and which of its words they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import TextEncoder
from prismrec.core.arrays import Floats
from prismrec.language.segmentation import segment

__all__ = ["FEATURES", "Passage", "Reader", "sentences"]

FEATURES = ("one", "likeness", "ahead", "held", "asked", "told")
"""A constant; the cosine of question and the passage's own question; how far that is above the best
passage with another answer; the share of the question's words, by rarity, in the passage's own
question; the share of that one's words in the question; the share of the question's words in the
passage as a whole."""
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？；])|\n+")
_ENGLISH = """a an and are as at be by can could do does for from have how i if in is it may me my
of on or please so that the their there this to want was we were what when where which who why will
with would you your tell know need"""
_CHINESE = "我 你 您 他 的 了 和 与 是 在 有 也 就 都 吗 呢 吧 怎么 什么 如何 可以 能 请问 这 那 个"
_ASKING = frozenset([*_ENGLISH.split(), *_CHINESE.split()])


@dataclass(frozen=True)
class Passage:
    """An item of a catalogue of answers: the question it answers (may be empty), and the answer."""

    item_id: str
    question: str
    answer: str


def sentences(text: str) -> list[str]:
    """The sentences of `text`, as they stand in it."""
    return [part.strip() for part in _END.split(text) if part.strip()]


class Reader:
    """Compares questions with passages, by meaning (`encoder`) and by words, which count by how
    rare they are in `texts`, the catalogue's. Without an encoder words alone count."""

    def __init__(self, encoder: TextEncoder | None, texts: Iterable[str]) -> None:
        self._encoder = encoder
        spread: Counter[str] = Counter()
        count = 0
        for text in texts:
            spread.update(_words(text))
            count += 1
        self._rarity = {word: float(np.log((1 + count) / n)) for word, n in spread.items()}
        self._unknown = float(np.log(1.0 + count))

    def features(self, question: str, passages: Sequence[Passage]) -> Floats:
        """(p, f), see `FEATURES`."""
        likeness = self.likeness(question, [p.question or p.answer for p in passages])
        out = np.zeros((len(passages), len(FEATURES)))
        asked = _words(question)
        for row, passage in enumerate(passages):
            others = [likeness[i] for i, p in enumerate(passages) if p.answer != passage.answer]
            own = _words(passage.question)
            out[row] = (
                1.0,
                likeness[row],
                likeness[row] - max(others, default=0.0),
                self.share(asked, own),
                self.share(own, asked),
                self.share(asked, own | _words(passage.answer)),
            )
        return out

    def likeness(self, question: str, texts: Sequence[str]) -> Floats:
        """(n,) cosines of `question` and each of `texts`; without an encoder, of shared words."""
        if self._encoder is None:
            asked = _words(question)
            both = [
                np.sqrt(self.share(asked, _words(t)) * self.share(_words(t), asked)) for t in texts
            ]
            return np.array(both, np.float64)
        vectors = self._encoder.encode([question, *texts]).astype(np.float64)
        return np.asarray(vectors[1:] @ vectors[0], np.float64)

    def ready(self, texts: Sequence[str]) -> Callable[[str], Floats]:
        """The likeness to each of `texts` (n,) of a question that comes later, without reading
        the texts again."""
        if self._encoder is None or not texts:
            return lambda question: self.likeness(question, texts)
        encoder, vectors = self._encoder, self._encoder.encode(texts).astype(np.float64)
        return lambda question: np.asarray(vectors @ encoder.encode([question])[0], np.float64)

    def share(self, words: frozenset[str], among: frozenset[str]) -> float:
        """How much of `words`, by rarity, is `among` those; 0 where there are none."""
        whole = sum(self._weight(word) for word in words)
        found = sum(self._weight(word) for word in words & among)
        return found / whole if whole else 0.0

    def words(self, text: str) -> frozenset[str]:
        """The words of `text` that say what it is about."""
        return _words(text)

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, self._unknown)


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in segment(text) if word not in _ASKING)


def _stem(word: str) -> str:
    """Without the ending of a plural: enough to compare a question with a passage."""
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
