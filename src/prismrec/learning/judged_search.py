"""What judgments teach the ranking of searches, and how well that holds for queries not seen.

Candidates are those that the engine finds for a judged text, as it would for a person. An item that
nobody judged counts as grade 0: most of what a search finds and nobody thought worth judging is
wrong, and without it the trees would never see the answers they must push down. Some of it is
right all the same, so judgments teach best where most of the good answers are judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prismrec.assembly import assemble
from prismrec.config import Settings
from prismrec.core import Judgments, QueryBatch
from prismrec.core.arrays import Positions
from prismrec.data.catalogue import Catalogue
from prismrec.language.reference import transformer_folder
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.lambdamart import Examples, discounted
from prismrec.ranking.search import SearchRanker, zero_shot
from prismrec.release import Release
from prismrec.searchers import search_evidence, search_facts
from prismrec.snapshot import Snapshot

if TYPE_CHECKING:
    from prismrec.learning.judged_reading import Lessons

__all__ = ["examples_of", "lessons_of", "taught"]

CANDIDATES = 100
BATCH = 64


def taught(
    release: Release,
    catalogue: Catalogue,
    judgments: Judgments,
    settings: Settings,
    *,
    seed: int = 0,
    path: Path | None = None,
    unjudged: int = CANDIDATES,
) -> Release:
    """`release` with a ranker of searches that learned from `judgments`, and from the best
    `unjudged` of what nobody judged as from what does not answer.

    The worth of each way to learn is measured first, by cross-validation over queries, and the best
    is taken. Where nDCG@10 would not rise, nothing is. What was found stands in the report under
    `search`. With none `unjudged`, as from clicks, only trees are tried: a refresh must be quick.
    """
    from prismrec.learning.judged_ways import best_way  # torch, which not every command needs

    snapshot = assemble(release, catalogue, settings, path)
    items = [catalogue.item(int(p)) for p in np.flatnonzero(catalogue.alive)]
    numbers = numbers_of(items)
    ranker = SearchRanker(search_evidence(snapshot, search_facts(snapshot, numbers)))
    examples = examples_of(snapshot, ranker, judgments, unjudged=unjudged)
    lessons = lessons_of(snapshot, judgments, examples) if unjudged else None
    learned, report = best_way(examples, lessons, seed, numbers)
    return replace(release, ranker=learned.state(), report={**release.report, "search": report})


def lessons_of(snapshot: Snapshot, judgments: Judgments, examples: Examples) -> Lessons | None:
    """What a reader of searches can learn from; `None` where there is no encoder to train."""
    from prismrec.language.late_interaction import can_read
    from prismrec.learning.judged_reading import Lessons

    folder = transformer_folder(snapshot.encoder)
    if folder is None or not can_read(folder):
        return None
    asked = [snapshot.reader.read(text).searched for text in judgments.texts]
    titles = [snapshot.catalogue.title(int(place)) for place in examples.items]
    return Lessons(folder, examples, asked, titles)


def examples_of(
    snapshot: Snapshot, ranker: SearchRanker, judgments: Judgments, *, unjudged: int = CANDIDATES
) -> Examples:
    """The candidates of every judged query with all evidence: those that were judged, and the best
    `unjudged` by the fixed rule among those that were found, with grade 0 where nobody judged."""
    parts = list(_by_query(snapshot, ranker, judgments, unjudged))
    return Examples(
        names=ranker.names,
        columns=np.concatenate([part.columns for part in parts]),
        base=np.concatenate([part.base for part in parts]),
        grades=np.concatenate([part.grades for part in parts]),
        groups=np.array([len(part.grades) for part in parts], np.int64),
        ideals=np.array([part.ideal for part in parts]),
        items=np.concatenate([part.items for part in parts]).astype(np.int32),
    )


@dataclass(frozen=True)
class _Query:
    columns: np.ndarray
    base: np.ndarray
    grades: np.ndarray
    ideal: float
    items: np.ndarray


def _by_query(
    snapshot: Snapshot, ranker: SearchRanker, judgments: Judgments, unjudged: int
) -> Iterator[_Query]:
    for start in range(0, len(judgments), BATCH):
        rows = range(start, min(start + BATCH, len(judgments)))
        asked = asked_for(snapshot, judgments.texts[start : start + BATCH])
        found = snapshot.found_by_text(asked, snapshot.alive) if unjudged else None
        for at, i in enumerate(rows):
            items, grades = judgments.row(i)
            known = items if found is None else np.union1d(items, _real(found.positions[at]))
            one = asked.take(np.array([at]))
            columns = ranker.columns(one, known[None, :].astype(np.int32))[0]
            base = zero_shot(columns, ranker.names)
            given = judgments.grades_of(i, known.astype(np.int32))
            best = np.lexsort((known, -base))
            rank = np.empty(len(known), np.int64)
            rank[best] = np.arange(len(known))
            kept = best[~np.isnan(given[best]) | (rank[best] < unjudged)]
            ideal = discounted(np.sort(grades)[::-1][:10])
            told = np.nan_to_num(given[kept])
            yield _Query(columns[kept], base[kept], told, ideal, known[kept])


def asked_for(snapshot: Snapshot, texts: tuple[str, ...]) -> QueryBatch:
    """The `texts`, as the engine understands them, as queries of nobody in particular."""
    texts = tuple(snapshot.reader.read(text).searched for text in texts)
    vectors = None if snapshot.encoder is None else snapshot.encoder.encode(texts)
    return replace(QueryBatch.of([[]] * len(texts)), texts=texts, text_vectors=vectors)


def _real(positions: Positions) -> Positions:
    return positions[positions >= 0]
