"""What each expert is worth alone, and what it adds to the default mixture, on validation cases.

    python -m benchmarks.experts [DATA] [--sets beauty,...] [--add neumf,...] [--keep DIR]
                                 [--language-model FOLDER] [--json]

The experts of the default model and those to add are fitted once for each set; their scores of at
most 4,000 validation cases are recorded (with `--keep` in a folder, where a later run finds them).
People are divided into two halves: a mixture's weights are fitted on one and its nDCG@10 taken on
the other, so that a further expert cannot gain by its mere presence. Seconds are processor time of
one thread. Intervals are of 95% and resample people; no test case is looked at. `language_model`
can be one that `benchmarks.language_model --out FOLDER` trained on the same events. Added as
`prism:view_dropout=0`, an expert of the default is put in its own place, trained with another
setting of `[models]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import SETS
from benchmarks.places import data_folder
from prismrec.config import Settings
from prismrec.core import Cases, QueryBatch, generator
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.evaluation.evaluate import Plan, Prepared, prepare
from prismrec.evaluation.significance import Totals, pooled, totals
from prismrec.models.default import experts_for, facts_of, learner_by_name
from prismrec.models.mixture.fit import mixture_from
from prismrec.models.mixture.pool import pool_of
from prismrec.models.scoring.certainty import certainties
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import ndcg_of, sampled
from prismrec.threads import one_thread_each

ADD = "ease,neumf,lightgcn"
CASES = 4000
CHUNK = 128
SHOWN = ("beauty", "movielens-100k", "movietweetings")


@dataclass(frozen=True)
class Recorded:
    """An expert's scores of some cases, found again by `queries.at`, which counts the cases."""

    scores: Scores
    sure: Floats
    log_ready: bool
    seconds: float
    kind: str = "recorded"
    part_names: tuple[str, ...] = ("score",)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        return np.asarray(self.scores[queries.at])

    def certainty(self, queries: QueryBatch) -> Floats:
        return self.sure[queries.at]


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each set and the pooled gains, or JSON with `--json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--sets", default=",".join(SHOWN))
    parser.add_argument("--add", default=ADD, help="experts to try, comma-separated")
    parser.add_argument("--language-model", default="", help="a folder, for that expert")
    parser.add_argument("--keep", type=Path, help="a folder for recorded scores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    added = tuple(asked.add.split(","))
    models = ModelSettings(language_model=asked.language_model)
    rows: list[dict[str, Any]] = []
    gains: dict[str, list[Totals]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        for name in asked.sets.split(","):
            for row, gain in compared(asked.data, name, added, folder, asked.seed, models):
                rows.append(row)
                if gain is not None:
                    gains.setdefault(row["expert"], []).append(gain)
                if not asked.json:
                    print(line(row), flush=True)
    for expert, parts in gains.items():
        found = pooled(parts, generator(asked.seed, "pooled", expert))
        row = {"data": "pooled", "expert": expert, "gain": found.mean}
        rows.append(row | {"interval": [found.low, found.high]})
        if not asked.json:
            print(line(rows[-1]), flush=True)
    if asked.json:
        print(json.dumps(rows))
    return 0


def compared(
    data: Path, name: str, added: tuple[str, ...], folder: Path, seed: int, models: ModelSettings
) -> Iterable[tuple[dict[str, Any], Totals | None]]:
    """A row for each expert alone, for the default mixture, and for each of `trials`, with the
    gains by person where there are such."""
    split, repeats = SETS[name]
    plan = Plan(split=split, models=("default",), repeats=repeats, seed=seed, cache=folder / "text")
    ready = prepare(data / name, plan, Settings())
    if ready.exam.validation is None:
        raise SystemExit(f"{name} has no validation cases")
    cases = sampled(ready.exam.validation, CASES, generator(seed, "experts", name))
    usual = experts_for(facts_of(ready.exam.train, repeats == "yes"))
    experts = {e: recorded(ready, e, cases, folder / name, seed, models) for e in (*usual, *added)}
    cases = replace(cases, queries=replace(cases.queries, at=np.arange(len(cases))))
    may_repeat = repeats == "yes"
    for expert, scorer in experts.items():
        alone = float(ndcg_of(scorer, cases, may_repeat).mean())  # type: ignore[arg-type]
        row = {"data": name, "expert": expert, "alone": alone, "seconds": scorer.seconds}
        yield row, None
    base = {e: experts[e] for e in usual}
    before = mixed(base, cases, may_repeat, seed)
    yield {"data": name, "expert": "default mixture", "mixture": float(before.mean())}, None
    for change, pool in trials(base, experts, added).items():
        after = mixed(pool, cases, may_repeat, seed)
        gain = totals(after - before, cases.clusters)
        found = pooled([gain], generator(seed, "gain", name, change))
        row = {"data": name, "expert": change, "mixture": float(after.mean())}
        yield row | {"gain": found.mean, "interval": [found.low, found.high]}, gain


def trials(
    base: Mapping[str, Recorded], every: Mapping[str, Recorded], added: Sequence[str]
) -> dict[str, Mapping[str, Recorded]]:
    """What to compare with the mixture of `base`, by name: with each of `added`, one with a setting
    of its own in the place of the usual one; with all others; and with EASE in place of EASE
    with text."""
    out: dict[str, Mapping[str, Recorded]] = {}
    plain = [e for e in added if ":" not in e]
    for e in added:
        usual = e.partition(":")[0]
        rest = {name: one for name, one in base.items() if name != usual}
        out[f"+ {e}" if e in plain else f"{usual} -> {e}"] = {**rest, e: every[e]}
    if len(plain) > 1:
        out["+ all of them"] = {**base, **{e: every[e] for e in plain}}
    if "text_ease" in base and "ease" in added:
        names = ["ease" if e == "text_ease" else e for e in base]
        out["text_ease -> ease"] = {e: every[e] for e in names}
    return out


def mixed(experts: Mapping[str, Recorded], cases: Cases, repeats: bool, seed: int) -> Floats:
    """nDCG@10 of each case under the mixture whose weights the other half of the people chose."""
    out = np.zeros(len(cases))
    odd = cases.clusters % 2 == 1
    for half in (odd, ~odd):
        chosen = cases.take(np.flatnonzero(~half))
        pool = pool_of(experts, chosen, repeats, generator(seed, "mix"))  # type: ignore[arg-type]
        fitted = mixture_from(experts, pool)  # type: ignore[arg-type]
        out[half] = ndcg_of(fitted, cases.take(np.flatnonzero(half)), repeats)
    return out


def recorded(
    ready: Prepared, name: str, cases: Cases, folder: Path, seed: int, models: ModelSettings
) -> Recorded:
    """The expert's scores of `cases`, from `folder` where they lie there already."""
    folder.mkdir(parents=True, exist_ok=True)
    scores, about = folder / f"{name}.npy", folder / f"{name}.npz"
    if not about.exists():
        exam = ready.exam
        usual, _, setting = name.partition(":")
        if setting:
            key, _, value = setting.partition("=")
            models = replace(models, **{key: float(value)})  # type: ignore[arg-type]
        learner = learner_by_name(usual, models, repeats=exam.rule.repeats)
        begun = time.process_time()
        scorer: Any = learner.fit(
            exam.train, generator(seed, "fit", usual), validation=exam.validation
        )
        seconds = time.process_time() - begun
        parts = [np.arange(s, min(s + CHUNK, len(cases))) for s in range(0, len(cases), CHUNK)]
        blocks = [cases.queries.take(rows) for rows in parts]
        np.save(scores, np.concatenate([np.asarray(scorer.score(block)) for block in blocks]))
        sure = np.concatenate([certainties([scorer], block)[:, 0] for block in blocks])
        ready_made = getattr(scorer, "log_ready", True)
        np.savez(about, sure=sure, log_ready=ready_made, seconds=seconds)
    kept = np.load(about)
    figures = np.load(scores, mmap_mode="r")
    return Recorded(figures, kept["sure"], bool(kept["log_ready"]), float(kept["seconds"]))


def line(row: Mapping[str, Any]) -> str:
    """A row as text."""
    out = f"{row['data']:16} {row['expert']:18}"
    if "alone" in row:
        out += f" alone {row['alone']:.4f}  {row['seconds']:6.1f} s"
    if "mixture" in row:
        out += f" mixture {row['mixture']:.4f}"
    if "gain" in row:
        low, high = row["interval"]
        out += f"  gain {row['gain']:+.4f} ({low:+.4f} to {high:+.4f})"
    return out


if __name__ == "__main__":
    sys.exit(main())
