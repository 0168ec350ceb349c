"""An answer put together from passages: their own sentences, each with its source.

Nothing is worded anew: a sentence goes out as it stands in a passage, or not at all. One is taken
while it is near the question and holds some of the question's words that none before it held; the
greedy choice of Nemhauser, Wolsey and Fisher, "An analysis of approximations for maximizing
submodular set functions", 1978. What does not hold enough of the question is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.language.answers.passages import Passage, Reader, sentences

__all__ = ["Cited", "Composed", "composed"]

NEAR = 0.3
"""The likeness to the question that a sentence needs at least; less supports nothing."""
SURE = 0.5
"""The likeness that the nearest sentence of a whole answer needs."""
HELD = 0.5
"""The share of the question's words, by rarity, that the sentences must hold together."""
MOST = 4
_READ = 60


@dataclass(frozen=True)
class Cited:
    """A sentence, and the item it stands in."""

    text: str
    source: str


@dataclass(frozen=True)
class Composed:
    """`sentences` in the order of their sources; `held` is the share of the question's words in
    them, `nearest` the highest likeness of one. `enough` says whether that is an answer."""

    sentences: tuple[Cited, ...]
    held: float
    nearest: float

    @property
    def enough(self) -> bool:
        """Whether the sentences together answer the question as far as words and meaning tell."""
        return bool(self.sentences) and self.held >= HELD and self.nearest >= SURE


def composed(question: str, passages: Sequence[Passage], reader: Reader) -> Composed:
    """The sentences of `passages`, best passage first, that answer `question` together."""
    found = [
        (place, Cited(sentence, passage.item_id))
        for place, passage in enumerate(passages)
        for sentence in sentences(passage.answer)
    ][:_READ]
    if not found:
        return Composed((), 0.0, 0.0)
    likeness = reader.likeness(question, [cited.text for _, cited in found])
    words = [reader.words(cited.text) for _, cited in found]
    asked, held, chosen = reader.words(question), frozenset[str](), list[int]()
    near = [i for i in np.argsort(-likeness, kind="stable") if likeness[i] >= NEAR]
    while near and len(chosen) < MOST:
        gains = [
            likeness[i] * (reader.share(asked, held | words[i]) - reader.share(asked, held))
            for i in near
        ]
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        chosen.append(near.pop(best))
        held |= words[chosen[-1]]
    ordered = [found[i][1] for i in sorted(chosen)]
    return Composed(tuple(ordered), reader.share(asked, held), float(likeness.max()))
