"""Vector search: exact against the HNSW graph, by build time, latency and recall.

    python benchmarks/vectors.py [--sizes 12000,50000,100000] [--json]
    python benchmarks/vectors.py --titles items.parquet [--limit N] [--json]

Without `--titles` the vectors are synthetic: unit vectors of 384 dimensions scattered around
random centres, a hundred to each. With it they are the encoded titles of a catalogue. Queries are
items held out of the index. Everything runs on one thread, and times are CPU times of that thread,
so that other work on the machine changes them little; recall@100 counts how many of the 100 exact
neighbours the graph returns.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from prismrec.core import generator
from prismrec.core.arrays import Vectors
from prismrec.retrieval import RetrievalSettings
from prismrec.retrieval.vectors.exact import ExactVectors
from prismrec.retrieval.vectors.hnsw import HnswVectors

DIMENSION = 384
QUERIES = 500
ADDED = 50
DEPTH = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="12000,50000,100000", help="items, comma-separated")
    parser.add_argument("--titles", type=Path, help="a Parquet file with a column `title`")
    parser.add_argument("--limit", type=int, default=50_000, help="titles to encode at most")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    faiss.omp_set_num_threads(1)
    with threadpool_limits(limits=1):
        if asked.titles:
            rows = compared(asked.titles.parent.name, encoded(asked.titles, asked.limit))
        else:
            sizes = [int(size) for size in asked.sizes.split(",")]
            rows = [row for n in sizes for row in compared("synthetic", clustered(n + QUERIES))]
    print(json.dumps({"benchmark": "vectors", "rows": rows}) if asked.json else table(rows))
    return 0


def clustered(n: int) -> Vectors:
    """Synthetic unit vectors: one random centre for each hundred, and as much noise as centre."""
    rng = generator(0, "benchmark", "vectors")
    centres = unit(rng.normal(size=(max(1, n // 100), DIMENSION)))
    noise = unit(rng.normal(size=(n, DIMENSION)))
    return unit(centres[rng.integers(0, len(centres), n)] + noise).astype(np.float32)


def encoded(path: Path, limit: int) -> Vectors:
    """The distinct titles of a catalogue, shuffled, by the encoder that `fit` would take."""
    import polars as pl

    from prismrec.language import LanguageSettings, choose_encoder

    titles = pl.read_parquet(path)["title"].drop_nulls().unique(maintain_order=True).to_list()
    order = generator(0, "benchmark", "titles").permutation(len(titles))[:limit]
    shuffled = [titles[i] for i in order]
    return choose_encoder(shuffled, LanguageSettings()).encoder.encode(shuffled)


def compared(name: str, vectors: Vectors) -> list[dict[str, Any]]:
    """Both indexes over all vectors but the queries, a row each."""
    queries, rest = vectors[:QUERIES], vectors[QUERIES:]
    exact = ExactVectors(rest.shape[1])
    graph = HnswVectors(rest.shape[1], RetrievalSettings(filtered_exact_below=0))
    truth, first = measured(exact, rest, queries)
    found, second = measured(graph, rest, queries)
    hits = [np.isin(f, t).mean() for f, t in zip(found, truth, strict=True)]
    first |= {"index": "exact", "recall@100": 1.0}
    second |= {"index": "hnsw", "recall@100": round(float(np.mean(hits)), 4)}
    rows = [{"vectors": name, "items": len(rest)} | row for row in (first, second)]
    print(*rows, sep="\n", file=sys.stderr)
    return rows


def measured(
    index: ExactVectors | HnswVectors, vectors: Vectors, queries: Vectors
) -> tuple[np.ndarray, dict[str, Any]]:
    """The neighbours that `index` finds, and what building, asking and adding took."""
    places = np.arange(len(vectors), dtype=np.int32)
    n = len(vectors) - ADDED
    build = seconds(lambda: index.add(places[:n], vectors[:n]))
    add = [
        seconds(partial(index.add, places[i : i + 1], vectors[i : i + 1]))
        for i in range(n, len(vectors))
    ]
    single = [seconds(partial(index.nearest, row[None], DEPTH)) for row in queries]
    batch = seconds(lambda: index.nearest(queries, DEPTH))
    return index.nearest(queries, DEPTH)[0], {
        "build_seconds": round(build, 2),
        "add_one_ms": round(float(np.median(add)) * 1e3, 3),
        "ms_p50": round(float(np.percentile(single, 50)) * 1e3, 3),
        "ms_p99": round(float(np.percentile(single, 99)) * 1e3, 3),
        "batch_ms_per_query": round(batch / len(queries) * 1e3, 3),
    }


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this thread that `work` takes."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each row at length one."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = ["vectors", "items", "index", "build_seconds", "add_one_ms"]
    names += ["ms_p50", "ms_p99", "batch_ms_per_query", "recall@100"]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(str(r[n]) for n in names) + " |" for r in rows)])


if __name__ == "__main__":
    sys.exit(main())
