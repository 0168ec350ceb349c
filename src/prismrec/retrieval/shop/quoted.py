"""Which items say words side by side, as they were quoted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prismrec.core import Item
from prismrec.core.arrays import Bools
from prismrec.language.segmentation import contains_han, normalise
from prismrec.retrieval.lexical.analysis import texts_of
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.shop.matching import Matching

__all__ = ["saying"]

READ = 2_000
"""Items whose Chinese is read where its words were cut in another way than those of the quote."""


def saying(
    said: str, words: Words, matching: Matching, item: Callable[[int], Item], n: int
) -> Bools:
    """(n,) which of the first n items have the words of `said` side by side in one field, whatever
    their endings; removed items too. `item` gives the item at a position."""
    stems = words.analyzer.words(said)
    rows = matching.having(stems, n)
    stand = words.fields.standing(stems, rows) if len(rows) else np.zeros(0, bool)
    out = np.zeros(n, bool)
    out[rows[stand]] = True
    if contains_han(said):
        sought = _without_spaces(said)
        for row in rows[~stand][:READ].tolist():
            out[row] = any(sought in _without_spaces(text) for text in texts_of(item(row)))
    return out


def _without_spaces(text: str) -> str:
    return "".join(normalise(text).split())
