"""Do the views of the multi-view transformer keep what they promise?

    python -m benchmarks.views missing [--data beauty] [--seed 0]
    python -m benchmarks.views noise [--data movielens-100k]
    python -m benchmarks.views behaviours [--users 3000]
    python -m benchmarks.views ablation [--data movielens-100k] [--work 0.5] [--only text,profile]

The data may be `simulated`, where there are several behaviours.
`missing`: with a view taken away at serving time, how does a model trained with all views compare
with one that was trained without it? `noise`: how much does the gate weigh attributes that are
drawn at random? Both on validation cases of a data set. `behaviours`: on the simulated marketplace,
how much better are purchases predicted where views and carts are read beside purchases? A case asks
for the last purchase of a person from what came before that visit (half an hour), so that nothing
of the visit itself gives it away. `ablation`: what is each view worth, and each variant of the
model (`benchmarks.view_variants`), at the same work; differences are paired, with 95% intervals.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from benchmarks.view_variants import NETWORKS, ByBehaviour, Varied, views_of, without_view
from prismrec.config import Settings
from prismrec.core import Bags, Cases, Interactions, QueryBatch, Sequences, generator
from prismrec.core.arrays import Floats
from prismrec.core.metrics import ndcg
from prismrec.data import Dataset, interactions
from prismrec.data.splits import Split, leave_one_out
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.significance import paired
from prismrec.evaluation.simulator import SimulatorSettings, simulate
from prismrec.models.default import learner_by_name
from prismrec.models.sequence.prism import Prism
from prismrec.models.sequence.scorer import PrismScorer
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import every_core

CASES = 3000
USERS = 3000
VISIT = 30 * 60_000
"""Milliseconds before a purchase that belong to the same visit."""
NOISE_TOKENS = 200
NOISE_EACH = 3
AS_IT_IS = "as it is"
VIEW_DROPOUTS = {f"view dropout {share}": share for share in (0.1, 0.25, 0.5)}
MAY_LACK = (AS_IT_IS, *VIEW_DROPOUTS)
"""Models that are also asked with one view of the items taken away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the four and print its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("missing", "noise", "behaviours", "ablation"))
    parser.add_argument("--data", default="movielens-100k")
    parser.add_argument("--users", type=int, default=USERS, help="of the simulated marketplace")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=float, default=0.0, help="million predictions a fit")
    parser.add_argument("--only", default="", help="some of the lines of the ablation")
    parser.add_argument("--view-dropout", type=float, default=ModelSettings.view_dropout)
    asked = parser.parse_args(argv)
    settings = ModelSettings(work=asked.work or ModelSettings.work, view_dropout=asked.view_dropout)
    with every_core():
        if asked.what == "behaviours":
            behaviours(asked.users, asked.seed)
        elif asked.what == "ablation":
            ablation(asked.data, asked.seed, settings, asked.only)
        else:
            (missing if asked.what == "missing" else noise)(asked.data, asked.seed, settings)
    return 0


def missing(name: str, seed: int, settings: ModelSettings) -> None:
    """Each view of the items taken away at serving, against never having had it."""
    train, cases, repeats = learned_from(name, seed)
    whole = fitted(train, cases, seed, settings)
    print(f"{name}: nDCG@10 on {len(cases)} validation cases, all views", end=" ")
    print(f"{ndcg_of(whole, cases, repeats).mean():.4f}")
    for view in whole.part_names[1:]:
        bare = without_view(train, view)
        lacking = PrismScorer(whole.model, whole.known, bare.features, whole.spelling)
        never = fitted(bare, cases, seed, replace(settings, view_dropout=0.0))
        taken, had = (float(ndcg_of(s, cases, repeats).mean()) for s in (lacking, never))
        print(
            f"without {view}: taken away {taken:.4f}, never had {had:.4f}, ratio {taken / had:.3f}"
        )


def ablation(name: str, seed: int, settings: ModelSettings, only: str) -> None:
    """Each view left out, and each variant, beside the model as it is; and what is lost where a
    view is taken away at serving."""
    train, cases, repeats = learned_from(name, seed)
    print(f"{name}, {settings.work:g} million predictions, {len(cases)} validation cases: nDCG@10")
    base = np.zeros(len(cases))
    for tag, (learner, data) in compared(train, settings).items():
        if tag != AS_IT_IS and not any(part in tag for part in only.split(",")):
            continue
        scorer = learner.fit(data, generator(seed, "fit"), validation=cases)
        found = ndcg_of(scorer, cases, repeats)
        base = found if tag == AS_IT_IS else base
        told(tag, found, base, cases, seed)
        for view in scorer.part_names[1:] if tag in MAY_LACK else ():
            bare = without_view(train, view).features
            lacking = PrismScorer(scorer.model, scorer.known, bare, scorer.spelling)
            told(f"  {view} taken away", ndcg_of(lacking, cases, repeats), base, cases, seed)


def compared(train: Interactions, settings: ModelSettings) -> dict[str, tuple[Prism, Interactions]]:
    """The lines of the ablation: who learns, from what."""
    lines = {AS_IT_IS: (Prism(settings), train)}
    for view in views_of(train):
        lines[f"without {view}"] = Prism(settings), without_view(train, view)
    for tag, made in NETWORKS.items():
        if made is not ByBehaviour or len(train.event_types) > 1:
            lines[tag] = Varied(settings, made=made), train
    for tag, share in VIEW_DROPOUTS.items():
        lines[tag] = Prism(replace(settings, view_dropout=share)), train
    return lines


def told(tag: str, found: Floats, base: Floats, cases: Cases, seed: int) -> None:
    """Print the mean of `found` (cases,) and how far it is from `base`."""
    apart = paired(found, base, cases.clusters, generator(seed, "paired"))
    difference = f"{apart.mean:+.4f} ({apart.low:+.4f} to {apart.high:+.4f})"
    print(f"  {tag:32} {found.mean():.4f} {difference if found is not base else ''}", flush=True)


def noise(name: str, seed: int, settings: ModelSettings) -> None:
    """What the gate weighs a view that says nothing."""
    train, cases, _ = learned_from(name, seed)
    rng = generator(seed, "noise")
    n = train.n_items
    bags = [rng.choice(NOISE_TOKENS, NOISE_EACH, replace=False).tolist() for _ in range(n)]
    names = [f"noise={i}" for i in range(NOISE_TOKENS)]
    features = replace(train.features, attributes=Bags.of(bags, names))
    scorer = fitted(replace(train, features=features), cases, seed, settings)
    weights = scorer.gate_weights(cases.queries).mean(0)
    print(f"{name}: mean gate of each view, the attributes drawn at random")
    for view, weight in zip(scorer.model.event_views, weights, strict=True):
        print(f"  {view:10} {weight:.3f}")


def learned_from(name: str, seed: int) -> tuple[Interactions, Cases, bool]:
    """Training data and validation cases of a data set."""
    if name == "simulated":
        whole, split, _ = marketplace(USERS, seed)
        every = set(range(len(whole.event_types)))
        train = replace(split.train, sequences=kept(split.train.sequences, every))
        return train, before_the_visit(split.validation, every), False
    split_by, repeats = SETS[name]
    ready = prepare(data_folder() / name, Plan(split=split_by, repeats=repeats), Settings())
    assert ready.exam.validation is not None
    cases = sampled(ready.exam.validation, CASES, generator(seed, "cases"))
    return ready.exam.train, cases, repeats == "yes"


def fitted(train: Interactions, cases: Cases, seed: int, settings: ModelSettings) -> PrismScorer:
    """The transformer alone."""
    return Prism(settings).fit(train, generator(seed, "fit"), validation=cases)


def marketplace(users: int, seed: int) -> tuple[Interactions, Split, int]:
    """The simulated events, split so that purchases are the targets, and the type of a purchase."""
    made = simulate(SimulatorSettings(users=users, events=27 * users), seed)
    dataset = Dataset.of(made.items, made.events, made.users)
    ready = prepare(dataset, Plan(), Settings())
    whole = interactions(dataset, ready.exam.train.features)
    bought = whole.event_types.index("purchase")
    only = replace(whole, sequences=weighed(whole.sequences, {bought}))
    return whole, leave_one_out(only), bought  # the histories hold all events


def behaviours(users: int, seed: int) -> None:
    """Purchases predicted from purchases, and from all that people did."""
    whole, split, bought = marketplace(users, seed)
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
