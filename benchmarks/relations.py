"""What are relations between items worth to a shop that has few people?

    python -m benchmarks.relations [--sets beauty,movielens-100k] [--share 0.2] [--seed 0]

No set at hand has relations of its own, so they are made of other people: all but a share of the
users are taken for customers of another shop, whose "also bought" (for each item the twenty that
most of them also took, at least two) is all that is kept of them. The others are learned from by
counting experts, mixed with and without `related`. Weights are fitted on one half of the people,
nDCG@10 of validation cases is taken on the other; intervals are of 95% and resample people.
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
from prismrec.core import Cases, Interactions, Links, Scorer, Sequences, generator
from prismrec.core.arrays import Floats
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.significance import paired
from prismrec.models.default import learner_by_name
from prismrec.models.mixture.fit import fit_mixture
from prismrec.models.scoring.sparse_matrices import largest_in_rows, user_item_matrix
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import every_core

EXPERTS = ("popularity", "text_knn", "item_knn", "transitions", "related")
CASES = 3000
NEAREST = 20
FEWEST = 2


def main(argv: Sequence[str] | None = None) -> int:
    """For each set the experts alone, and the mixture without and with relations."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", default="beauty,movielens-100k")
    parser.add_argument("--share", type=float, default=0.2, help="of the users that are learned")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    with every_core():
        for name in asked.sets.split(","):
            report(name, asked.share, asked.seed)
    return 0


def report(name: str, share: float, seed: int) -> None:
    """Print the figures of one set."""
    train, cases, repeats = shop(name, share, seed)
    assert train.item_links is not None
    print(f"{name}: {share:.0%} of the users, {len(cases)} validation cases, nDCG@10;", end=" ")
    print(f"{len(train.item_links)} links")
    experts: dict[str, Scorer] = {}
    for expert in EXPERTS:
        learner = learner_by_name(expert, repeats=repeats)
        experts[expert] = learner.fit(train, generator(seed, "fit", expert), validation=cases)
        print(f"  {expert:12} {ndcg_of(experts[expert], cases, repeats).mean():.4f}", flush=True)
    fewer = {expert: scorer for expert, scorer in experts.items() if expert != "related"}
    without, given = (mixed(some, cases, repeats, seed) for some in (fewer, experts))
    gap = paired(given, without, cases.clusters, generator(seed, "paired"))
    print(f"  mixture without {without.mean():.4f}, with relations {given.mean():.4f}:", end=" ")
    print(f"{gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})", flush=True)


def shop(name: str, share: float, seed: int) -> tuple[Interactions, Cases, bool]:
    """Events and validation cases of a share of the users, with links from all others."""
    split, repeats = SETS[name]
    exam = prepare(data_folder() / name, Plan(split=split, repeats=repeats), Settings()).exam
    assert exam.validation is not None
    whole = exam.train
    users = generator(seed, "users").permutation(whole.n_users)[: round(share * whole.n_users)]
    ours = np.isin(np.arange(whole.n_users), users)
    events, here = whole.sequences, ours[whole.sequences.rows]
    links = also_bought(events.where(~here), whole.n_items)
    cases = exam.validation.take(np.flatnonzero(ours[exam.validation.clusters]))
    train = replace(whole, sequences=events.where(here), item_links=links)
    return train, sampled(cases, CASES, generator(seed, "cases")), repeats == "yes"


def also_bought(events: Sequences, n_items: int) -> Links:
    """For each item the others that most of its people took too."""
    taken = user_item_matrix(events, n_items)
    taken.data[:] = 1
    together = (taken.T @ taken).tocsr()
    rows = np.repeat(np.arange(n_items), np.diff(together.indptr))
    together.data[(rows == together.indices) | (together.data < FEWEST)] = 0
    best = largest_in_rows(together, NEAREST).tocoo()
    ends = (best.row.astype(np.int32), best.col.astype(np.int32))
    return Links(*ends, best.data.astype(np.float32))


def mixed(experts: dict[str, Scorer], cases: Cases, repeats: bool, seed: int) -> Floats:
    """nDCG@10 of each case under the mixture whose weights the other half of the people chose."""
    out = np.zeros(len(cases))
    odd = cases.clusters % 2 == 1
    for half in (odd, ~odd):
        others = cases.take(np.flatnonzero(~half))
        fitted = fit_mixture(experts, others, repeats, generator(seed, "mix"))
        out[half] = ndcg_of(fitted, cases.take(np.flatnonzero(half)), repeats)
    return out


if __name__ == "__main__":
    sys.exit(main())
