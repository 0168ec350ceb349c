"""Do the views of the multi-view transformer keep what they promise?

    python -m benchmarks.views missing [--data beauty] [--seed 0]
    python -m benchmarks.views noise [--data movielens-100k]
    python -m benchmarks.views behaviours [--users 3000]

`missing`: with a view taken away at serving time, how does a model trained with all views compare
with one that was trained without it? `noise`: how much does the gate weigh attributes that are
drawn at random? Both on validation cases of a data set. `behaviours`: on the simulated marketplace,
how much better are purchases predicted where views and carts are read beside purchases? A case asks
for the last purchase of a person from what came before that visit (half an hour), so that nothing
of the visit itself gives it away.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Bags, Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.core.metrics import ndcg
from prismrec.data import Dataset, interactions
from prismrec.data.splits import leave_one_out
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.significance import paired
from prismrec.evaluation.simulator import SimulatorSettings, simulate
from prismrec.models.default import learner_by_name
from prismrec.models.sequence.prism import Prism
from prismrec.models.sequence.scorer import PrismScorer
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import every_core

CASES = 3000
VISIT = 30 * 60_000
"""Milliseconds before a purchase that belong to the same visit."""
NOISE_TOKENS = 200
NOISE_EACH = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the three and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("missing", "noise", "behaviours"))
    parser.add_argument("--data", default="movielens-100k")
    parser.add_argument("--users", type=int, default=3000, help="of the simulated marketplace")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    with every_core():
        if asked.what == "behaviours":
            behaviours(asked.users, asked.seed)
        else:
            (missing if asked.what == "missing" else noise)(asked.data, asked.seed)
    return 0


def missing(name: str, seed: int) -> None:
    """Each view of the items taken away at serving, against never having had it."""
    train, cases, repeats = learned_from(name, seed)
    whole = fitted(train, cases, seed)
    print(f"{name}: nDCG@10 on {len(cases)} validation cases, all views", end=" ")
    print(f"{ndcg_of(whole, cases, repeats).mean():.4f}")
    for view in ("text", "attributes"):
        if view not in whole.part_names:
            continue
        bare = without(train.features, view)
        lacking = PrismScorer(whole.model, whole.known, bare)
        never = fitted(replace(train, features=bare), cases, seed)
        taken, had = (float(ndcg_of(s, cases, repeats).mean()) for s in (lacking, never))
        print(
            f"without {view}: taken away {taken:.4f}, never had {had:.4f}, ratio {taken / had:.3f}"
        )


def noise(name: str, seed: int) -> None:
    """What the gate weighs a view that says nothing."""
    train, cases, _ = learned_from(name, seed)
    rng = generator(seed, "noise")
    n = train.n_items
    bags = [rng.choice(NOISE_TOKENS, NOISE_EACH, replace=False).tolist() for _ in range(n)]
    names = [f"noise={i}" for i in range(NOISE_TOKENS)]
    features = replace(train.features, attributes=Bags.of(bags, names))
    scorer = fitted(replace(train, features=features), cases, seed)
    weights = scorer.gate_weights(cases.queries).mean(0)
    print(f"{name}: mean gate of each view, the attributes drawn at random")
    for view, weight in zip(scorer.model.event_views, weights, strict=True):
        print(f"  {view:10} {weight:.3f}")


def learned_from(name: str, seed: int) -> tuple[Interactions, Cases, bool]:
    """Training data and validation cases of a data set."""
    split, repeats = SETS[name]
    ready = prepare(data_folder() / name, Plan(split=split, repeats=repeats), Settings())
    assert ready.exam.validation is not None
    cases = sampled(ready.exam.validation, CASES, generator(seed, "cases"))
    return ready.exam.train, cases, repeats == "yes"


def fitted(train: Interactions, cases: Cases, seed: int) -> PrismScorer:
    """The transformer alone, at the default settings."""
    return Prism().fit(train, generator(seed, "fit"), validation=cases)


def without(features: ItemFeatures, view: str) -> ItemFeatures:
    """The catalogue as if `view` were unknown of every item."""
    if view == "text" and features.text_vectors is not None:
        return replace(features, text_vectors=np.zeros_like(features.text_vectors))
    names = features.attributes.names
    return replace(features, attributes=Bags.of([[]] * len(features), names))


def behaviours(users: int, seed: int) -> None:
    """Purchases predicted from purchases, and from all that people did."""
    made = simulate(SimulatorSettings(users=users, events=27 * users), seed)
    dataset = Dataset.of(made.items, made.events, made.users)
    ready = prepare(dataset, Plan(), Settings())
    whole = interactions(dataset, ready.exam.train.features)
    bought = whole.event_types.index("purchase")
    only = replace(whole, sequences=weighed(whole.sequences, {bought}))
    split = leave_one_out(only)  # purchases are its targets; the histories hold all events
    kinds = set(range(len(whole.event_types)))
    rule = HistoryFilter(consumed=frozenset({bought}))
    values = []
    for read in ({bought}, kinds):
        train = replace(split.train, sequences=kept(split.train.sequences, read))
        validation, test = (before_the_visit(c, read) for c in (split.validation, split.test))
        learner = learner_by_name("default", repeats=False)
        scorer = learner.fit(train, generator(seed, "fit"), validation=validation)
        ranks = rank_all(scorer, test, k=10, rule=rule, batch=256).ranks
        values.append(ndcg(ranks, 10))
        names = ", ".join(whole.event_types[kind] for kind in sorted(read))
        print(f"read {names}: nDCG@10 {values[-1].mean():.4f} over {len(test)} purchases")
    found = paired(values[1], values[0], split.test.clusters, generator(seed, "paired"))
    lift = found.mean / values[0].mean()
    print(f"lift {lift:+.1%}: {found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})")


def weighed(sequences: Sequences, kinds: set[int]) -> Sequences:
    """Only events of `kinds` count as something that was wanted."""
    wanted = np.isin(sequences.kinds, sorted(kinds))
    return replace(sequences, weights=wanted.astype(np.float32))


def kept(sequences: Sequences, kinds: set[int]) -> Sequences:
    """Only the events of `kinds`, each of the same weight."""
    return weighed(sequences.where(np.isin(sequences.kinds, sorted(kinds))), kinds)


def before_the_visit(cases: Cases, kinds: set[int]) -> Cases:
    """The cases with histories that end before the visit of the purchase, of `kinds` alone."""
    queries: QueryBatch = cases.queries
    events = queries.histories
    early = events.times < queries.at[events.rows] - VISIT
    return replace(cases, queries=replace(queries, histories=kept(events.where(early), kinds)))


if __name__ == "__main__":
    sys.exit(main())
