"""Learning to rank searches from clicks: with the bias of places, without it, and from the truth.

    prismrec bench click_learning [--seeds 1,2,3] [--sessions 100000] [--json]

A catalogue of the simulator (synthetic, 3,000 products) is asked 600 different searches. The true
gain of a product is 1 where its category is the one meant and up to 1 more for the style and brand
asked for; its chance to be liked is 0.05 + 0.45 * gain. Sessions ask one of 400 of these texts, few
of them often (Zipf). They see the ten products that the fixed rule ranks best, drawn by a
Plackett-Luce policy that now and then swaps neighbours, look at place k with the chance 1 / k, and
click what they look at and like; nothing says what they looked at.

The ranker of `fit --judgments` (LambdaMART from the fixed rule) then learns from the 400 texts:

- `naive`: from the rate of clicks
- `corrected`: from the rate of clicks by looks, the chances of a look estimated from the same log
- `known`: the same with the true chances of a look
- `truth`: from the true gains of what was shown
- `judged`: from the true gains of all candidates

and is measured by nDCG@10 on the 200 others against the true gains of the whole catalogue.
`recovered` is the gain over the fixed rule as a share of that of `truth`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prismrec.assembly import assemble
from prismrec.config import Settings
from prismrec.core import Candidates, Judgments, QueryBatch, generator
from prismrec.core.arrays import Floats
from prismrec.data import Dataset
from prismrec.evaluation.simulator import Marketplace, SimulatorSettings, simulate
from prismrec.evaluation.simulator.searches import search_for
from prismrec.evaluation.simulator.words import CATEGORIES, words
from prismrec.exploration import policy_from
from prismrec.exploration.settings import ExplorationSettings
from prismrec.learning.clicked_search import Pages, examination, judged_by_clicks
from prismrec.learning.judged_search import asked_for, examples_of
from prismrec.learning.training import gather, train
from prismrec.ranking import diversity_from
from prismrec.ranking.lambdamart import fit_lambdamart
from prismrec.ranking.search import SearchRanker
from prismrec.searchers import search_evidence, search_facts
from prismrec.snapshot import Snapshot
from prismrec.threads import one_thread_each

TEXTS, TAUGHT = 600, 400
PAGE = 10
TEMPERATURE = 0.05


@dataclass(frozen=True)
class World:
    """A catalogue as it is served, its searches, and the gains (texts, items) that are true."""

    snapshot: Snapshot
    texts: tuple[str, ...]
    gains: Floats

    def judgments(self, rows: np.ndarray) -> Judgments:
        """All items of positive gain for the texts at `rows`."""
        found = [np.flatnonzero(self.gains[row]) for row in rows]
        return Judgments(
            tuple(self.texts[row] for row in rows),
            np.cumsum([0, *map(len, found)]).astype(np.int64),
            np.concatenate(found).astype(np.int32),
            np.concatenate([self.gains[r][i] for r, i in zip(rows, found, strict=True)]).astype(
                np.float32
            ),
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    runs = [measured(world(seed), asked.sessions, seed) for seed in seeds]
    rows = {name: np.mean([run[name] for run in runs], axis=0) for name in runs[0]}
    gain = rows["truth"][0] - rows["fixed rule"][0]
    told = [
        {
            "learned from": name,
            "ndcg@10": round(float(value), 4),
            "recovered": round(float((value - rows["fixed rule"][0]) / gain), 3),
            "by seed": [round(float(run[name][0]), 4) for run in runs],
        }
        for name, (value,) in rows.items()
    ]
    if asked.json:
        print(json.dumps({"benchmark": "click_learning", "seeds": seeds, "rows": told}))
    else:
        for row in told:
            print("  ".join(f"{name} {value}" for name, value in row.items()))
    return 0


def world(seed: int) -> World:
    """The catalogue and the searches of one seed."""
    made = simulate(SimulatorSettings(items=3_000, users=2), seed)
    settings = Settings()
    material = gather(Dataset.of(made.items, ()), settings)
    snapshot = assemble(train(material, settings, seed), material.catalogue, settings)
    asked = _asked(made, seed)
    return World(snapshot, tuple(asked), np.stack(list(asked.values())))


def _asked(made: Marketplace, seed: int) -> dict[str, Floats]:
    truth, said, rng = made.truth.products, words("en"), generator(seed, "clicks", "texts")
    asked: dict[str, Floats] = {}
    while len(asked) < TEXTS:
        category = int(rng.integers(len(CATEGORIES)))
        search = search_for(category, rng.random(len(said.styles)), said, rng)
        style = 0.5 if search.style < 0 else 0.5 * truth.styles[:, search.style]
        brand = 0.5 if search.brand < 0 else 0.5 * (truth.brand == search.brand)
        asked[search.text] = (truth.category == category) * (1.0 + style + brand)
    return asked


def measured(made: World, sessions: int, seed: int) -> dict[str, tuple[float]]:
    """nDCG@10 on the texts that nobody clicked in, by what was learned from."""
    snapshot = made.snapshot
    ranker = SearchRanker(search_evidence(snapshot, search_facts(snapshot, ())))
    taught, held = np.arange(TAUGHT), np.arange(TAUGHT, TEXTS)
    pages, looks = clicks(made, ranker, sessions, seed)
    test = examples_of(snapshot, ranker, made.judgments(held))
    shown = judged_by_clicks(pages)
    rows = np.array([made.texts.index(text) for text in shown.texts])
    owner = np.repeat(rows, np.diff(shown.indptr))
    true = replace(shown, grades=made.gains[owner, shown.items].astype(np.float32))
    ways = {
        "naive": shown,
        "corrected": judged_by_clicks(pages, examination(pages)),
        "known": judged_by_clicks(pages, looks),
        "truth": true,
        "judged": made.judgments(taught),
    }
    out = {"fixed rule": (float(test.ndcg(test.base).mean()),)}
    for name, judgments in ways.items():
        most = 100 if name == "judged" else 0
        examples = examples_of(snapshot, ranker, judgments, unjudged=most)
        trees = fit_lambdamart(examples, seed)
        value = test.ndcg(test.base + trees.correction(test.columns)).mean()
        out[name] = (float(value),)
    return out


def clicks(made: World, ranker: SearchRanker, sessions: int, seed: int) -> tuple[Pages, Floats]:
    """The log of the sessions, and the true chances of a look."""
    rng, snapshot = generator(seed, "clicks", "sessions"), made.snapshot
    often = 1.0 / (1.0 + rng.permutation(TAUGHT))
    queries = rng.choice(TAUGHT, sessions, p=often / often.sum())
    explores = ExplorationSettings(policy="plackett-luce", temperature=TEMPERATURE)
    policy = policy_from(
        explores, diversity_from(snapshot.settings.ranking, snapshot.features), None
    )
    asked = asked_for(snapshot, made.texts[:TAUGHT])
    best = ranker.rank(asked, snapshot.found_by_text(asked, snapshot.alive)).best(50)
    looks: Floats = 1.0 / np.arange(1.0, PAGE + 1)
    items = np.zeros((sessions, PAGE), np.int32)
    for start in range(0, sessions, 500):
        rows = queries[start : start + 500]
        some = Candidates(best.positions[rows], best.scores[rows])
        choice = policy.choose(QueryBatch.of([[]] * len(rows)), some, PAGE, rng)
        items[start : start + 500] = np.take_along_axis(some.positions, choice.columns, axis=1)
    liked = 0.05 + 0.45 * made.gains[queries[:, None], items]
    hit = rng.random(items.shape) < looks * liked
    texts, own = np.unique(queries, return_inverse=True)
    return Pages(
        tuple(made.texts[text] for text in texts),
        np.repeat(own, PAGE),
        items.ravel(),
        np.tile(np.arange(PAGE), sessions),
        hit.ravel(),
    ), looks


if __name__ == "__main__":
    sys.exit(main())
