"""What reading query and title together gives a search, beside the other ways to learn.

    prismrec bench search_reading [DATA] [--sets shop-relevance,...] [--queries N] [--repeats R]
                                  [--folder CACHE] [--dtype auto] [--json]

Candidates of every judged query are ranked by the fixed rule, by MiniLM's cosine alone, and out of
fold by trees, by a reader and by both, as `fit --judgments` measures them; R divisions of the
queries into five are averaged. For `shop-relevance` candidates are a query's own rows, elsewhere
also the best 100 that the engine finds. nDCG@10; differences are paired by query, with intervals of
95%. `bench search` asks the whole engine instead, beside other engines. `--dtype bfloat16` makes
the vectors four times as fast where the processor multiplies in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.search import Shop, opened, parser
from prismrec.config import Settings
from prismrec.core import generator
from prismrec.core.arrays import Floats
from prismrec.evaluation.significance import paired
from prismrec.learning.judged_search import CANDIDATES, examples_of, lessons_of
from prismrec.learning.judged_ways import values_of
from prismrec.ranking.item_facts import numbers_of
from prismrec.ranking.search import SearchRanker
from prismrec.searchers import search_evidence, search_facts
from prismrec.threads import one_thread_each

MINILM = "MiniLM"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a line for each way or JSON."""
    options = parser(__doc__ or "")
    options.add_argument("--dtype", default="auto")
    asked = options.parse_args(argv)
    one_thread_each()
    plain = Settings()
    settings = replace(plain, language=replace(plain.language, dtype=asked.dtype))
    for name in asked.sets.split(","):
        found = measured(opened(asked, name, settings), asked.repeats)
        print(json.dumps({"set": name, **told(found)}) if asked.json else text(name, found))
    return 0


def measured(shop: Shop, repeats: int) -> dict[str, Floats]:
    """(q,) nDCG@10 of every query by each way; those that learn never by the query itself."""
    facts = search_facts(shop.snapshot, numbers_of(shop.items))
    ranker = SearchRanker(search_evidence(shop.snapshot, facts))
    unjudged = 0 if shop.only_judged else CANDIDATES
    examples = examples_of(shop.snapshot, ranker, shop.judgments, unjudged=unjudged)
    lessons = lessons_of(shop.snapshot, shop.judgments, examples)
    meaning = examples.columns[:, examples.names.index("meaning")]
    runs = [values_of(examples, lessons, repeat)[0] for repeat in range(repeats)]
    means = {way: np.mean([run[way] for run in runs], axis=0) for way in runs[0]}
    return {MINILM: examples.ndcg(meaning), **means}


def told(found: dict[str, Floats]) -> dict[str, dict[str, list[float]]]:
    """The mean of each way, then its difference from MiniLM and from the fixed rule, each with its
    interval."""
    queries = np.arange(len(found[MINILM]), dtype=np.int32)
    out: dict[str, dict[str, list[float]]] = {}
    for way, values in found.items():
        out[way] = {"ndcg@10": [round(float(values.mean()), 4)]}
        for other in (MINILM, "fixed rule"):
            gain = paired(values, found[other], queries, generator(0, "reading", way, other))
            out[way][other] = [round(x, 4) for x in (gain.mean, gain.low, gain.high)]
    return out


def text(name: str, found: dict[str, Floats]) -> str:
    """The same for a terminal."""
    lines = [f"{name}: {len(found[MINILM])} queries"]
    for way, row in told(found).items():
        gains = "  ".join(
            f"minus {other} {row[other][0]:+.4f} [{row[other][1]:+.4f}, {row[other][2]:+.4f}]"
            for other in (MINILM, "fixed rule")
        )
        lines.append(f"  {way:18} {row['ndcg@10'][0]:.4f}  {gains}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
