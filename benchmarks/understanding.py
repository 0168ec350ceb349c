"""What reading a query gives: other ways to say it, and what it asks for beside its words.

    python -m benchmarks.understanding FOLDER [--every N] [--cache FOLDER] [--json]

FOLDER holds items and judgments, as for `benchmarks.words`. Every N-th query is searched by words
and meaning with the fixed ranking, in steps: as it is (`plain`), in every way to say it (`ways`),
and with what was understood of it (`understood`, as a search does). Then the same once more with a
typing error in the longest word of each query (two neighbouring letters swapped, never the first):
`misspelt plain` and `misspelt ways`. nDCG@10 with the grade as gain; differences are paired, with
95% intervals by bootstrap over queries. `read_ms` is the time to read a query.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.places import data_folder
from benchmarks.words import ndcg
from prismrec.config import Settings
from prismrec.core import QueryBatch, TextEncoder, generator
from prismrec.core.understood import Understood
from prismrec.data import read
from prismrec.data.catalogue import Catalogue
from prismrec.evaluation.significance import paired
from prismrec.language import QueryCache, choose_encoder
from prismrec.ranking.search import SearchRanker
from prismrec.retrieval import FilterIndex, TextVectors, reciprocal_rank_fusion
from prismrec.retrieval.lexical.ways import Ways
from prismrec.retrieval.lexical.words import Words
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.shop.matching import Matching
from prismrec.retrieval.understanding.reader import Reader
from prismrec.retrieval.vectors.retrievers import Meaning

SHORTEST = 6
DEPTH = 500
WEIGHT = np.float32(RetrievalSettings().understood_weight)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = data_folder() / "electronics-search"
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    parser.add_argument("--every", type=int, default=1, help="search each N-th query")
    parser.add_argument("--cache", type=Path, help="keep encoded texts in this folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    rows = measured(asked.folder, asked.every, asked.cache)
    if asked.json:
        print(json.dumps({"benchmark": "understanding", "rows": rows}))
    else:
        for row in rows:
            print("  ".join(f"{name} {value}" for name, value in row.items()))
    return 0


@dataclass(frozen=True)
class Search:
    """A search without users: what a snapshot does for a text."""

    catalogue: Catalogue
    words: Words
    meaning: TextVectors
    ranker: SearchRanker
    encoder: TextEncoder
    reader: Reader
    filters: FilterIndex
    matching: Matching

    @staticmethod
    def of(folder: Path, cache: Path | None) -> Search:
        """The search over the items in `folder`."""
        settings = Settings()
        catalogue = Catalogue.of(read(str(folder), settings.data).iter_items())
        encoder: Any = choose_encoder(catalogue.texts(), settings.language, cache=cache).encoder
        vectors = encoder.encode(catalogue.texts())
        items = [catalogue.item(p) for p in range(len(catalogue))]
        words = Words(settings.retrieval)
        words.upsert(np.arange(len(items), dtype=np.int32), items)
        features = catalogue.features(vectors)
        return Search(
            catalogue=catalogue,
            words=words,
            meaning=TextVectors(vectors, settings.retrieval),
            ranker=SearchRanker((words, Meaning(vectors))),
            encoder=QueryCache(encoder),
            reader=Reader.of(features, catalogue.alive, [item.title for item in items], words),
            filters=FilterIndex.of(features, catalogue.ids, catalogue.alive),
            matching=Matching.of(*words.fields.contents(), len(items)),
        )

    def best(self, read_: Understood) -> list[int]:
        """The ten best for a text that was read."""
        text = (read_.searched,)
        vectors = self.encoder.encode(text)
        asked = replace(QueryBatch.of([[]]), texts=text, text_vectors=vectors)
        may = self.reader.passing(read_, self.filters, self.matching, self.catalogue.text)
        lists = [one.search(asked, DEPTH, allowed=may) for one in (self.words, self.meaning)]
        found = self.ranker.rank(asked, reciprocal_rank_fusion(lists, DEPTH))
        wished = WEIGHT * self.reader.boost(read_, self.filters, found.positions)
        scores = (found.scores + wished).astype(np.float32)
        best: list[int] = replace(found, scores=scores).best(10).positions[0].tolist()
        return best


def measured(folder: Path, every: int, cache: Path | None) -> list[dict[str, Any]]:
    """nDCG@10 of each step, and what it gains over the one it is compared with."""
    search = Search.of(folder, cache)
    judged = judgments(folder, search.catalogue)
    texts = sorted(judged)[::every]
    rng = generator(0, "benchmarks", "understanding")
    wrong = [misspelt(text, rng) for text in texts]
    start = time.process_time()
    reads = [search.reader.read(text) for text in texts]
    spent = (time.process_time() - start) / len(texts)
    steps: dict[str, Callable[[], list[list[int]]]] = {
        "plain": lambda: plainly(search, texts),
        "ways": lambda: [search.best(Understood(text, text)) for text in texts],
        "understood": lambda: [search.best(one) for one in reads],
        "misspelt plain": lambda: plainly(search, wrong),
        "misspelt ways": lambda: [search.best(Understood(text, text)) for text in wrong],
    }
    values = {
        name: np.array([ndcg(row, judged[text]) for row, text in zip(run(), texts, strict=True)])
        for name, run in steps.items()
    }
    boosted = sum(bool(one.boosts) for one in reads)
    filtered = sum(any(f.filter for f in one.findings) for one in reads)
    told: dict[str, Any] = {"queries": len(texts), "boosted": boosted, "filtered": filtered}
    told |= {"read_ms": round(spent * 1e3, 3)}
    return [
        {"data": folder.name, "step": name, "ndcg@10": round(float(found.mean()), 4)}
        | ({} if name not in AGAINST else gain(found, values[AGAINST[name]], rng))
        | (told if name == "understood" else {})
        for name, found in values.items()
    ]


AGAINST = {"ways": "plain", "understood": "ways", "misspelt ways": "misspelt plain"}


def gain(found: np.ndarray, before: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """The mean difference over the step before, its interval, and how many queries changed."""
    difference = paired(found, before, np.arange(len(found), dtype=np.int32), rng)
    parts = [round(part, 4) for part in (difference.mean, difference.low, difference.high)]
    return {"gain": parts, "changed": int((found != before).sum())}


def plainly(search: Search, texts: Sequence[str]) -> list[list[int]]:
    """The ten best for each text as it is written."""
    of = Ways.of
    Ways.of = lambda self, text, typing=False: of(self, text, typing=typing)[:1]  # type: ignore
    try:
        return [search.best(Understood(text, text)) for text in texts]
    finally:
        Ways.of = of  # type: ignore[method-assign]


def misspelt(text: str, rng: np.random.Generator) -> str:
    """`text` with two neighbouring letters of its longest word swapped; short ones stay."""
    word = max(text.split(), key=len, default="")
    places = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    if len(word) < SHORTEST or not word.isalpha() or not places:
        return text
    at = int(rng.choice(places))
    return text.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1)


def judgments(folder: Path, catalogue: Catalogue) -> dict[str, dict[int, int]]:
    """The grades by position, by query."""
    judged: dict[str, dict[int, int]] = {}
    table = pl.read_parquet(folder / "judgments.parquet").select("query", "item_id", "grade")
    for query, item, grade in table.iter_rows():
        if (place := catalogue.position(item)) >= 0:
            judged.setdefault(query, {})[place] = grade
    return judged


if __name__ == "__main__":
    sys.exit(main())
