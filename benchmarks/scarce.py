"""What is it worth to learn before people's events are learned from, and how few events need it?

    python -m benchmarks.scarce [--data beauty] [--objectives random,whitened,text_walk]
        [--shares 0.05,0.2,1] [--seeds 0] [--rounds 4] [--source games] [--on validation]
        [--folder runs/scarce]

The transformer alone learns from a share of the users' events and the text of every item; it is
asked for the next item of all users, on validation cases or, once at the end, on test cases.
An objective is one of `prismrec.models.sequence.objectives`, or several joined by `+`; `random`
starts the text view at random, `whitened` from the principal directions of the catalogue's texts,
learned from no event, as do all others. `transfer` takes its text and sequence layers from a model
of all events of `--source`. What was measured by the same code is kept in the folder and not
measured again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.kept import Kept, Result, cases_hash, code_hash
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, Interactions, generator
from prismrec.core.arrays import Floats
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.significance import paired
from prismrec.models.sequence.pretraining import Pretraining
from prismrec.models.sequence.prism import Prism
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import every_core

__all__ = ["main"]

CASES = 3000
SOURCE = ModelSettings(work=1.0)
"""Of the model that is taken over, which need not be trained to the end."""
PLAIN = "whitened"


@dataclass(frozen=True)
class Bench:
    """A set, where its results are kept, and whether `validation` or `test` cases are asked."""

    data: str
    folder: Path
    asks: str
    rounds: int
    source: str

    def exam(self, name: str) -> tuple[Interactions, Cases, Cases, bool]:
        """Training data of the set `name`, cases to choose by, cases that are asked."""
        return examined(name, self.folder, self.asks)

    def learner(self, objectives: str) -> Prism:
        """The transformer with this start."""
        if objectives in ("random", PLAIN):
            return Prism(whitened=objectives == PLAIN)
        if objectives == "transfer":
            train, cases, _, _ = self.exam(self.source)
            taught = Prism(SOURCE).fit(train, generator(0, "source"), validation=cases)
            return Prism(pretraining=Pretraining(source=taught.model))
        return Prism(pretraining=Pretraining(tuple(objectives.split("+")), self.rounds))


def main(argv: Sequence[str] | None = None) -> int:
    """One line for each share, seed and objective; the first objective is what others beat."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="beauty", help=f"a set in {data_folder().name}")
    parser.add_argument("--objectives", default="random,whitened,text_walk")
    parser.add_argument("--shares", default="0.05,0.2,1")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rounds", type=int, default=4, help="of pretraining")
    parser.add_argument("--source", default="games")
    parser.add_argument("--on", choices=("validation", "test"), default="validation")
    parser.add_argument("--folder", type=Path, default=Path("runs/scarce"))
    asked = parser.parse_args(argv)
    bench = Bench(asked.data, asked.folder, asked.on, asked.rounds, asked.source)
    names = asked.objectives.split(",")
    with every_core():
        for share in map(float, asked.shares.split(",")):
            for name in names:
                report(bench, share, name, names[0], [int(seed) for seed in asked.seeds.split(",")])
    return 0


def report(bench: Bench, share: float, name: str, than: str, seeds: list[int]) -> None:
    """The mean over the seeds, and how much it is above that of `than`, by person."""
    values = np.mean([measured(bench, share, name, seed) for seed in seeds], axis=0)
    before = np.mean([measured(bench, share, than, seed) for seed in seeds], axis=0)
    _, _, cases, _ = bench.exam(bench.data)
    gap = paired(values, before, cases.clusters, generator(0, "paired"))
    print(
        f"{bench.data}, {share:4.0%} of the users, {len(seeds)} seeds, {name:18}: nDCG@10 "
        f"{values.mean():.4f}, {gap.mean / before.mean():+.1%} on {than} "
        f"({gap.low:+.4f} to {gap.high:+.4f})",
        flush=True,
    )


def measured(bench: Bench, share: float, name: str, seed: int) -> Floats:
    """nDCG@10 of every case, from the folder or measured now."""
    kept = Kept(bench.folder / "results")
    train, chosen_by, cases, repeats = bench.exam(bench.data)
    version = code_hash((bench.rounds, bench.source))
    model = f"{name}-{share:g}-{bench.asks}"
    before = kept.find(bench.data, model, seed)
    if before and (before.version, before.cases) == (version, cases_hash(cases)):
        return before.columns["ndcg@10"]
    users = generator(seed, "users").permutation(train.n_users)[: round(share * train.n_users)]
    few = np.isin(np.arange(train.n_users), users)
    events = train.sequences.where(few[train.sequences.rows])
    rng = generator(seed, "fit")
    scorer = bench.learner(name).fit(replace(train, sequences=events), rng, validation=chosen_by)
    values = ndcg_of(scorer, cases, repeats)
    told = {"events": len(events.items), "rounds": bench.rounds}
    columns = {"ndcg@10": values}
    kept.put(
        Result(bench.data, model, seed, cases_hash(cases), version, columns, cases.clusters, told)
    )
    return values


@cache
def examined(name: str, folder: Path, asks: str) -> tuple[Interactions, Cases, Cases, bool]:
    split, repeats = SETS[name]
    plan = Plan(split=split, repeats=repeats, cache=folder / "texts")
    exam = prepare(data_folder() / name, plan, Settings()).exam
    assert exam.validation is not None
    chosen_by = sampled(exam.validation, CASES, generator(0, "cases"))
    return exam.train, chosen_by, exam.test if asks == "test" else chosen_by, repeats == "yes"


if __name__ == "__main__":
    sys.exit(main())
