"""Lexical search over a catalogue with judged queries: nDCG@10, build time and latency.

    python benchmarks/words.py FOLDER [--json]

FOLDER holds `items.parquet` and `judgments.parquet` (`query`, `item_id`, `grade`). The whole
catalogue is searched; the gain of an item is its grade, unjudged items have none. The mean is over
all judged queries, those without any relevant item counting 0; a second one leaves those out.
Times are CPU times of the process.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.places import data_folder
from prismrec.core import Item
from prismrec.retrieval.lexical.words import Words


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "folder", type=Path, nargs="?", default=data_folder() / "electronics-search"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    row = measured(asked.folder)
    if asked.json:
        print(json.dumps({"benchmark": "words", "rows": [row]}))
    else:
        print("\n".join(f"{name:>22}  {value}" for name, value in row.items()))
    return 0


def measured(folder: Path) -> dict[str, Any]:
    """Quality and times on the set in `folder`."""
    items = [
        item_of(row) for row in pl.read_parquet(folder / "items.parquet").iter_rows(named=True)
    ]
    place = {item.item_id: i for i, item in enumerate(items)}
    judged: dict[str, dict[int, int]] = {}
    judgments = pl.read_parquet(folder / "judgments.parquet").select("query", "item_id", "grade")
    for query, item, grade in judgments.iter_rows():
        if item in place:
            judged.setdefault(query, {})[place[item]] = grade
    words = Words()
    build = seconds(lambda: words.upsert(np.arange(len(items), dtype=np.int32), items))
    words.find(list(judged)[:5], 10)
    found = words.find(list(judged), 10).positions.tolist()
    singles = [seconds(partial(words.find, [text], 100)) for text in judged]
    add = min(seconds(lambda: words.upsert(np.zeros(1, np.int32), items[:1])) for _ in range(5))
    values = [ndcg(row, grades) for row, grades in zip(found, judged.values(), strict=True)]
    answerable = [i for i, grades in enumerate(judged.values()) if any(grades.values())]
    return {
        "data": folder.name,
        "items": len(items),
        "queries": len(judged),
        "ndcg@10": round(float(np.mean(values)), 4),
        "queries_with_relevant": len(answerable),
        "ndcg@10_with_relevant": round(float(np.mean(np.array(values)[answerable])), 4),
        "build_seconds": round(build, 2),
        "ms_p50": round(float(np.percentile(singles, 50)) * 1e3, 3),
        "ms_p99": round(float(np.percentile(singles, 99)) * 1e3, 3),
        "add_one_ms": round(add * 1e3, 2),
    }


def item_of(row: Mapping[str, Any]) -> Item:
    """A row of the canonical tables; attributes stand as `name: value` or as bare tags."""
    pairs = [entry.partition(": ") for entry in row.get("attributes") or []]
    lists = {name: " ".join(row.get(name) or []) for name in ("tags", "people")}
    return Item(
        item_id=row["item_id"],
        title=row["title"] or "",
        description=row.get("description") or "",
        brand=row.get("brand") or "",
        categories=tuple(row.get("categories") or ()),
        attributes={name: value or name for name, _, value in pairs},
        texts={name: text for name, text in lists.items() if text},
    )


def ndcg(found: Sequence[int], grades: Mapping[int, int]) -> float:
    """Normalised discounted cumulative gain of the first ten, the grade as gain; 0 without any."""
    discounts = 1 / np.log2(np.arange(2, 12))
    gains = np.array([grades.get(position, 0) for position in found[:10]], float)
    ideal = np.array(sorted(grades.values(), reverse=True)[:10], float)
    best = float(ideal @ discounts[: len(ideal)])
    return float(gains @ discounts[: len(gains)]) / best if best else 0.0


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process that `work` takes, the index writer's thread included."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
