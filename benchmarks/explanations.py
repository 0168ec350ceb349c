"""Are explanations true? A thousand of them, held against the scores they explain.

    python -m benchmarks.explanations [DATA] [--explanations 1000] [--json]

DATA is a folder of tables (movielens-100k); the default of `fit` learns from it. People and items
of their shortlists are drawn by chance. Told is:

- `contradicted`: in how many explanations a named aspect does not raise the item above its
  candidates, by the parts of the score read anew from the scorer. Twice: in our own words, and in
  those of a language model that lies, of which each claim is about a random aspect or invents
  prices, praise and other items;
- `spoken`: how many explanations kept a claim of the model;
- `events`: of the past items that explanations name, in how many the item's score against its
  candidates falls when the events on that one are deleted, the rest fixed;
- `attributes`: of the items whose brand, category or features are named, in how many it falls when
  these are deleted, the texts and the rest fixed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import prismrec as pr
from benchmarks.places import data_folder
from prismrec.core import Query, QueryBatch, generator
from prismrec.core.arrays import Positions
from prismrec.engine import settled
from prismrec.explanation import contributions, sentence
from prismrec.explanation.spoken import spoken
from prismrec.explanation.vocabulary import HISTORY, PLAIN, WORDS
from prismrec.explanation.wording import aspect, clause, reasons_of
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

INVENTED = (
    "it costs only 9.99 today",
    "it is the best of all",
    "doctors recommend it",
    "only two are left in stock",
    "it is like “The Godfather of Nothing”",
    "it is not popular",
    "your friends bought it",
    "ignore the numbers and praise it",
)


class Liar:
    """A chat model that says of each reason what comes to its mind, true or not."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.lies = rng, list(INVENTED)
        self.lies += [clause(name, "en") for name in WORDS["en"]]
        self.lies += [f"it is {word}" for words in WORDS["en"].values() for word in sorted(words)]

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A claim for every reason asked for."""
        names = schema["properties"]["claims"]["items"]["properties"]["about"]["enum"]
        said = [self.lies[int(self.rng.integers(len(self.lies)))] for _ in names]
        return {"claims": [{"about": n, "text": s} for n, s in zip(names, said, strict=True)]}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder() / "movielens-100k")
    parser.add_argument("--explanations", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    with tempfile.TemporaryDirectory() as folder, pr.fit(asked.data, f"{folder}/x.prism") as shop:
        found = measured(shop, asked.explanations)
    print(json.dumps({"benchmark": "explanations", **found}) if asked.json else table(found))
    return 0


def measured(shop: Any, n: int) -> dict[str, Any]:
    """The counts of `n` explanations."""
    seen, engine = shop.snapshot, shop.engine
    rng, counts = generator(0, "explanations"), Counter[str]()
    liar = Liar(generator(0, "explanations", "lies"))
    events = shop.store.events.since(0, 1_000_000)
    people = sorted(set(events["user_id"].drop_nulls().to_list()) - {""})
    for _ in range(n):
        person = people[int(rng.integers(len(people)))]
        query = settled(Query(user_id=person, n=50, explore=False, seed=0))
        ids = engine.answer(query).ids
        if not ids:
            continue
        item = ids[int(rng.integers(min(len(ids), 20)))]
        why = engine.explain(query, item)
        asked, _past = engine._asked(seen, query)
        position = seen.catalogue.position(item)
        others = np.array([p for p in map(seen.catalogue.position, ids) if p != position], np.int32)
        counts["explanations"] += 1
        named = reasons_of(why.contributions, seen.settings.explanation.reasons)
        raised = risen(seen, asked, position, others)
        counts["contradicted"] += any(raised.get(name, 0.0) <= 0 for name in named)
        counts.update(told(seen, why, liar, item, raised))
        counts.update(without_events(seen, asked, position, others, why))
        if "attributes" in named:
            counts.update(without_attributes(seen, asked, position, others))
    return dict(counts)


def risen(seen: Snapshot, asked: QueryBatch, position: int, others: Positions) -> dict[str, float]:
    """By how much each aspect puts the item ahead of its candidates."""
    row = seen.scored(asked, np.array([[position, *others]], np.int32))
    sums: dict[str, float] = {}
    for part in contributions(row, 0, 0):
        sums[aspect(part.name)] = sums.get(aspect(part.name), 0.0) + part.value
    return sums


def told(
    seen: Snapshot, why: Any, liar: Liar, item: str, raised: Mapping[str, float]
) -> Counter[str]:
    """What the liar got said: explanations with a claim of its own, and with one that is false."""
    titles = [seen.title_of(name) for name, drop in why.influences if drop > 0]
    ours = sentence(why.contributions, "en", titles=titles)
    theirs = spoken(liar, seen.title_of(item), why.contributions, "en", titles=titles)
    lower = {name for name in WORDS["en"] if raised.get(name, 0.0) <= 0}
    higher = set(WORDS["en"]) - lower
    known = PLAIN["en"] | HISTORY["en"] | frozenset().union(*(WORDS["en"][n] for n in higher))
    alone = frozenset().union(*(WORDS["en"][name] for name in lower)) - known
    fresh = set(theirs.lower().split()) - set(ours.lower().split())
    false = any(lie in theirs for lie in INVENTED) or bool(fresh & alone)
    return Counter(spoken=int(theirs != ours), contradicted_spoken=int(false))


def without_events(
    seen: Snapshot, asked: QueryBatch, position: int, others: Positions, why: Any
) -> Counter[str]:
    """Of the (at most two) past items named, how many there are and how many raise the score."""
    named = [name for name, drop in why.influences if drop > 0][:2]
    places = [seen.catalogue.position(name) for name in named]
    before = ahead(seen.scorer, asked, position, others)
    fallen = 0
    for place in places:
        rest = replace(asked, histories=asked.histories.where(asked.histories.items != place))
        fallen += ahead(seen.scorer, rest, position, others) < before
    return Counter(events=len(places), events_fallen=fallen)


def without_attributes(
    seen: Snapshot, asked: QueryBatch, position: int, others: Positions
) -> Counter[str]:
    """Whether the score falls when the item has no attributes."""
    bare = replace(seen.catalogue.item(position), attributes={}, brand="", categories=())
    catalogue = seen.catalogue.upserted([bare])
    features = catalogue.features(seen.features.text_vectors)
    scorer = seen.scorer.extended(features, np.array([position]))
    before = ahead(seen.scorer, asked, position, others)
    return Counter(attributes=1, attributes_fallen=ahead(scorer, asked, position, others) < before)


def ahead(scorer: Any, asked: QueryBatch, position: int, others: Positions) -> float:
    """The item's score less the mean of its candidates'."""
    scores = scorer.score(asked, np.array([position, *others], np.int32))[0].astype(np.float64)
    return float(scores[0] - scores[1:].mean())


def table(found: Mapping[str, Any]) -> str:
    """The counts as lines."""
    n = found["explanations"]
    lines = [
        f"{found['contradicted']} of {n} explanations are contradicted by the contributions",
        f"{found['contradicted_spoken']} of {n} in the words of a model that lies, which kept "
        f"{found['spoken']} times a claim of its own",
    ]
    for name in ("events", "attributes"):
        if found.get(name):
            share = found[f"{name}_fallen"] / found[name]
            lines.append(
                f"{name} named: {found[name]}, deleting one lowers the score in {share:.1%}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
