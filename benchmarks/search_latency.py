"""How long a search takes: one client, one thread, a catalogue of 46,156 products.

    prismrec bench search_latency [FOLDER] [--queries N] [--folder CACHE] [--json]

FOLDER holds `items.parquet`. Queries are two to four neighbouring words from titles drawn by
chance, each asked once, so that no query's vector is cached; then all are asked again, when they
are. Times are on the clock and include all that `search` does: encoding, candidates, ranking, the
slate with its reasons. `words` and `meaning` are the two sources of candidates alone; how many of
the truly nearest items the second finds is said too.

Of the same texts come the requests of a search page: `autocomplete` is asked for every beginning of
a text from its second letter on, with 5,000 searches of others to suggest; `facets` counts what
ticking each value would show; `listing` is the whole page, 18 products with total, facets, price
ranges, marked titles and snippets, of a text whose vector is cached. `browsing` is the listing
without a text, sorted by price.

Other work on the machine shows in the times on the clock, less in those of the processor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

from benchmarks.places import data_folder
from prismrec.assembly import assemble
from prismrec.config import Settings
from prismrec.core import Exposure, Query, generator
from prismrec.data import read
from prismrec.engine import Engine
from prismrec.learning.judged_search import asked_for
from prismrec.learning.training import gather, train
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.vectors.exact import ExactVectors
from prismrec.snapshot import Snapshot
from prismrec.store import Store
from prismrec.suggestions import REMEMBERED, Suggestions
from prismrec.threads import one_thread_each

WARM = 20
"""Queries asked before the clock starts."""
SAMPLED = 100
"""Queries whose nearest items are compared with those of exact search."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "folder", type=Path, nargs="?", default=data_folder() / "electronics-catalogue"
    )
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument(
        "--folder",
        dest="cache",
        type=Path,
        default=Path.home() / ".cache" / "prismrec" / "search",
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    snapshot = opened(asked.folder, asked.cache)
    texts = texts_of(snapshot, asked.queries + WARM)
    rows = {**measured(snapshot, texts), **page(snapshot, texts)}
    shares = agreement(snapshot, texts[:SAMPLED])
    if asked.json:
        told = {"items": len(snapshot.catalogue), "milliseconds": rows, "found": shares}
        print(json.dumps({"benchmark": "search_latency", **told}))
    else:
        print(f"{len(snapshot.catalogue)} items, {asked.queries} queries, milliseconds")
        for name, row in rows.items():
            print(f"{name:>26}  " + "  ".join(f"{p} {ms:6.2f}" for p, ms in row.items()))
        print("found " + ", ".join(f"{share:.5f} {name}" for name, share in shares.items()))
    return 0


def opened(folder: Path, cache: Path) -> Snapshot:
    """The catalogue in `folder` as it is served; encoded texts are kept in `cache`."""
    settings = Settings()
    material = gather(read(folder, settings.data), settings, cache=cache / "cache")
    return assemble(train(material, settings, 0), material.catalogue, settings, cache)


def texts_of(snapshot: Snapshot, n: int) -> list[str]:
    """`n` different texts of two to four neighbouring words from titles."""
    rng = generator(0, "search", "texts")
    found: dict[str, None] = {}
    while len(found) < n:
        words = snapshot.title(int(rng.integers(len(snapshot.catalogue)))).split()
        length = int(rng.integers(2, 5))
        start = int(rng.integers(max(len(words) - length, 0) + 1))
        text = " ".join(words[start : start + length])
        if text.strip():
            found[text] = None
    return list(found)


def measured(snapshot: Snapshot, texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Milliseconds a query of everything and of its parts."""
    engine = Engine(snapshot, _Nobody(), _forget)
    words = next(source for source in snapshot.searchers if isinstance(source, Words))
    assert snapshot.encoder is not None

    def search(text: str) -> None:
        engine.answer(Query(text=text, explore=False, seed=0))

    def meaning(text: str) -> None:
        asked = asked_for(snapshot, (text,))
        snapshot.searchers[1].search(asked, 500, allowed=snapshot.alive)

    return {
        "search, new text": timed(search, texts),
        "search, text seen before": timed(search, texts),
        "words": timed(lambda text: words.find([text], 100), texts),
        "meaning, vector known": timed(meaning, texts),
        "encoding a text": timed(lambda text: snapshot.encoder.encode([text + " "]), texts),  # type: ignore[union-attr]
    }


def page(snapshot: Snapshot, texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Milliseconds a request of what a search page asks besides a plain search."""
    engine = Engine(snapshot, _Nobody(), _forget)
    others = [(text, 10 + place) for place, text in enumerate(texts_of(snapshot, REMEMBERED))]
    log = SimpleNamespace(version=0, popular=lambda users, most: others[:most])
    suggestions = Suggestions(cast(Store, SimpleNamespace(searches=log)))

    def facets(text: str) -> None:
        query = Query(text=text, listing=True, explore=False, seed=0)
        snapshot.front.facets(snapshot, query, engine.matched(snapshot, query).items, None)

    def listing(text: str, sort: str = "relevance") -> None:
        query = Query(text=text, n=18, listing=True, sort=sort, explore=False, seed=0)
        slate, matched = engine.answer(query), engine.matched(snapshot, query)
        snapshot.front.facets(snapshot, query, matched.items, None)
        for item_id in slate.ids:
            snapshot.front.highlights(snapshot.catalogue.get(item_id), matched)

    begun = [text[:end] for text in texts for end in range(2, len(text) + 1)]
    return {
        "autocomplete": timed(lambda text: suggestions.complete(snapshot, text, 8), begun),
        "facets": timed(facets, texts),
        "listing": timed(listing, texts),
        "browsing": timed(lambda _: listing("", "price-asc"), texts),
    }


def agreement(snapshot: Snapshot, texts: Sequence[str]) -> dict[str, float]:
    """The share of the items truly nearest in meaning that the index finds."""
    asked = asked_for(snapshot, tuple(texts))
    vectors = snapshot.features.text_vectors
    assert vectors is not None
    assert asked.text_vectors is not None
    exact = ExactVectors(vectors.shape[1])
    exact.add(np.arange(len(vectors), dtype=np.int32), vectors)
    right, _ = exact.nearest(asked.text_vectors, 500)
    found = snapshot.searchers[1].search(asked, 500).positions
    shares = {}
    for k in (100, 500):
        same = [np.isin(r[:k], f).mean() for r, f in zip(right, found, strict=True)]
        shares[f"of the nearest {k}"] = round(float(np.mean(same)), 5)
    return shares


def timed(ask: Callable[[str], object], texts: Sequence[str]) -> dict[str, float]:
    """Percentiles of the milliseconds of `ask` on each of `texts`, on the clock and of this
    process's processor; the first few not counted."""
    clock, processor = [], []
    for text in texts:
        start, busy = time.perf_counter(), time.process_time()
        ask(text)
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    out = {}
    for name, seconds in (("", clock), ("processor ", processor)):
        for p, value in zip((50, 99), np.percentile(seconds[WARM:], [50, 99]), strict=True):
            out[f"{name}p{p}"] = round(float(value) * 1e3, 3)
    return out


class _Nobody:
    """The queries of a benchmark have no past."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> list:
        return []


def _forget(exposure: Exposure) -> None:
    """Nothing is logged."""


if __name__ == "__main__":
    sys.exit(main())
