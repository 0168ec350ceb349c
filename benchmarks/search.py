"""Search against judgments: this engine without and with training, and other engines, in one run.

    prismrec bench search [DATA] [--sets electronics-search,...] [--peers all|none|...]
                          [--queries N] [--repeats R] [--folder CACHE] [--page FILE] [--json]

DATA is a folder with one folder for each set. The whole catalogue is searched for every judged
query (of more than N, N by chance), but for `shop-relevance`, where a query's own rows are ranked.
The gain of an item is its grade, an unjudged item has none, and queries without any relevant item
count 0. What is trained is measured out of fold: the queries are divided into five, trees and
reader for each part learn from the other four, and R divisions are averaged. Trees that correct a
reader start from readings by readers that did not see the query. Intervals are of 95%, resampling
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
from prismrec.assembly import assemble, open_encoder
from prismrec.config import Settings
from prismrec.core import Exposure, Filters, Judgments, Query, TextEncoder, generator
from prismrec.core.arrays import Positions
from prismrec.data import read
from prismrec.data.judgments import read_judgments
from prismrec.engine import Engine as Ours
from prismrec.evaluation.search import DEPTH, search_values
from prismrec.language import QueryCache
from prismrec.learning.judged_reading import Lessons, fit_reader, reading_of
from prismrec.learning.judged_search import CANDIDATES, examples_of, lessons_of
from prismrec.learning.judged_ways import divisions
from prismrec.learning.training import gather, train
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.lambdamart import Examples, fit_lambdamart
from prismrec.ranking.search import SearchRanker
from prismrec.ranking.taught import Taught
from prismrec.searchers import search_evidence, search_facts, search_ranker
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

SETS = {"electronics-search": False, "movie-search": False, "shop-relevance": True}
"""The sets, and whether only the judged rows of a query are ranked."""
FIXED, LEARNED = "prismrec", "prismrec, trained"
READ, BOTH = "prismrec, taught to read", "prismrec, taught to read, trained"


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


def opened(asked: argparse.Namespace, name: str, settings: Settings | None = None) -> Shop:
    """The set `name`, its texts encoded (kept under --folder)."""
    settings = settings or Settings()
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
    lines += trained(shop, asked.repeats)
    for line in lines[1:]:
        _say(f"{name}: {line.name} {line.values[:, 0].mean():.4f}")
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


def trained(shop: Shop, repeats: int) -> list[Line]:
    """This engine with what judgments taught in each way, never by the query: means over `repeats`
    divisions; times and lists are those of the first."""
    snapshot, judgments = shop.snapshot, shop.judgments
    numbers = numbers_of(shop.items)
    ranker = SearchRanker(search_evidence(snapshot, search_facts(snapshot, numbers)))
    unjudged = 0 if shop.only_judged else CANDIDATES
    examples = examples_of(snapshot, ranker, judgments, unjudged=unjudged)
    lessons = lessons_of(snapshot, judgments, examples)
    runs: dict[str, list[Line]] = {}
    for repeat in range(repeats):
        parts: dict[str, list[Line]] = {}
        for held, name, taught in _taught(examples, lessons, numbers, repeat):
            ranked = replace(snapshot, search_ranker=search_ranker(snapshot, taught))
            part = replace(shop, snapshot=ranked, judgments=judgments.take(held))
            parts.setdefault(name, []).append(_line(part, name, _find(ranked, part)))
        back = np.argsort(np.concatenate([held for _, held in divisions(len(judgments), repeat)]))
        for name, lines in parts.items():
            runs.setdefault(name, []).append(_joined(lines, back))
    return [
        replace(lines[0], values=np.mean([run.values for run in lines], axis=0))
        for lines in runs.values()
    ]


def _taught(
    examples: Examples, lessons: Lessons | None, numbers: tuple[str, ...], seed: int
) -> Iterator[tuple[np.ndarray, str, Taught]]:
    """The queries held back, the name of a way to learn, and what it learned from the others."""
    folds = list(divisions(len(examples.groups), seed))
    for others, held in folds:
        yield held, LEARNED, Taught(fit_lambdamart(examples.take(others), seed, numbers=numbers))
    if lessons is None:
        return
    base, readers = examples.base.copy(), []
    for fold, (others, held) in enumerate(folds):
        readers.append(fit_reader(lessons, others, generator(seed, "search", "reading", fold)))
        yield held, READ, Taught(None, readers[-1])
        rows = np.concatenate([lessons.rows(int(query)) for query in held])
        base[rows] += reading_of(lessons, readers[-1], held)
    read = replace(examples, base=base)
    for (others, held), reader in zip(folds, readers, strict=True):
        trees = fit_lambdamart(read.take(others), seed, numbers=numbers)
        yield held, BOTH, Taught(trees, reader)


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
