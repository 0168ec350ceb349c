"""Other search engines over the same items: lexical, dense, fused, and an embedded hybrid one.

Each is given the item as one text, as `Item.text` has it (title, brand, categories, description,
further texts) with the attributes behind it, in its own default settings with English stemming
where it has any. They are optional: `pip install bm25s PyStemmer lancedb`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from prismrec.core import Item, TextEncoder

__all__ = ["ENGINES", "Engine", "all_text"]

Engine = Callable[[str, int], np.ndarray]
"""`engine(text, k)`: at most k item positions, best first."""
RRF = 60.0
DEPTH = 500


def all_text(item: Item) -> str:
    """All that is known of an item in words."""
    values = (
        " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for value in item.attributes.values()
    )
    return f"{item.text()} {' '.join(values)}"


def bm25s_engine(items: Sequence[Item], vectors: np.ndarray, encoder: TextEncoder) -> Engine:
    """BM25 by bm25s over one field, English stop words, stemmed by PyStemmer where it is there."""
    import bm25s

    stemmer = _stemmer()
    cut = partial(bm25s.tokenize, stopwords="en", stemmer=stemmer, show_progress=False)
    index = bm25s.BM25()
    index.index(cut([all_text(item) for item in items]), show_progress=False)

    def find(text: str, k: int) -> np.ndarray:
        tokens = cut([text], return_ids=False)
        if not tokens[0]:
            return np.zeros(0, np.int32)
        found, scores = index.retrieve(tokens, k=min(k, len(items)), show_progress=False)
        return np.asarray(found[0][scores[0] > 0], np.int32)

    return find


def tantivy_engine(items: Sequence[Item], vectors: np.ndarray, encoder: TextEncoder) -> Engine:
    """tantivy's own BM25 over one field with its English analyser and query parser."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("position", stored=True, fast=True)
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer(64_000_000, num_threads=1)
    for position, item in enumerate(items):
        document = tantivy.Document()
        document.add_integer("position", position)
        document.add_text("text", all_text(item))
        writer.add_document(document)
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(text: str, k: int) -> np.ndarray:
        words = " ".join(re.findall(r"\w+", text))
        if not words:
            return np.zeros(0, np.int32)
        hits = searcher.search(index.parse_query(words, ["text"]), k, count=False).hits
        addresses = [address for _, address in hits]
        return np.array(searcher.fast_field_values("position", addresses), np.int32)

    return find


def minilm_engine(items: Sequence[Item], vectors: np.ndarray, encoder: TextEncoder) -> Engine:
    """The same encoder as ours alone, searched exactly."""

    def find(text: str, k: int) -> np.ndarray:
        scores = vectors @ encoder.encode([text])[0]
        return np.argsort(-scores, kind="stable")[:k].astype(np.int32)

    return find


def rrf_engine(items: Sequence[Item], vectors: np.ndarray, encoder: TextEncoder) -> Engine:
    """Reciprocal-rank fusion of bm25s and MiniLM, 500 of each."""
    both = [make(items, vectors, encoder) for make in (bm25s_engine, minilm_engine)]

    def find(text: str, k: int) -> np.ndarray:
        scores: dict[int, float] = {}
        for engine in both:
            for rank, position in enumerate(engine(text, max(k, DEPTH)).tolist(), 1):
                scores[position] = scores.get(position, 0.0) + 1.0 / (RRF + rank)
        best = sorted(scores, key=lambda position: (-scores[position], position))
        return np.array(best[:k], np.int32)

    return find


def lancedb_engine(items: Sequence[Item], vectors: np.ndarray, encoder: TextEncoder) -> Engine:
    """LanceDB's hybrid search: its full-text index (English stemming) and the same vectors, joined
    by its own reciprocal-rank reranker."""
    import lancedb
    from lancedb.rerankers import RRFReranker

    rows: list[dict[str, Any]] = [
        {"position": p, "text": all_text(item), "vector": vectors[p]}
        for p, item in enumerate(items)
    ]
    table = lancedb.connect(tempfile.mkdtemp()).create_table("items", rows)
    table.create_fts_index("text", use_tantivy=False, stem=True, remove_stop_words=True)
    fuse = RRFReranker()

    def find(text: str, k: int) -> np.ndarray:
        words = " ".join(re.findall(r"\w+", text))
        query = table.search(query_type="hybrid").vector(encoder.encode([text])[0]).text(words)
        found = query.rerank(fuse).limit(k).to_arrow()
        return np.asarray(found["position"].to_numpy(), np.int32)

    return find


def _stemmer() -> Any:
    try:
        import Stemmer
    except ImportError:
        return None
    return Stemmer.Stemmer("english")


ENGINES: dict[str, Callable[[Sequence[Item], np.ndarray, TextEncoder], Engine]] = {
    "bm25s": bm25s_engine,
    "tantivy": tantivy_engine,
    "MiniLM": minilm_engine,
    "RRF of bm25s and MiniLM": rrf_engine,
    "LanceDB hybrid": lancedb_engine,
}
