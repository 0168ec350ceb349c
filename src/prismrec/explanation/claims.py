"""Is a claim carried by the numbers? Each word must be one that its aspect allows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prismrec.explanation.vocabulary import HISTORY, PLAIN, WORDS
from prismrec.explanation.wording import FROM_HISTORY
from prismrec.language import segment

__all__ = ["carried"]

LONGEST = 160
"""Characters of a claim."""
QUOTES = (("“", "”"), ("‘", "’"), ('"', '"'), ("《", "》"))
"""In these a title may stand; without them its words would be the claim's own."""


def carried(claim: str, aspect: str, language: str, *, titles: Sequence[str] = ()) -> bool:
    """Whether `claim` says nothing but what the aspect says, in a positive sense.

    Every word must be plain, or of the aspect (or of the past, for aspects that come from it), or
    stand in one of `titles`, whole and in quotes; and one at least must be of the aspect, since
    mere praise says nothing. So it can name no other reason, no number, no price and no other item,
    and deny nothing. `aspect` must be one that the contributions carry: who asks sees to that.
    False for an empty claim and for one of more than `LONGEST` characters.
    """
    about = WORDS[language].get(aspect)
    if about is None or len(claim) > LONGEST:
        return False
    rest = claim
    for title in sorted(titles, key=len, reverse=True):
        for opening, closing in QUOTES:
            rest = rest.replace(f"{opening}{title}{closing}", " ")
    allowed = PLAIN[language] | about
    if aspect in FROM_HISTORY:
        allowed |= HISTORY[language]
    words = _words(rest, language)
    return any(word in about for word in words) and all(word in allowed for word in words)


def _words(text: str, language: str) -> list[str]:
    """Every word, lower case; marks other than punctuation are words, so that none slips by."""
    cut = segment(text) if language == "zh" else re.split(r"[\s,;:.!–—“”\"()]+", text)
    marks = "，。、；：！“”‘’（）,.;:!()\"'"
    return [word.lower() for word in map(str.strip, cut) if word and word not in marks]
