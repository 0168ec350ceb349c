"""Search against judgments: this engine without and with training, and other engines, in one run.

    prismrec bench search [DATA] [--sets electronics-search,...] [--peers all|none|...]
                          [--queries N] [--repeats R] [--folder CACHE] [--page FILE] [--json]

DATA is a folder with one folder for each set. The whole catalogue is searched for every judged
query (of more than N, N by chance), but for `shop-relevance`, where a query's own rows are ranked.
The gain of an item is its grade, an unjudged item has none, and queries without any relevant item
count 0. What is trained is measured out of fold: the queries are divided into five, the trees for
each part learn from the other four, and R divisions are averaged. Intervals are of 95%, resampling
queries; differences are paired by query. Everything runs on one thread, a query at a time, and
milliseconds are on the clock for ten results, the encoding of the query included.

Peers are optional (see benchmarks/peers/search_engines.py); one that is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.peers.search_engines import ENGINES, Engine
from benchmarks.places import data_folder
from benchmarks.search_page import Line, SetResult, text_table, write_page
from prismrec.assembly import assemble, open_encoder, search_evidence, search_facts
from prismrec.config import Settings
from prismrec.core import Exposure, Filters, Judgments, Query, TextEncoder, generator
from prismrec.core.arrays import Positions
from prismrec.data import read
from prismrec.data.judgments import read_judgments
from prismrec.engine import Engine as Ours
from prismrec.evaluation.search import DEPTH, search_values
from prismrec.language import QueryCache
from prismrec.learning.judged_search import CANDIDATES, FOLDS, examples_of
from prismrec.learning.training import gather, train
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.lambdamart import fit_lambdamart
from prismrec.ranking.search import SearchRanker
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

SETS = {"electronics-search": False, "movie-search": False, "shop-relevance": True}
"""The sets, and whether only the judged rows of a query are ranked."""
FIXED, LEARNED = "prismrec", "prismrec, trained"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table or JSON, and write the page with `--page`."""
    asked = parser(__doc__ or "").parse_args(argv)
    one_thread_each()
    results = [measured(asked, name) for name in asked.sets.split(",")]
    if asked.page:
        write_page(results, asked.page)
    if asked.json:
        print(json.dumps({"benchmark": "search", "sets": [found.to_json() for found in results]}))
    else:
        print("\n".join(text_table(found) for found in results))
    return 0


def parser(told: str) -> argparse.ArgumentParser:
    """The options that the benchmarks of search share; `told` is the command's docstring."""
    parser = argparse.ArgumentParser(description=told.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--peers", default="all", help="names with commas between, all or none")
    parser.add_argument("--queries", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path.home() / ".cache" / "prismrec" / "search"
    )
    parser.add_argument("--page", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser


@dataclass(frozen=True)
class Shop:
    """One set: its engine before any training, and its judged queries."""

    name: str
    snapshot: Snapshot
    encoder: TextEncoder
    judgments: Judgments
    only_judged: bool

    @cached_property
    def items(self) -> list:
        return [self.snapshot.catalogue.item(p) for p in range(len(self.snapshot.catalogue))]


def opened(asked: argparse.Namespace, name: str) -> Shop:
    """The set `name`, its texts encoded (kept under --folder)."""
    settings = Settings()
    dataset = read(asked.data / name, settings.data)
    material = gather(dataset, settings, cache=asked.folder / "cache")
    release = train(material, settings, 0)
    snapshot = assemble(release, material.catalogue, settings, asked.folder)
    encoder = open_encoder(release, settings, asked.folder)
    assert encoder is not None
    found = read_judgments(asked.data / name / "judgments.parquet", material.catalogue.ids)
    judgments = found.judgments
    if len(judgments) > asked.queries:
        drawn = generator(0, "search", "queries").permutation(len(judgments))[: asked.queries]
        judgments = judgments.take(np.sort(drawn))
    return Shop(name, snapshot, encoder, judgments, SETS.get(name, False))


def measured(asked: argparse.Namespace, name: str) -> SetResult:
    """All systems on the set `name`."""
    shop = opened(asked, name)
    _say(f"{name}: {len(shop.items)} items, {len(shop.judgments)} queries")
    lines = [_line(shop, FIXED, _find(shop.snapshot, shop))]
    _say(f"{name}: {FIXED} {lines[0].values[:, 0].mean():.4f}")
    lines.append(trained(shop, asked.repeats))
    _say(f"{name}: {LEARNED} {lines[1].values[:, 0].mean():.4f}")
    for peer, engine in _peers(asked.peers, shop):
        lines.append(_line(shop, peer, _within(engine, shop), peer=True))
        _say(f"{name}: {peer} {lines[-1].values[:, 0].mean():.4f}")
    titles = [item.title or item.item_id for item in shop.items]
    return SetResult(name, len(shop.items), shop.judgments, shop.only_judged, lines, titles)


Find = Callable[[int, int], Positions]
"""`find(i, k)`: at most k positions for judged query i, best first."""


def _line(shop: Shop, name: str, find: Find, *, peer: bool = False) -> Line:
    """The values and times of one system, each query asked alone."""
    queries = len(shop.judgments)
    lists, seconds = np.full((queries, DEPTH), -1, np.int32), np.zeros(queries)
    for i in range(queries):
        start = time.perf_counter()
        find(i, 10)
        seconds[i] = time.perf_counter() - start
        found = find(i, DEPTH)[:DEPTH]
        lists[i, : len(found)] = found
    values = np.array([search_values(shop.judgments, i, row) for i, row in enumerate(lists)])
    return Line(name, peer, values, seconds, lists)


def _find(snapshot: Snapshot, shop: Shop) -> Find:
    """This engine's own path, from the text to the slate."""
    fresh = replace(snapshot, encoder=QueryCache(shop.encoder))  # each system encodes for itself
    engine = Ours(fresh, _Nobody(), _forget)
    ids = snapshot.catalogue.ids

    def find(i: int, k: int) -> Positions:
        only = Filters()
        if shop.only_judged:
            names = ids.names(shop.judgments.row(i)[0])
            only = Filters(only=tuple(names), available=False)
        text = shop.judgments.texts[i]
        slate = engine.answer(Query(text=text, filters=only, n=k, seed=0, explore=False))
        return ids.positions(slate.ids)

    return find


def trained(shop: Shop, repeats: int) -> Line:
    """This engine with trees that never saw the query: means over `repeats` divisions; times and
    lists are those of the first."""
    snapshot, judgments = shop.snapshot, shop.judgments
    numbers = numbers_of(shop.items)
    evidence = search_evidence(snapshot, search_facts(snapshot, numbers))
    unjudged = 0 if shop.only_judged else CANDIDATES
    examples = examples_of(snapshot, SearchRanker(evidence), judgments, unjudged=unjudged)
    runs = []
    for repeat in range(repeats):
        order = generator(repeat, "search", "folds").permutation(len(judgments))
        folds = [np.sort(order[fold::FOLDS]) for fold in range(FOLDS)]
        parts = []
        for held in folds:
            trees = fit_lambdamart(examples.take(np.setdiff1d(order, held)), repeat)
            ranked = replace(snapshot, search_ranker=SearchRanker(evidence, trees))
            part = replace(shop, snapshot=ranked, judgments=judgments.take(held))
            parts.append(_line(part, LEARNED, _find(ranked, part)))
        runs.append(_joined(parts, np.argsort(np.concatenate(folds))))
    return replace(runs[0], values=np.mean([run.values for run in runs], axis=0))


def _joined(parts: Sequence[Line], order: np.ndarray) -> Line:
    """The folds as one line, queries in their own order."""

    return replace(
        parts[0],
        values=np.concatenate([part.values for part in parts])[order],
        seconds=np.concatenate([part.seconds for part in parts])[order],
        lists=np.concatenate([part.lists for part in parts])[order],
    )


def _peers(wanted: str, shop: Shop) -> Iterator[tuple[str, Engine]]:
    names = {"all": list(ENGINES), "none": []}.get(wanted, wanted.split(","))
    vectors = shop.snapshot.features.text_vectors
    assert vectors is not None
    for name in names:
        try:
            yield name, ENGINES[name](shop.items, vectors, QueryCache(shop.encoder))
        except ImportError as missing:
            _say(f"{name} is left out: {missing}")


def _within(engine: Engine, shop: Shop) -> Find:
    """A peer's answers, of which only a query's own rows are kept where the set asks for it."""

    def find(i: int, k: int) -> Positions:
        text = shop.judgments.texts[i]
        if not shop.only_judged:
            return engine(text, k)
        found = engine(text, len(shop.items))
        return found[np.isin(found, shop.judgments.row(i)[0])][:k]

    return find


class _Nobody:
    """The queries of a benchmark have no past."""

    def history(self, person: str, limit: int, *, before: int | None = None) -> list:
        return []


def _forget(exposure: Exposure) -> None:
    """Nothing is logged."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
