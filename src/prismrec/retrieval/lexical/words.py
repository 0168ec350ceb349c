"""Lexical search: the words of a query against the words of the items, by BM25 in tantivy."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import tantivy
from tantivy import Occur
from tantivy import Query as Node

from prismrec.core import Candidates, Item, QueryBatch
from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.language.synonyms import Synonyms
from prismrec.retrieval.lexical.analysis import Analyzer
from prismrec.retrieval.lexical.fields import COLUMNS, FieldIndex
from prismrec.retrieval.lexical.ways import Ways
from prismrec.retrieval.selection import brought
from prismrec.retrieval.settings import FIELDS, RetrievalSettings

__all__ = ["WordShare", "Words"]

_POSITION = "position"
_BEST_BY = COLUMNS.index("words")
_COMPLETIONS = 20
OTHERWISE = 0.8
"""What a match counts in another way to say the query, where one in its own words counts 1."""
_FEW_ALLOWED = 1_000


class Words:
    """Items by the words they share with the query's text; Chinese is segmented, English stemmed.

    A word scores in the field where it matters most (disjunction maximum over boosted BM25), plus a
    share of the other fields; an item scores the sum over words. Queries are built as a tree of
    terms, so that no character a person types is ever read as query syntax. A word that no item has
    may match with one typing error; while a person types, the last word may match as a beginning.
    Where a query can be said in several ways (see `Ways`), the way that fits an item best counts.

    The index lives in memory, is derived from the catalogue, and is never a record of anything.
    `upsert` and `remove` commit, and are seen by the next search; they take turns under a lock.
    Searches share a snapshot and never wait. Statistics of words count replaced items until their
    segment is merged, which can shift scores slightly, never who matches.
    """

    name = "words"
    names = COLUMNS

    def __init__(
        self, settings: RetrievalSettings | None = None, synonyms: Synonyms | None = None
    ) -> None:
        self.settings = settings or RetrievalSettings()
        self._schema = _schema()
        self._index = tantivy.Index(self._schema)
        self.analyzer = Analyzer(self.settings.stemmer)
        self.fields = FieldIndex(self.settings.field_boosts)
        self.ways = Ways(self.analyzer.words, self.fields.items_with, synonyms)
        self._writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        self._write = threading.Lock()
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return self._searcher.num_docs

    def upsert(self, positions: Positions, items: Sequence[Item]) -> None:
        """Index `items` at `positions`, in place of what stood there."""
        with self._write:
            words = [self.analyzer.fields(item) for item in items]
            for position, fields in zip(positions.tolist(), words, strict=True):
                self._writer.delete_documents_by_term(_POSITION, position)
                self._writer.add_document(_document(position, fields))
            self.fields.upsert(positions, words)
            self.ways.learn(items)
            self._publish()

    def remove(self, positions: Positions) -> None:
        """Forget items; unknown ones are passed over."""
        with self._write:
            for position in positions.tolist():
                self._writer.delete_documents_by_term(_POSITION, position)
            self.fields.remove(positions)
            self._publish()

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items that share a word with each query's text; see `core.Retriever`."""
        texts = queries.texts or ("",) * len(queries)
        return self.find(texts, k, allowed=allowed, typing=queries.typing)

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """What the words say of given items, field by field; see `FieldIndex.evidence`."""
        out = np.zeros((*positions.shape, len(COLUMNS)), np.float32)
        for row, text in enumerate(queries.texts or ()):
            for number, way in enumerate(self.ways.of(text, typing=queries.typing)):
                told = self.fields.evidence(way, queries.typing, positions[row])
                told[:, _BEST_BY] *= 1.0 if number == 0 else OTHERWISE
                better = (told[:, _BEST_BY] > out[row, :, _BEST_BY]) | (number == 0)
                out[row, better] = told[better]
        return out

    def share(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m): the column `words` of `evidence` alone."""
        out = np.zeros(positions.shape, np.float32)
        for row, text in enumerate(queries.texts or ()):
            for number, way in enumerate(self.ways.of(text, typing=queries.typing)):
                told = self.fields.share(way, queries.typing, positions[row])
                told *= 1.0 if number == 0 else OTHERWISE
                np.maximum(out[row], told, out=out[row])
        return out

    def find(
        self,
        texts: Sequence[str],
        k: int,
        *,
        allowed: Bools | None = None,
        typing: bool = False,
    ) -> Candidates:
        """Up to k items for each text; with `typing` its last word may be only a beginning."""
        searcher = self._searcher
        width = min(k, searcher.num_docs)
        positions = np.full((len(texts), width), -1, np.int32)
        scores = np.full((len(texts), width), -np.inf, np.float32)
        for row, text in enumerate(texts if width else ()):
            query = self._query(searcher, text, typing=typing)
            mask = allowed if allowed is None or allowed.ndim == 1 else allowed[row]
            if query is not None:
                found, value = _hits(searcher, _within(self._schema, query, mask), width, mask)
                positions[row, : len(found)], scores[row, : len(found)] = found, value
        return brought(self.name, positions, scores)

    def _publish(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()
        self.ways.forget()

    def _query(self, searcher: tantivy.Searcher, text: str, *, typing: bool) -> Node | None:
        ways = [
            self._way(searcher, way, typing=typing) for way in self.ways.of(text, typing=typing)
        ]
        if len(ways) < 2:
            return next(iter(ways), None)
        others = [Node.boost_query(way, OTHERWISE) for way in ways[1:]]
        return Node.disjunction_max_query([ways[0], *others], 0.0)

    def _way(self, searcher: tantivy.Searcher, words: Sequence[str], *, typing: bool) -> Node:
        unique = dict.fromkeys(words)
        nodes = [self._word(searcher, word, prefix=typing and word == words[-1]) for word in unique]
        return Node.boolean_query([(Occur.Should, node) for node in nodes])

    def _word(self, searcher: tantivy.Searcher, word: str, *, prefix: bool) -> Node:
        nodes = [
            Node.boost_query(node, boost)
            for name, boost in self._fields()
            for node in self._matches(searcher, name, word, prefix=prefix)
        ]
        if not nodes and self._may_be_misspelt(word):
            nodes = [
                Node.boost_query(Node.fuzzy_term_query(self._schema, name, word, prefix=prefix), w)
                for name, w in self._fields()
            ]
        return Node.disjunction_max_query(nodes, self.settings.field_tie)

    def _matches(
        self, searcher: tantivy.Searcher, name: str, word: str, *, prefix: bool
    ) -> Iterator[Node]:
        if searcher.doc_freq(name, word):
            yield Node.term_query(self._schema, name, word, "freq")
        if prefix:
            for term, _ in searcher.terms_with_prefix(name, word, limit=_COMPLETIONS):
                if term != word:
                    yield Node.term_query(self._schema, name, term, "freq")

    def _fields(self) -> Iterator[tuple[str, float]]:
        for name in FIELDS:
            boost = self.settings.field_boosts.get(name, 0.0)
            if boost > 0:
                yield name, boost

    def _may_be_misspelt(self, word: str) -> bool:
        """Words of letters only: one wrong digit makes a different product."""
        return len(word) >= self.settings.typo_from and word.isascii() and word.isalpha()


class WordShare:
    """What the fixed rule of a search reads of all that `words` know: their column `words`."""

    names = (COLUMNS[_BEST_BY],)

    def __init__(self, words: Words) -> None:
        self._words = words

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, 1); see `FieldIndex.evidence`."""
        return self._words.share(queries, positions)[:, :, None]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # signed: on an unsigned field the binding's delete by term finds nothing, in silence
    builder.add_integer_field(_POSITION, indexed=True, fast=True)
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _document(position: int, fields: Sequence[Sequence[str]]) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer(_POSITION, position)
    for name, words in zip(FIELDS, fields, strict=True):
        if words:
            document.add_text(name, " ".join(words))
    return document


def _within(schema: tantivy.Schema, query: Node, mask: Bools | None) -> Node:
    """`query` among the allowed items, where they are so few that naming them is cheaper."""
    if mask is None or int(mask.sum()) > _FEW_ALLOWED:
        return query
    named = Node.term_set_query(schema, _POSITION, np.flatnonzero(mask).tolist())
    return Node.boolean_query([(Occur.Must, query), (Occur.Must, Node.const_score_query(named, 0))])


def _hits(
    searcher: tantivy.Searcher, query: Node, k: int, mask: Bools | None
) -> tuple[np.ndarray, np.ndarray]:
    """The k best allowed hits, ties in order of position.

    Asks for more until k allowed ones are in hand and the last hit scores below the k-th, so that
    neither the mask nor a tie at the edge loses an item.
    """
    limit = min(searcher.num_docs, k + k // 3 + 16)
    while True:
        hits = searcher.search(query, limit, count=False).hits
        scores = np.array([score for score, _ in hits], np.float32)
        values = searcher.fast_field_values(_POSITION, [address for _, address in hits])
        found = np.array(values, np.int64)
        keep = _allowed(found, mask)
        kept, best = found[keep], scores[keep]
        enough = len(kept) >= k and best[k - 1] > scores[-1]
        if enough or len(hits) < limit or limit >= searcher.num_docs:
            order = np.lexsort((kept, -best))[:k]
            return kept[order], best[order]
        limit = min(searcher.num_docs, limit * 2)


def _allowed(found: np.ndarray, mask: Bools | None) -> Bools:
    if mask is None:
        return np.ones(len(found), bool)
    out = found < len(mask)
    out[out] = mask[found[out]]
    return out
