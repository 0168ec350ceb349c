"""How long a search takes: one client, one thread, a catalogue of 46,156 products.

    prismrec bench search_latency [FOLDER] [--queries N] [--folder CACHE] [--json]

FOLDER holds `items.parquet`. Queries are two to four neighbouring words from titles drawn by
chance, each asked once, so that no query's vector is cached; then all are asked again, when they
are. Times are on the clock and include all that `search` does: encoding, candidates, ranking, the
slate with its reasons. `words` and `meaning` are the two sources of candidates alone. Other work on
the machine shows in these times: run it on an idle one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.places import data_folder
from prismrec.assembly import assemble
from prismrec.config import Settings
from prismrec.core import Exposure, Query, generator
from prismrec.data import read
from prismrec.engine import Engine
from prismrec.learning.judged_search import asked_for
from prismrec.learning.training import gather, train
from prismrec.retrieval.words import Words
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

WARM = 20
"""Queries asked before the clock starts."""


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
    rows = measured(snapshot, texts_of(snapshot, asked.queries + WARM))
    if asked.json:
        print(json.dumps({"benchmark": "search_latency", "items": len(snapshot.catalogue), **rows}))
    else:
        print(f"{len(snapshot.catalogue)} items, {asked.queries} queries, milliseconds")
        for name, row in rows.items():
            print(
                f"{name:>28}  p50 {row['p50']:6.2f}   p90 {row['p90']:6.2f}   p99 {row['p99']:6.2f}"
            )
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


def timed(ask: Callable[[str], object], texts: Sequence[str]) -> dict[str, float]:
    """Percentiles of the milliseconds of `ask` on each of `texts`, the first few not counted."""
    seconds = []
    for text in texts:
        start = time.perf_counter()
        ask(text)
        seconds.append(time.perf_counter() - start)
    values = np.percentile(seconds[WARM:], [50, 90, 99]) * 1e3
    return dict(zip(("p50", "p90", "p99"), (round(float(v), 3) for v in values), strict=True))


class _Nobody:
    """The queries of a benchmark have no past."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> list:
        return []


def _forget(exposure: Exposure) -> None:
    """Nothing is logged."""


if __name__ == "__main__":
    sys.exit(main())
