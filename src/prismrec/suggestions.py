"""What a person who types may mean: searches of others, brands, categories, products; and what one
who mistyped meant, by the words of these searches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import Filters, Slate
from prismrec.core.arrays import Scores
from prismrec.retrieval import filter_mask
from prismrec.retrieval.filters import FilterIndex
from prismrec.retrieval.shop.facets import token_counts
from prismrec.retrieval.shop.phrases import Phrases, typed_terms
from prismrec.retrieval.shop.snippets import Span, marks
from prismrec.retrieval.understanding.spelling import WordCounts, spelt
from prismrec.snapshot import Snapshot
from prismrec.store import Store
from prismrec.store.searches import FEWEST

__all__ = ["Suggestion", "Suggestions"]

REMEMBERED = 5_000
"""Searches of others that can be suggested, the most common ones."""
PAUSE, LONG_PAUSE = 2.0, 60.0
"""Seconds between two looks at the log: while somebody types, and for a correction."""
NAMES = ("category", "brand")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that continues what was typed. `kind` is `query`, `category`, `brand` or `title`;
    `item_id` is the product of a title. `marks` are the spans of the text that were typed."""

    text: str
    kind: str
    item_id: str
    marks: tuple[Span, ...]


@dataclass(frozen=True)
class _Named:
    """Texts that can be suggested, with their weights."""

    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    weights: Scores
    phrases: Phrases


class Suggestions:
    """Completes what is typed, for one collection.

    A search of others is suggested only when at least 10 different users asked it (`FEWEST`), so
    that what one person looks for is never shown to another; an erased user no longer counts, from
    the moment of erasure. Half of the places go to such searches, then come categories and brands,
    then titles of products in stock.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = threading.Lock()
        self._version = -1
        self._looked = 0.0
        self._asked = _named([])
        self._words = WordCounts()
        self._names: tuple[int, _Named] = (-1, _named([]))
        self.refresh()

    def refresh(self) -> None:
        """Look at the log now: what too few users asked is gone when this returns."""
        with self._turn:
            self._version = self._store.searches.version
            self._looked = time.monotonic()
            found = self._store.searches.popular(FEWEST, REMEMBERED)
            self._asked = _named([(text, "query", users) for text, users in found])
            words = WordCounts()
            for text, users in found:
                words.add(dict.fromkeys(spelt(text)), users)
            self._words = words

    def corrected(self, seen: Snapshot, slate: Slate, *, typing: bool) -> Slate:
        """`slate` with a correction that knows the words of others' searches too: one that no item
        has may be what people look for."""
        read = slate.understood
        self._look(LONG_PAUSE)
        if read is None or typing or not len(self._words):
            return slate
        meant = seen.reader.words.ways.spelling.corrected(read.searched, self._words)
        return replace(slate, understood=replace(read, correction=meant))

    def complete(self, seen: Snapshot, typed: str, n: int) -> list[Suggestion]:
        """Up to n suggestions, the likeliest of each kind first; none for what has no letters."""
        self._look(PAUSE)
        terms = typed_terms(typed)
        if not terms:
            return []
        out: dict[str, Suggestion] = {}
        for text, kind, item_id in self._candidates(seen, typed, n):
            if len(out) < n and text.casefold() not in out:
                found = Suggestion(text, kind, item_id, marks(text, terms, str))
                out[text.casefold()] = found
        return list(out.values())

    def _candidates(self, seen: Snapshot, typed: str, n: int) -> Iterator[tuple[str, str, str]]:
        asked, names, shown = self._asked, self._names_of(seen), seen.shown_to()
        for row in asked.phrases.best(typed, asked.weights, (n + 1) // 2):
            yield asked.texts[row], "query", ""
        for row in names.phrases.best(typed, names.weights, n // 2):
            filters = Filters(attributes={names.kinds[row]: (names.texts[row],)})
            if (filter_mask(filters, seen.filters) & shown).any():
                yield names.texts[row], names.kinds[row], ""
        titles = seen.front.titles
        weights = np.where(shown & seen.features.available, seen.front.popularity, -1.0)
        for row in titles.best(typed, weights[: len(titles)], 2 * n):
            item = seen.catalogue.item(row)
            yield item.title, "title", item.item_id

    def _look(self, pause: float) -> None:
        """At the log, where others asked something often enough since the last look."""
        due = time.monotonic() - self._looked > pause
        if self._version != self._store.searches.version and due:
            self.refresh()

    def _names_of(self, seen: Snapshot) -> _Named:
        """Categories and brands, made anew when there is one more of them."""
        tokens = len(seen.filters.features.attributes.names)
        made, names = self._names
        if made != tokens:
            names = _named(list(_names(seen.filters)))
            self._names = (tokens, names)
        return names


def _named(found: list[tuple[str, str, int]]) -> _Named:
    texts = tuple(text for text, _, _ in found)
    weights = np.array([weight for _, _, weight in found], np.float32)
    return _Named(texts, tuple(kind for _, kind, _ in found), weights, Phrases.of(texts))


def _names(index: FilterIndex) -> Iterator[tuple[str, str, int]]:
    counts = token_counts(index.features.attributes, index.alive)
    for kind in NAMES:
        for token in index.tokens_of(kind):
            text = index.features.attributes.names[token][len(kind) + 1 :]
            yield text, kind, int(counts[token])
