"""Puts a snapshot together: from a release and the stored catalogue, and again as items change.

Everything made here is derived. Indexes that can grow in place (words, vectors) are shared between
snapshots and only gain items; a snapshot's own catalogue says how many of them it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from prismrec.config import Settings
from prismrec.core import (
    Item,
    ItemFeatures,
    Retriever,
    Rule,
    Scorer,
    TextEncoder,
    VectorScorer,
)
from prismrec.core.arrays import Positions, Vectors, with_rows
from prismrec.data.catalogue import Catalogue
from prismrec.exploration import Greedy, Learned, policy_from
from prismrec.language import CachedEncoder, QueryCache, encoder_from_reference
from prismrec.language.chat import shared_chat_model
from prismrec.models.mixture.scorer import experts
from prismrec.models.popularity import PopularityScorer
from prismrec.models.registry import scorer_from_state
from prismrec.ranking import diversity_from, rankers_from
from prismrec.ranking.listwise import listwise_from
from prismrec.ranking.search import SearchRanker
from prismrec.ranking.taught import Taught
from prismrec.release import Release
from prismrec.retrieval import FilterIndex, Popular, Recent, Repeat, ScorerVectors, TextVectors
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.shop.content import ContentPolicy
from prismrec.retrieval.shop.curation import Curation
from prismrec.retrieval.spoken import LikeHistory, Named, Namer, Wished
from prismrec.retrieval.vectors.shown import ShownVectors
from prismrec.searchers import (
    grown_search_ranker,
    grown_searchers,
    query_reader,
    search_ranker,
    searchers,
)
from prismrec.shopfront import shopfront_of
from prismrec.snapshot import Snapshot

__all__ = [
    "assemble",
    "open_encoder",
    "with_content",
    "with_items",
    "with_learned",
    "with_rules",
    "without_items",
]


def assemble(
    release: Release, catalogue: Catalogue, settings: Settings, path: Path | None = None
) -> Snapshot:
    """The snapshot that serves `release` over `catalogue`.

    `path` is the collection's folder, in which encoded texts are cached (`None`: not cached).
    """
    encoder = open_encoder(release, settings, path)
    vectors = None if encoder is None else encoder.encode(catalogue.texts())
    features = catalogue.features(vectors)
    scorer = scorer_from_state(release.scorer, features)
    found = searchers(catalogue, features, settings, path)
    snapshot = Snapshot(
        release=release.number,
        settings=settings,
        catalogue=catalogue,
        features=features,
        filters=FilterIndex.of(features.as_given(), catalogue.ids, catalogue.alive),
        scorer=scorer,
        encoder=None if encoder is None else QueryCache(encoder),
        recommenders=_recommenders(release, scorer, features, settings)
        + _wished(catalogue, features, encoder, settings),
        searchers=found,
        search_ranker=SearchRanker(()),
        rankers=(),
        policy=Greedy(),
        greedy=Greedy(),
        event_types=release.event_types,
        consumed=frozenset(release.consumed),
        repeats=release.repeats,
        language=settings.explanation.language or release.language,
        front=shopfront_of(catalogue, scorer, next(s for s in found if isinstance(s, Words))),
        reader=query_reader(catalogue, features.as_given(), found),
        has_clock=release.has_clock,
        report=release.report,
    )
    ranker = search_ranker(snapshot, Taught.from_state(release.ranker))
    return _with_policies(replace(snapshot, search_ranker=ranker))


def open_encoder(release: Release, settings: Settings, path: Path | None) -> TextEncoder | None:
    """The encoder that the release was trained with; encoded texts are kept on disk."""
    if release.encoder is None:
        return None
    encoder = encoder_from_reference(release.encoder, settings.language)
    return encoder if path is None else CachedEncoder(encoder, path / "cache")


def with_items(snapshot: Snapshot, items: Sequence[Item]) -> Snapshot:
    """The next snapshot, in which `items` were added or replaced. Costs only what changed, and a
    copy of the arrays; no index is rebuilt."""
    catalogue = snapshot.catalogue.upserted(items)
    changed = np.unique(catalogue.ids.positions([item.item_id for item in items]))
    features = catalogue.features(_vectors(snapshot, catalogue, changed))
    given = features.as_given()
    scorer = snapshot.scorer.extended(features, changed)
    found = grown_searchers(snapshot, features, catalogue, changed)
    after = _with_policies(
        replace(
            snapshot,
            catalogue=catalogue,
            features=features,
            filters=snapshot.filters.extended(given, catalogue.ids, catalogue.alive, changed),
            scorer=scorer,
            searchers=found,
            content=_screened(snapshot, catalogue, changed),
            front=snapshot.front.with_items(changed, catalogue, scorer),
            reader=snapshot.reader.extended(
                given, catalogue.alive, [catalogue.item(int(p)).title for p in changed]
            ),
            recommenders=tuple(
                _grown(source, scorer, catalogue, features, changed, snapshot.settings)
                for source in snapshot.recommenders
            ),
        )
    )
    ranker = grown_search_ranker(snapshot.search_ranker, after, changed)
    return replace(after, search_ranker=ranker)


def _screened(snapshot: Snapshot, catalogue: Catalogue, changed: Positions) -> ContentPolicy | None:
    if snapshot.content is None:
        return None
    return snapshot.content.extended(changed, [catalogue.item(int(p)) for p in changed])


def with_rules(snapshot: Snapshot, rules: Sequence[Rule]) -> Snapshot:
    """The next snapshot, whose searches follow `rules`."""
    return replace(snapshot, front=replace(snapshot.front, rules=Curation(rules)))


def with_content(snapshot: Snapshot, content: ContentPolicy | None) -> Snapshot:
    """The next snapshot, which shows what `content` lets be shown; `None` for everything."""
    return replace(snapshot, content=content)


def with_learned(snapshot: Snapshot, learned: Learned) -> Snapshot:
    """The next snapshot, whose policy goes by what was `learned`, now and later."""
    return _with_policies(replace(snapshot, learned=learned))


def without_items(snapshot: Snapshot, item_ids: Sequence[str]) -> Snapshot:
    """The next snapshot, in which these items are gone; their positions stay, as tombstones."""
    catalogue = snapshot.catalogue.removed(item_ids)
    positions = catalogue.ids.positions(list(item_ids))
    gone = np.unique(positions[positions >= 0])
    for searcher in snapshot.searchers:
        if isinstance(searcher, Words | TextVectors | ShownVectors):
            searcher.remove(gone)
    given = snapshot.features.as_given()
    filters = snapshot.filters.extended(given, catalogue.ids, catalogue.alive, gone)
    reader = snapshot.reader.extended(given, catalogue.alive)
    return replace(snapshot, catalogue=catalogue, filters=filters, reader=reader)


def _vectors(snapshot: Snapshot, catalogue: Catalogue, changed: Positions) -> Vectors | None:
    """The text vectors of the next snapshot: the old rows, and the changed ones encoded."""
    old = snapshot.features.text_vectors
    if snapshot.encoder is None:
        return None
    fresh = snapshot.encoder.encode([catalogue.text(int(p)) for p in changed])
    return with_rows(fresh[:0] if old is None else old, len(catalogue), changed, fresh)


def _with_policies(snapshot: Snapshot) -> Snapshot:
    """The snapshot with rankers and policies that know its features."""
    settings, features = snapshot.settings, snapshot.features
    diversity = diversity_from(settings.ranking, features)
    return replace(
        snapshot,
        rankers=tuple(rankers_from(settings.ranking, features)),
        policy=policy_from(settings.exploration, diversity, features.created_at, snapshot.learned),
        greedy=Greedy(diversity),
        listwise=listwise_from(settings.ranking, settings.chat, snapshot.catalogue.item),
    )


def _recommenders(
    release: Release, scorer: Scorer, features: ItemFeatures, settings: Settings
) -> tuple[Retriever, ...]:
    """What brings candidates for a history where the catalogue is too large to score whole."""
    if len(features) <= settings.retrieval.exact_below:
        return ()
    found: list[Retriever] = [_popular(scorer, len(features))]
    found += [
        ScorerVectors(name, expert, settings.retrieval)
        for name, expert in experts(scorer)
        if isinstance(expert, VectorScorer)
    ]
    found += [Named(name, expert) for name, expert in experts(scorer) if isinstance(expert, Namer)]
    if release.has_clock:
        found.append(Recent(features.created_at, settings.retrieval.recent_half_life_days))
    if release.repeats:
        found.append(
            Repeat(settings.retrieval.repeat_half_life_days if release.has_clock else None)
        )
    return tuple(found)


def _wished(
    catalogue: Catalogue, features: ItemFeatures, encoder: TextEncoder | None, settings: Settings
) -> tuple[Retriever, ...]:
    """What a chat model has looked for, where the settings ask for it and it is needed."""
    way, texts = settings.retrieval.wished, features.text_vectors
    if not way or texts is None or encoder is None:
        return ()
    chat = shared_chat_model(settings.chat)
    if chat is None or len(features) <= settings.retrieval.exact_below:
        return ()
    plain = LikeHistory(texts, settings.retrieval)
    return (Wished(way, chat, QueryCache(encoder), catalogue.item, plain),)


def _popular(scorer: Scorer, n_items: int) -> Popular:
    """What is popular by the counts that the release learned."""
    popular = Popular(n_items, None)
    expert = dict(experts(scorer)).get("popularity")
    if isinstance(expert, PopularityScorer):
        places = np.arange(len(expert.counts), dtype=np.int32)
        popular.observe(places, np.zeros(len(places), np.int64), expert.counts)
    return popular


def _grown(
    source: Retriever,
    scorer: Scorer,
    catalogue: Catalogue,
    features: ItemFeatures,
    changed: Positions,
    settings: Settings,
) -> Retriever:
    """The recommender after the items at `changed` arrived or were replaced."""
    if isinstance(source, ScorerVectors):
        expert = dict(experts(scorer))[source.name]
        assert isinstance(expert, VectorScorer)
        return source.extended(expert, changed)
    if isinstance(source, Named):
        namer = dict(experts(scorer))[source.name]
        assert isinstance(namer, Namer)
        return Named(source.name, namer)
    if isinstance(source, Wished) and features.text_vectors is not None:
        return source.extended(catalogue.item, features.text_vectors, changed)
    if isinstance(source, Recent):
        return Recent(features.created_at, settings.retrieval.recent_half_life_days)
    return source
