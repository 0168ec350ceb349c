"""Reads queries with the words of one catalogue, and applies what it understood.

understood = reader.read("red jacket under 50")
mask &= reader.passing(understood, filters, matching, text_of)     # the filters
part = reader.boost(understood, filters, positions)                # the boosts
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import ItemFeatures
from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.core.understood import Understood
from prismrec.language.segmentation import contains_han
from prismrec.retrieval.filters import FilterIndex, carrying
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.shop.matching import Matching
from prismrec.retrieval.understanding.catalogue_terms import CatalogueTerms
from prismrec.retrieval.understanding.refusals import speaks_of
from prismrec.retrieval.understanding.understand import understand

__all__ = ["Reader"]


@dataclass(frozen=True)
class Reader:
    """Reads what a query asks for. Immutable to its readers, like the snapshot it belongs to."""

    terms: CatalogueTerms
    words: Words

    @staticmethod
    def of(features: ItemFeatures, alive: Bools, titles: Iterable[str], words: Words) -> Reader:
        """The reader of a catalogue whose lexical index is `words`."""
        return Reader(CatalogueTerms.of(features, alive, titles, words.analyzer.stem), words)

    def extended(self, features: ItemFeatures, alive: Bools, titles: Iterable[str] = ()) -> Reader:
        """The reader after items came, changed or went; `titles` are those of the changed ones."""
        return replace(self, terms=self.terms.extended(features, alive, titles))

    def read(self, text: str, *, ignore: Collection[str] = (), typing: bool = False) -> Understood:
        """What `text` asks for, with a correction where it has misspelt words. With `typing` its
        last word may be only a beginning: it is searched, not read, and nothing is corrected."""
        head, tail = _parted(text) if typing else (text, "")
        used = self.words.fields.items_with
        found = understand(head, self.terms, self.words.analyzer.stem, used, ignore=ignore)
        if typing:
            return replace(found, text=text, searched=f"{found.searched} {tail}".strip() or text)
        return replace(found, correction=self.words.ways.spelling.corrected(found.searched))

    def passing(
        self,
        understood: Understood,
        filters: FilterIndex,
        matching: Matching,
        text_of: Callable[[int], str],
    ) -> Bools:
        """(n,) which items are within the bounds of price and carry nothing that was refused.

        An item without a price is within none. `text_of` gives the text of an item by position, for
        refused words that are no name of the catalogue.
        """
        prices = filters.features.prices
        out = np.ones(len(prices), bool)
        if understood.low is not None:
            out &= prices >= understood.low
        if understood.high is not None:
            out &= prices <= understood.high
        for refused in understood.refusals:
            if refused.tokens:
                out &= ~carrying(filters, refused.tokens)
            else:
                out &= ~self._speaking(refused.value, matching, text_of, len(out))
        return out

    def boost(self, understood: Understood, filters: FilterIndex, positions: Positions) -> Scores:
        """(b, m): the share of the wishes of the text that each item fulfils, each by its
        strength; 0 at padding."""
        told = np.zeros(len(filters.alive), np.float32)
        for wish in understood.boosts:
            told += carrying(filters, wish.tokens) * np.float32(wish.strength)
        share = told / max(len(understood.boosts), 1)
        return np.where(positions >= 0, share[np.maximum(positions, 0)], np.float32(0))

    def _speaking(
        self, word: str, matching: Matching, text_of: Callable[[int], str], n: int
    ) -> Bools:
        """(n,) which items speak of `word` without denying it."""
        stem = self.words.analyzer.stem(word)
        out = matching.find([self.words.analyzer.words(word)], n).items.copy()
        for place in np.flatnonzero(out).tolist():
            out[place] = speaks_of(text_of(place), word, stem)
        return out


def _parted(text: str) -> tuple[str, str]:
    """The words that are finished, and the one still being typed: all of a Chinese text."""
    head, _, tail = text.rpartition(" ")
    return ("", text) if contains_han(text) else (head, tail)
