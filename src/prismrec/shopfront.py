"""What a shop needs beside ranking: what matches a text, counts, orders, what the best part is.

One object of the snapshot, immutable as it is: `with_items` makes the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from prismrec.core import Candidates, Item, Query, QueryBatch, Scorer
from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.core.understood import Understood
from prismrec.data.catalogue import Catalogue
from prismrec.language.segmentation import segment
from prismrec.models.popularity import PopularityScorer
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.shop.curation import Curated, Curation
from prismrec.retrieval.shop.facets import Facets, facets
from prismrec.retrieval.shop.matching import Matched, Matching
from prismrec.retrieval.shop.orders import in_order
from prismrec.retrieval.shop.phrases import Phrases
from prismrec.retrieval.shop.quoted import saying
from prismrec.retrieval.shop.snippets import Snippet, Span, marks, snippet

if TYPE_CHECKING:
    from prismrec.snapshot import Snapshot

__all__ = ["Shopfront", "shopfront_of"]

CLOSE = 500
"""How many of the items nearest in meaning may match without the words."""
PLENTY = 100
"""From so many items with the words on, no others match."""
REMEMBERED = 64


def shopfront_of(catalogue: Catalogue, scorer: Scorer, words: Words) -> Shopfront:
    """The shopfront of a catalogue: its words as they are indexed, popularity as `scorer` learned
    it."""
    n = len(catalogue)
    return Shopfront(
        words,
        lru_cache(maxsize=500_000)(words.analyzer.stem),
        Matching.of(*words.fields.contents(), n),
        popularity_of(scorer, n),
        Phrases.of([catalogue.item(p).title for p in range(n)]),
    )


@dataclass(frozen=True)
class Shopfront:
    """What matches, in which order, and why: everything by the positions of one snapshot."""

    words: Words
    stem: Callable[[str], str]
    matching: Matching
    popularity: Scores
    titles: Phrases
    rules: Curation = field(default_factory=Curation)
    _remembered: dict[tuple[str, bool], Matched] = field(default_factory=dict)
    _said: dict[str, Bools] = field(default_factory=dict)

    def with_items(self, changed: Positions, catalogue: Catalogue, scorer: Scorer) -> Shopfront:
        """The next one, in which the items at `changed` arrived or were replaced."""
        items = [catalogue.item(int(p)) for p in changed]
        fields = [self.words.analyzer.fields(item) for item in items]
        return replace(
            self,
            matching=self.matching.upserted(changed, [list(chain(*words)) for words in fields]),
            popularity=popularity_of(scorer, len(catalogue)),
            titles=self.titles.with_rows(changed.tolist(), [item.title for item in items]),
            _remembered={},
            _said={},
        )

    # -- what the shop says -----------------------------------------------------------------------

    def told(self, query: Query) -> Query:
        """The query, with the ids of the rules that speak about it in its context."""
        rules = self._rules(query).rules
        if not rules:
            return query
        return replace(query, context={**query.context, "rules": ",".join(rules)})

    def blocked(self, seen: Snapshot, query: Query) -> Positions:
        """The items that must not come out of this search."""
        return _places(seen, self._rules(query).block)

    def curated(
        self, seen: Snapshot, query: Query, found: Candidates, allowed: Bools
    ) -> tuple[Candidates, Positions]:
        """The candidates with the rules applied, and which of the `allowed` (1, n) are pinned. A
        list in another order than relevance stays as it is."""
        rules = self._rules(query)
        if query.sort != "relevance" or not (rules.pin or rules.bury):
            return found, np.zeros(0, np.int32)
        pinned = _places(seen, rules.pin)
        pinned = pinned[allowed[0, pinned]]
        return rules.applied(found, pinned, _places(seen, rules.bury)), pinned

    def _rules(self, query: Query) -> Curated:
        return self.rules.of(query.text, query.at or 0)

    # -- what matches -----------------------------------------------------------------------------

    def matched(self, seen: Snapshot, query: Query, asked: QueryBatch) -> Matched:
        """The items (n,) that match the text of the query, alive or not; all of them without a
        text. What the shop pinned matches, what it blocked does not.
        """
        rules = self._rules(query)
        found = self._matched(seen, asked, typing=query.typing)
        if not (rules.pin or rules.block):
            return found
        items = found.items.copy()
        items[_places(seen, rules.pin)] = True
        items[_places(seen, rules.block)] = False
        return replace(found, items=items)

    def _matched(self, seen: Snapshot, asked: QueryBatch, *, typing: bool) -> Matched:
        """Those that have the words (see `Matching`), and those as near in meaning as the nearest
        quarter of these, as long as these are few; where none has any, the nearest in meaning.
        Half a word means nothing yet, so that while one types the words alone count where there
        are any.
        """
        n = len(seen.catalogue)
        if asked.texts is None:
            return Matched(np.ones(n, bool), ())
        key = asked.texts[0], typing
        found = self._remembered.get(key)
        if found is None:
            ways = self.words.ways.of(key[0], typing=typing)
            typed = segment(key[0])[-1:] if typing else []
            found = self.matching.find(ways, n, typed="".join(typed))
            if not (typing and (found.items & seen.alive).any()):
                found = replace(found, items=self._with_meaning(seen, asked, found))
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = found
        return found

    def _with_meaning(self, seen: Snapshot, asked: QueryBatch, found: Matched) -> Bools:
        out = found.items.copy()
        worded = np.flatnonzero(out & seen.alive)
        if len(worded) >= PLENTY or (len(worded) and _knows_words_only(seen)):
            return out
        near = _nearest(seen, asked)
        if near is None:
            return out
        places = near.positions[0][near.positions[0] >= 0]
        scores = near.scores[0][: len(places)]
        if not len(worded):
            out[places[: seen.shortlist]] = True
            return out
        vectors, query = seen.features.text_vectors, asked.text_vectors
        assert vectors is not None
        assert query is not None
        out[places[scores >= np.quantile(vectors[worded] @ query[0], 0.75)]] = True
        return out

    def met(self, read: Understood, catalogue: Catalogue, shown: Bools) -> Understood:
        """`read`, without its quotes where none of the items `shown` says them all."""
        if not read.phrases or (shown & self.saying(read, catalogue)).any():
            return read
        rest = tuple(one for one in read.findings if one.kind != "phrase")
        return replace(read, findings=rest, unmet=True)

    def saying(self, read: Understood, catalogue: Catalogue) -> Bools:
        """(n,) the items that have the words of every quote side by side."""
        n = len(catalogue)
        out = np.ones(n, bool)
        for said in dict.fromkeys(phrase.value for phrase in read.phrases):
            found = self._said.get(said)
            if found is None:
                found = saying(said, self.words, self.matching, catalogue.item, n)
                if len(self._said) >= REMEMBERED:
                    self._said.clear()
                self._said[said] = found
            out &= found
        return out

    # -- counts and orders ------------------------------------------------------------------------

    def facets(
        self, seen: Snapshot, query: Query, matching: Bools, names: Sequence[str] | None
    ) -> Facets:
        """Counts of the matching items; see `retrieval.shop.facets`."""
        return facets(seen.filters, query.filters, matching, names)

    def in_order(self, seen: Snapshot, query: Query, allowed: Bools, k: int) -> Candidates:
        """The first k of `allowed` (1, n) in the order that was asked for."""
        return in_order(query.sort, seen.features, self.popularity, allowed[0], k)

    # -- why it matches ---------------------------------------------------------------------------

    def highlights(self, item: Item, matched: Matched) -> tuple[tuple[Span, ...], Snippet | None]:
        """The spans of the title that match, and the best part of its longer texts."""
        terms = matched.terms
        return marks(item.title, terms, self.stem), snippet(item, terms, self.stem)


def popularity_of(scorer: Scorer, n_items: int) -> Scores:
    """(n_items,) what the release counted of each item, 0 where it did not."""
    counts = np.zeros(n_items, np.float32)
    expert = getattr(scorer, "experts", {}).get("popularity", scorer)
    if isinstance(expert, PopularityScorer):
        counts[: len(expert.counts)] = expert.counts[:n_items]
    return counts


def _places(seen: Snapshot, item_ids: Iterable[str]) -> Positions:
    """The positions of the ids that this snapshot knows, in their order."""
    places = [seen.catalogue.position(item_id) for item_id in item_ids]
    return np.array([place for place in places if place >= 0], np.int32)


def _knows_words_only(seen: Snapshot) -> bool:
    """Whether the encoder was made from the catalogue's own words and knows nothing beyond them."""
    return seen.encoder is not None and seen.encoder.name == "tfidf"


def _nearest(seen: Snapshot, asked: QueryBatch) -> Candidates | None:
    """The living items nearest in meaning, whatever the filters; `None` without vectors."""
    for source in seen.searchers:
        if not isinstance(source, Words) and asked.text_vectors is not None:
            return source.search(asked, CLOSE, allowed=seen.alive)
    return None
