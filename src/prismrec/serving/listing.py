"""What a search may ask for besides its items: counts, the total, what matches in each item."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from prismrec.collection import Collection
from prismrec.core import Query, Slate
from prismrec.retrieval.shop.matching import Matched
from prismrec.serving.requests import SearchIn

__all__ = ["add"]


def add(
    out: dict[str, Any], shop: Collection, asked: SearchIn, question: Query, slate: Slate
) -> None:
    """Add to the answer `out` of `question`, which is `slate`, what `asked` wants to know besides
    its items."""
    if not (asked.listing or asked.snippets):
        return
    engine = shop.engine
    seen = engine.snapshot
    matched = engine.matched(seen, replace(question, understood=slate.understood))
    if asked.listing:
        names = asked.facets if isinstance(asked.facets, list) else None
        found = seen.front.facets(seen, question, matched.items, names)
        out["total"] = found.total
        if asked.facets:
            out["facets"] = found.values
            out["price_ranges"] = [asdict(one) for one in found.prices]
    if asked.snippets:
        _highlight(out["items"], shop, matched)


def _highlight(rows: list[dict[str, Any]], shop: Collection, matched: Matched) -> None:
    seen = shop.snapshot
    for row in rows:
        item = seen.catalogue.item(seen.catalogue.position(row["item_id"]))
        row["marks"], found = seen.front.highlights(item, matched)
        row["snippet"] = None if found is None else asdict(found)
