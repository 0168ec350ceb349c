"""What finds and ranks for a text, put together: words, meaning, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prismrec.config import Settings
from prismrec.core import BadSettings, Evidence, ItemFeatures, Retriever
from prismrec.core.arrays import Positions, Vectors
from prismrec.data.catalogue import Catalogue
from prismrec.language import QueryCache
from prismrec.language.media import MediaEncoder, MediaTexts
from prismrec.language.reference import transformer_folder
from prismrec.language.synonyms import Synonyms
from prismrec.models.mixture.scorer import experts
from prismrec.models.popularity import PopularityScorer
from prismrec.ranking.item_facts import ItemFacts
from prismrec.ranking.lambdamart import LambdaMart
from prismrec.ranking.reading import TitleReader
from prismrec.ranking.search import SHOWN, SearchRanker
from prismrec.ranking.taught import Taught
from prismrec.retrieval import TextVectors
from prismrec.retrieval.lexical.analysis import Analyzer
from prismrec.retrieval.lexical.words import Words, WordShare
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.understanding.reader import Reader
from prismrec.retrieval.vectors.retrievers import Meaning
from prismrec.retrieval.vectors.shown import ShownVectors
from prismrec.snapshot import Snapshot

__all__ = [
    "grown_search_ranker",
    "grown_searchers",
    "query_reader",
    "search_evidence",
    "search_facts",
    "search_ranker",
    "searchers",
]


def search_ranker(snapshot: Snapshot, taught: Taught) -> SearchRanker:
    """The ranker of searches over `snapshot` with what judgments `taught`."""
    facts = None if taught.trees is None else search_facts(snapshot, taught.trees.numbers)
    folder = transformer_folder(snapshot.encoder)
    reader = None
    if taught.reading is not None and folder is not None and snapshot.settings.ranking.read_top > 0:
        reader = TitleReader(folder, taught.reading, snapshot.catalogue.title)
    return _ranker(snapshot, facts, taught.trees, reader)


def search_evidence(
    snapshot: Snapshot, facts: ItemFacts | None = None, *, fixed: bool = False
) -> tuple[Evidence, ...]:
    """What is known of the candidates of a search: words, meaning, and `facts` for a ranker that
    was trained; only what the fixed rule reads where it alone ranks (`fixed`)."""
    words: tuple[Evidence, ...] = tuple(s for s in snapshot.searchers if isinstance(s, Words))
    if fixed:
        words = tuple(WordShare(source) for source in words if isinstance(source, Words))
    vectors = snapshot.features.text_vectors
    meaning = () if vectors is None else (Meaning(vectors),)
    shown = tuple(source for source in snapshot.searchers if isinstance(source, ShownVectors))
    return (*words, *meaning, *shown, *(() if facts is None else (facts,)))


def search_facts(snapshot: Snapshot, numbers: Sequence[str]) -> ItemFacts:
    """What a ranker of searches may know of the items of `snapshot`, with the numeric attributes
    `numbers`."""
    items = [snapshot.catalogue.item(p) for p in range(len(snapshot.catalogue))]
    popular = dict(experts(snapshot.scorer)).get("popularity")
    counts = popular.counts if isinstance(popular, PopularityScorer) else None
    return ItemFacts.of(numbers, items, snapshot.features, counts)


def grown_search_ranker(before: SearchRanker, after: Snapshot, changed: Positions) -> SearchRanker:
    """The ranker of searches after the items at `changed` arrived or were replaced."""
    facts = next((known for known in before.evidence if isinstance(known, ItemFacts)), None)
    if facts is not None:
        items = [after.catalogue.item(int(p)) for p in changed]
        facts = facts.extended(changed, items, after.features)
    reader = None if before.reader is None else before.reader.over(after.catalogue.title)
    return _ranker(after, facts, before.learned, reader)


def _ranker(
    snapshot: Snapshot,
    facts: ItemFacts | None,
    trees: LambdaMart | None,
    reader: TitleReader | None,
) -> SearchRanker:
    evidence = search_evidence(snapshot, facts, fixed=trees is None and reader is None)
    return SearchRanker(evidence, trees, reader, snapshot.settings.ranking.read_top)


def searchers(
    catalogue: Catalogue, features: ItemFeatures, settings: Settings, path: Path | None
) -> tuple[Retriever, ...]:
    """What brings candidates for a text: words, meaning where there is an encoder, and what the
    items show where a model of `language.media` reads their vectors."""
    words = Words(settings.retrieval, _synonyms(settings.retrieval, path))
    alive = np.flatnonzero(catalogue.alive).astype(np.int32)
    words.upsert(alive, [catalogue.item(int(p)) for p in alive])
    found: list[Retriever] = [words]
    if features.text_vectors is not None:
        found.append(TextVectors(features.text_vectors, settings.retrieval))
    for name, folder in sorted(settings.language.media.items()):
        if name in features.vectors:
            found.append(_shown(name, features.vectors[name], folder, settings))
    return tuple(found)


def grown_searchers(
    before: Snapshot, features: ItemFeatures, after: Catalogue, changed: Positions
) -> tuple[Retriever, ...]:
    """What brings candidates for a text, after the items at `changed` arrived or were replaced.
    Indexes are shared with those before, and gain."""
    found: list[Retriever] = []
    for searcher in before.searchers:
        if isinstance(searcher, Words):
            searcher.upsert(changed, [after.item(int(p)) for p in changed])
        elif isinstance(searcher, TextVectors) and features.text_vectors is not None:
            searcher.add(changed, features.text_vectors[changed])
        elif isinstance(searcher, ShownVectors):
            vectors = features.vectors[searcher.name.removeprefix(SHOWN)]
            searcher = searcher.extended(vectors, changed)
        found.append(searcher)
    return tuple(found)


def _shown(name: str, vectors: Vectors, folder: str, settings: Settings) -> ShownVectors:
    """The items' vectors of one kind, asked by the texts' side of the model that made them."""
    media = MediaEncoder(Path(folder).expanduser())
    if media.dimension != vectors.shape[1]:
        raise BadSettings(
            f"The model in language.media.{name} makes vectors of {media.dimension} numbers; those "
            f"of the items have {vectors.shape[1]}.",
            hint="Name the model that `prismrec media` made them with.",
        )
    asked = QueryCache(MediaTexts(media), settings.language.query_cache)
    return ShownVectors(SHOWN + name, vectors, asked, settings.retrieval)


def query_reader(
    catalogue: Catalogue, features: ItemFeatures, searchers: Sequence[Retriever]
) -> Reader:
    """What reads queries, by the words of the catalogue."""
    words = next(source for source in searchers if isinstance(source, Words))
    titles = [catalogue.item(p).title for p in range(len(catalogue))]
    return Reader.of(features, catalogue.alive, titles, words)


def _synonyms(settings: RetrievalSettings, path: Path | None) -> Synonyms:
    """The synonyms of the settings, their file looked for in the collection's folder."""
    if not settings.synonyms:
        return Synonyms()
    cut = Analyzer(settings.stemmer).words
    return Synonyms.read((path or Path()) / settings.synonyms, cut)
