"""How far the words of a query led: what a person should be told when not all of them did."""

from __future__ import annotations

from prismrec.core.arrays import Positions
from prismrec.retrieval.lexical.words import Words

__all__ = ["stage_of"]

LOOKED_AT = 20
"""Of the best items, in which all words of a query are looked for."""
ENOUGH = 0.75
"""The share of a query's information (inverse document frequency) that an item must have for the
words it lacks not to matter: the "for" of "laptop for school"."""


def stage_of(words: Words, text: str, best: Positions, *, typing: bool = False) -> str:
    """By which stage the items at `best` (m,) answer `text`.

    Empty where one of them has its words; `corrected-words` where it has them as they were perhaps
    meant; `fewer-words` where none has them all and the best have the rarest, which weigh most;
    `no-item-has-these-words` where none has any, so that meaning alone found them.
    """
    ways = words.ways.of(text, typing=typing)
    best = best[best >= 0][:LOOKED_AT]
    if not ways or not len(best):
        return ""
    if not typing and words.fields.covers(ways[0], int(best[0]), ENOUGH):
        return ""  # as nearly always
    coverage = 0.0
    for way in ways:
        coverage = max(coverage, float(words.fields.coverage(way, typing, best).max()))
        if coverage >= ENOUGH:
            break  # what the other ways add changes nothing
    if coverage <= 0.0:
        return "no-item-has-these-words"
    if coverage < ENOUGH:
        return "fewer-words"
    unknown = not typing and not all(words.fields.items_with(word) for word in ways[0])
    return "corrected-words" if unknown and len(ways) > 1 else ""
