"""What a person should be told about an answer: nothing left, nearest instead, by which stage."""

from __future__ import annotations

from prismrec.core import Candidates, Filters, Query
from prismrec.retrieval.understanding.stages import stage_of
from prismrec.snapshot import Snapshot

__all__ = ["notes_of"]


def notes_of(seen: Snapshot, query: Query, shortlist: Candidates) -> tuple[str, ...]:
    """What the person should be told about this answer."""
    if not len(seen.catalogue):
        return ("empty-catalogue",)
    if not (shortlist.positions >= 0).any():
        read = () if query.understood is None else query.understood.findings
        filtered = query.filters != Filters() or any(finding.filter for finding in read)
        return ("nothing-left-after-filters" if filtered else "nothing",)
    if not query.text.strip() or query.sort != "relevance":
        return ()
    if "words" not in shortlist.part_names:
        return ("popular-instead",)
    best, typing = shortlist.positions[0], query.typing
    stage = stage_of(seen.reader.words, query.searched, best, typing=typing)
    unmet = query.understood is not None and query.understood.unmet
    return (*(("phrase-not-found",) if unmet else ()), *((stage,) if stage else ()))
