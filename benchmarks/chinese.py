"""Chinese lexical search: what cutting text into words gives, against not cutting it.

    python -m benchmarks.chinese [--queries N] [--json]

Two sets: web queries with judged titles (`chinese-query-title`; every title is searched, the grade
is the gain), and searches of the project's own simulator over its Chinese products (gain 2 for the
right category with the style and brand asked for, 1 for the right category). One BM25 index
(tantivy, one field) is built for each way to cut, and nothing else differs:

- `segmented`: `prismrec.language.segment`, as search does
- `whitespace`: at blanks and signs, as a search for English alone would
- `characters`: every Han character a word

Intervals are 95%, by bootstrap over queries; `gain` is of `segmented` over each other way, paired.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import tantivy

from benchmarks.places import data_folder
from benchmarks.words import ndcg
from prismrec.core import generator
from prismrec.evaluation.significance import bootstrap_means, interval, paired, totals
from prismrec.evaluation.simulator import SimulatorSettings, simulate
from prismrec.evaluation.simulator.searches import search_for
from prismrec.evaluation.simulator.words import CATEGORIES, words
from prismrec.language.segmentation import HAN, normalise, segment

Cut = Callable[[str], Sequence[str]]
_CHARACTER = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_BLANKS = re.compile(r"[^\W_]+")
CUTS: dict[str, Cut] = {
    "segmented": segment,
    "whitespace": lambda text: _BLANKS.findall(normalise(text)),
    "characters": lambda text: _CHARACTER.findall(normalise(text)),
}


@dataclass(frozen=True)
class Judged:
    """Texts, queries, and for each query the grades of texts by place."""

    name: str
    texts: list[str]
    queries: list[str]
    grades: list[dict[int, int]]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queries", type=int, default=0, help="of each set, the first N")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    rows = [row for judged in (titles(), products()) for row in measured(judged, asked.queries)]
    if asked.json:
        print(json.dumps({"benchmark": "chinese", "rows": rows}, ensure_ascii=False))
    else:
        for row in rows:
            print("  ".join(f"{name} {value}" for name, value in row.items()))
    return 0


def titles() -> Judged:
    """Web queries that have a relevant title, over all titles of the set."""
    pairs = pl.read_parquet(data_folder() / "chinese-query-title" / "pairs.parquet")
    texts = pairs["title"].unique(maintain_order=True).to_list()
    place = {text: i for i, text in enumerate(texts)}
    by_query: dict[str, dict[int, int]] = {}
    for query, title, grade in pairs.select("query", "title", "grade").iter_rows():
        by_query.setdefault(query, {})[place[title]] = grade
    kept = {query: grades for query, grades in by_query.items() if any(grades.values())}
    return Judged("chinese-query-title", texts, list(kept), list(kept.values()))


def products(items: int = 3_000, queries: int = 500, seed: int = 0) -> Judged:
    """Searches over simulated Chinese products, whose truth is known."""
    shop = simulate(SimulatorSettings(language="zh", items=items, users=2), seed)
    truth, said, rng = shop.truth.products, words("zh"), generator(seed, "benchmarks", "chinese")
    main_style = truth.styles.argmax(axis=1)
    asked: dict[str, dict[int, int]] = {}
    for _ in range(queries):
        category = int(rng.integers(len(CATEGORIES)))
        search = search_for(category, rng.random(len(said.styles)), said, rng)
        inside = truth.category == category
        exact = inside & ((search.style < 0) | (main_style == search.style))
        exact &= (search.brand < 0) | (truth.brand == search.brand)
        gains = inside.astype(int) + exact
        asked[search.text] = {int(i): int(gains[i]) for i in np.flatnonzero(gains)}
    texts = [item.text() for item in shop.items]
    return Judged("simulator", texts, list(asked), list(asked.values()))


def measured(judged: Judged, most: int) -> list[dict[str, Any]]:
    """nDCG@10 of each way to cut, with its interval, and the gain of words over the others."""
    n = min(most or len(judged.queries), len(judged.queries))
    values = {name: quality(judged, cut, n) for name, cut in CUTS.items()}
    rows = []
    for name, found in values.items():
        rng = generator(0, "benchmarks", "chinese", judged.name)
        low, high = interval(
            bootstrap_means(totals(found, np.arange(n, dtype=np.int32)), 1000, rng)[:, 0]
        )
        row: dict[str, Any] = {"data": judged.name, "texts": len(judged.texts), "queries": n}
        row |= {
            "cut": name,
            "ndcg@10": rounded(found.mean()),
            "interval": [rounded(low), rounded(high)],
        }
        if name != "segmented":
            gain = paired(values["segmented"], found, np.arange(n, dtype=np.int32), rng)
            row["gain"] = [rounded(part) for part in (gain.mean, gain.low, gain.high)]
            row["relative"] = rounded(gain.mean / max(float(found.mean()), 1e-9))
        rows.append(row)
    return rows


def quality(judged: Judged, cut: Cut, n: int) -> np.ndarray:
    """nDCG@10 of the first n queries, (n,)."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("place", stored=True, fast=True)
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=64_000_000, num_threads=1)
    for place, text in enumerate(judged.texts):
        writer.add_document(tantivy.Document(place=place, text=" ".join(cut(text))))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    found = [best(searcher, schema, cut(query)) for query in judged.queries[:n]]
    return np.array([ndcg(row, grades) for row, grades in zip(found, judged.grades, strict=False)])


def best(searcher: tantivy.Searcher, schema: tantivy.Schema, said: Sequence[str]) -> list[int]:
    """The ten best texts for the words `said`, ties in order of place."""
    terms = [tantivy.Query.term_query(schema, "text", word, "freq") for word in dict.fromkeys(said)]
    query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
    hits = searcher.search(query, 30, count=False).hits
    places = searcher.fast_field_values("place", [address for _, address in hits])
    scores = np.array([score for score, _ in hits])
    found = np.array(places, np.int64)
    return found[np.lexsort((found, -scores))][:10].tolist()


def rounded(value: float) -> float:
    """Four digits."""
    return round(float(value), 4)


if __name__ == "__main__":
    sys.exit(main())
