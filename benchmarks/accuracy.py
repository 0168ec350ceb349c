"""Accuracy of every model of ours and of every peer, on public data sets.

    prismrec bench accuracy [DATA] [--sets beauty,...] [--models default,...] [--peers all|none|...]
                            [--seeds N] [--minutes M] [--page FILE] [--only-page] [--json]

DATA is a folder with one folder for each set. `SETS` says how each is divided and filtered; every
item of the catalogue is ranked for every test case. Weights and training length are chosen on
validation cases; the test is asked once. Intervals are of 95%, resampling users. Everything runs on
one thread, and seconds are those of the processor, so that other work on the machine does not
count. The values of every case are kept under --folder: what is there already and was made by the
same code is not computed again, and an interrupted run goes on where it was.

Peers are other people's libraries in an environment of their own, made at the first use. Each has
--minutes on the clock for one training; what was not finished then is marked.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy_page import summary, text_table, write_page
from benchmarks.kept import Kept, Result, cases_hash, code_hash
from benchmarks.peers.environment import environment
from benchmarks.peers.exchange import VERSION, Order, ask, validation_of
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Learner, PrismError, generator
from prismrec.core import metrics as m
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.groups import headline
from prismrec.evaluation.ranks import Ranked, rank_all
from prismrec.evaluation.resources import peak_rss_mib, reset_peak
from prismrec.evaluation.run import Examination
from prismrec.models.default import NAMES, learner_by_name
from prismrec.threads import one_thread_each

SETS = {
    "beauty": ("leave-one-out", "no"),
    "games": ("leave-one-out", "no"),
    "movielens-100k": ("temporal", "no"),
    "movietweetings": ("temporal", "no"),
    "online-retail": ("temporal", "yes"),
}
"""How each set is split, and whether items may come again."""
MODELS = ("default", *(name for name in NAMES if name != "default"))
PEERS = ("rectools-sasrec", "rectools-esasrec", "rectools-bert4rec", "implicit-als")
COUNTING = ("popularity", "repeats", "text_knn", "item_knn", "transitions", "user_knn", "ease")
"""Models without any randomness: one seed is as good as three."""
CURVES = ("prism", "sasrec", "hstu")
"""Models that validate as they train."""
METRICS = {
    "recall@10": lambda ranks: m.recall(ranks, 10),
    "ndcg@10": lambda ranks: m.ndcg(ranks, 10),
    "recall@20": lambda ranks: m.recall(ranks, 20),
    "mrr@10": lambda ranks: m.reciprocal_rank(ranks, 10),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Compute what is missing, then print a table and, with `--page`, write it with plots."""
    asked = _parser().parse_args(argv)
    kept = Kept(asked.folder / "results")
    one_thread_each()
    names = asked.sets.split(",")
    for name in [] if asked.only_page else names:
        run_set(Bench(asked.data, name, asked.folder, *SETS[name]), asked, kept)
    found = summary(kept, names)
    if asked.page:
        write_page(found, asked.page)
    print(json.dumps(found.to_json()) if asked.json else text_table(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SETS), help="comma-separated")
    parser.add_argument("--models", default=",".join(MODELS), help="ours, or none")
    parser.add_argument("--peers", default="all", help="all, none, or names")
    parser.add_argument("--seeds", type=int, default=1, help="how many, 1 to 3")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="for one training of a peer (0: all it needs)"
    )
    parser.add_argument("--folder", type=Path, default=Path("runs/accuracy"))
    parser.add_argument("--page", type=Path, help="write the page and its plots here")
    parser.add_argument("--only-page", action="store_true", help="compute nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


@dataclass(frozen=True)
class Bench:
    """One set, read and split when first asked for, in each process anew."""

    data: Path
    name: str
    folder: Path
    split: str
    repeats: str

    @cached_property
    def exam(self) -> Examination:
        plan = Plan(split=self.split, repeats=self.repeats, cache=self.folder / "texts")
        return prepare(self.data / self.name, plan, Settings()).exam

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @cached_property
    def cases(self) -> str:
        return cases_hash(self.exam.test)

    def result(self, model: str, seed: int, version: str, ranked: Ranked, told: dict) -> Result:
        """The values of the headline cases."""
        rows = np.flatnonzero(headline(self.exam.test))
        ranks = ranked.ranks.take(rows)
        columns = {name: of(ranks) for name, of in METRICS.items()}
        clusters = self.exam.test.clusters[rows]
        told = told | {"split": self.exam.split, "repeats": self.exam.rule.repeats}
        return Result(self.name, model, seed, self.cases, version, columns, clusters, told)


def run_set(bench: Bench, asked: argparse.Namespace, kept: Kept) -> None:
    """Fit and test whatever of one set is not kept yet; a model that fails is told and left out."""
    version = code_hash(Settings())
    jobs: list[tuple[str, int, bool]] = []
    for model in () if asked.models == "none" else asked.models.split(","):
        seeds = 1 if model in COUNTING else asked.seeds
        jobs += [(model, seed, False) for seed in range(seeds)]
    peers = {"all": PEERS, "none": ()}.get(asked.peers, asked.peers.split(","))
    jobs += [(peer, seed, True) for peer in peers for seed in range(asked.seeds)]
    for model, seed, is_peer in jobs:
        before = kept.find(bench.name, model, seed)
        if is_peer:
            order = Order(model, seed, asked.minutes)
            wanted, job = VERSION, partial(peer, bench, order)
        else:
            wanted, job = version, partial(own, bench, model, seed, version)
        if before is None or before.cases != bench.cases or not stands(before, wanted, asked):
            print(f"{bench.name}: {model}, seed {seed}", file=sys.stderr, flush=True)
            apart(job, kept)


def stands(before: Result, version: str, asked: argparse.Namespace) -> bool:
    """Whether a result was made by the same code, and could not be better for more minutes."""
    longer = asked.minutes == 0 or asked.minutes > before.told.get("minutes", asked.minutes)
    return before.version == version and (before.told["converged"] or not longer)


def apart(job: Callable[[], Result], kept: Kept) -> None:
    """Do the job in a fresh process, so that the memory of one model is not counted for the next.
    One that fails is told and left out."""
    # A forked one can hang: it has its parent's locks, but not the threads that would release them.
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(job, kept))
    process.start()
    process.join()
    if process.exitcode:
        print(f"left out: ended with {process.exitcode}", file=sys.stderr, flush=True)


def _work(job: Callable[[], Result], kept: Kept) -> None:
    one_thread_each()
    try:
        kept.put(job())
    except PrismError as error:
        print(f"left out: {error}", file=sys.stderr, flush=True)


def own(bench: Bench, model: str, seed: int, version: str) -> Result:
    """One of our models, as `prismrec evaluate` fits it."""
    exam = bench.exam
    learner = learner_by_name(model, Settings().models, repeats=exam.rule.repeats)
    reset_peak()
    curve: list[tuple[float, float]] = []
    start = time.process_time()
    validation = exam.validation
    if model in CURVES:
        validation = validation_of(exam)
        learner = _watched(learner, curve, start)
    scorer = learner.fit(exam.train, generator(seed, "fit", model), validation=validation)
    fitted = time.process_time()
    ranked = rank_all(scorer, exam.test, k=20, rule=exam.rule, batch=512)
    told = {
        "fit_seconds": fitted - start,
        "rank_seconds": time.process_time() - fitted,
        "peak_mib": peak_rss_mib(),
        "curve": curve,
        "converged": True,
    }
    return bench.result(model, seed, version, ranked, told)


def _watched(learner: Any, curve: list[tuple[float, float]], start: float) -> Learner:
    """The learner, noting seconds and figure after each round, its validation included."""

    def note(done: Any) -> None:
        curve.append((time.process_time() - start, done.figure))

    watched: Learner = dataclasses.replace(learner, report=note)
    return watched


def peer(bench: Bench, order: Order) -> Result:
    """One peer, in its own environment."""
    python = environment(bench.folder / "environment")
    place = bench.folder / "peers" / f"{bench.name}.{order.peer}.{order.seed}"
    ranked, told = ask(order, bench.exam, place, python)
    return bench.result(
        order.peer, order.seed, VERSION, ranked, told | {"minutes": order.minutes, "peer": True}
    )


if __name__ == "__main__":
    sys.exit(main())
